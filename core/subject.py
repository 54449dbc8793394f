"""Subject: a network under study - classifier or policy alike - with its input scaling, heads and layers."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import BadInput, UnknownName
from core.layers import LayerInfo, layer_info
from core.provenance import fingerprint

RGB = ("red", "green", "blue")
Hook = Callable[[nn.Module, Any, Any], Tensor | None]
"""A forward hook; what it returns takes the place of the module's output, unless it is None."""


@dataclass(frozen=True)
class InputSpec:
    """What a network wants to be fed: shape (channels, height, width) and scaling, in units of [0, 1] inputs."""

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: tuple[str, ...] = RGB

    def __post_init__(self) -> None:
        count = self.shape[0]
        for name in ("mean", "std", "channels"):
            given = getattr(self, name)
            if len(given) != count:
                raise BadInput(f"input spec has {count} channels but {len(given)} values of {name}: {given}")


@dataclass(frozen=True, eq=False)
class Subject:
    """A frozen network and all that is known about it from outside.

    ``module`` gets normalised inputs (n, c, h, w) and returns one tensor (n, k) or a dict of them by head.
    ``heads`` maps a head to its labels: a classifier has ``class``; an agent ``policy`` and ``value``.
    """

    name: str
    module: nn.Module
    spec: InputSpec
    heads: Mapping[str, tuple[str, ...]]
    layers: Mapping[str, LayerInfo] = field(repr=False)
    fingerprint: str

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        first = next(self.module.parameters(), None)
        return torch.device("cpu") if first is None else first.device

    def __repr__(self) -> str:
        heads = ", ".join(f"{name} ({len(labels)})" for name, labels in self.heads.items())
        return f"Subject({self.name}: input {self.spec.shape}, heads {heads}, {len(self.layers)} layers)"


def wrap(
    module: nn.Module,
    *,
    name: str,
    spec: InputSpec,
    heads: Mapping[str, tuple[str, ...]],
    device: str | torch.device | None = None,
) -> Subject:
    """A copy of ``module`` - in eval mode, without parameter gradients, nothing in place - as a Subject.

    The caller's module is left as it is. One forward pass of grey finds the layers.

    Raises
    ------
    BadInput
        if the module cannot take the input that ``spec`` promises, or lacks a head.

    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> spec = InputSpec((3, 8, 8), mean=(0.0,) * 3, std=(1.0,) * 3)
    >>> wrap(net, name="tiny", spec=spec, heads={"class": ("cat", "dog")})
    Subject(tiny: input (3, 8, 8), heads class (2), 4 layers)
    """
    module = copy.deepcopy(module).eval().requires_grad_(False)
    _keep_outputs(module)
    if device is not None:
        module = module.to(device)
    layers = _find_layers(module, name, spec)
    subject = Subject(name, module, spec, dict(heads), layers, _fingerprint(module, spec))
    _check_heads(subject)
    return subject


def normalise(spec: InputSpec, inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Inputs in [0, 1] to what the network was trained on: (inputs - mean) / std, channel by channel."""
    if not any(spec.mean) and all(value == 1 for value in spec.std):
        # Agents take what they see as it is; the rest was a third of the time of playing small ones.
        return inputs
    mean = inputs.new_tensor(spec.mean).view(1, -1, 1, 1)
    std = inputs.new_tensor(spec.std).view(1, -1, 1, 1)
    return (inputs - mean) / std


def run(subject: Subject, inputs: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
    """Every head's output (n, k) for inputs in [0, 1]; gradients flow if torch records them.

    Raises
    ------
    BadInput
        if the inputs have another number of axes or channels than the subject takes.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> run(subject, torch.rand(2, *subject.spec.shape))["class"].shape
    torch.Size([2, 3])
    """
    return _by_head(subject, subject.module(feed(subject, inputs)))


def feed(subject: Subject, inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Checked, moved and normalised inputs, as the module takes them."""
    channels = subject.spec.shape[0]
    if inputs.ndim != 4 or inputs.shape[1] != channels:
        raise BadInput(
            f"inputs of shape {tuple(inputs.shape)} do not fit {subject.name}, "
            f"which takes (n, {', '.join(map(str, subject.spec.shape))})"
        )
    return normalise(subject.spec, inputs.to(subject.device, torch.float32))


def layer_named(subject: Subject, name: str) -> LayerInfo:
    """The layer of that name.

    Raises
    ------
    UnknownName
        with the nearest layer.
    """
    if name not in subject.layers:
        raise UnknownName(f"layer of {subject.name}", name, subject.layers)
    return subject.layers[name]


@contextmanager
def hooked(module: nn.Module, names: Iterable[str], hook_for: Callable[[str], Hook]) -> Iterator[None]:
    """Forward hooks ``hook_for(name)`` on the named submodules; removed whatever happens inside."""
    with ExitStack() as undo:
        for name in names:
            handle = module.get_submodule(name).register_forward_hook(hook_for(name))
            undo.callback(handle.remove)
        yield


def _by_head(subject: Subject, answer: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
    if isinstance(answer, Tensor):
        return {next(iter(subject.heads)): answer}
    return dict(answer)


def _keep_outputs(module: nn.Module) -> None:
    """No activation works in place: it would overwrite what is recorded of the layer before it."""
    for inner in module.modules():
        if getattr(inner, "inplace", False):
            setattr(inner, "inplace", False)  # noqa: B010 - not every module has the attribute


def _find_layers(module: nn.Module, name: str, spec: InputSpec) -> dict[str, LayerInfo]:
    found: dict[str, LayerInfo] = {}

    def hook_for(layer: str) -> Hook:
        def hook(inner: nn.Module, _: Any, output: Any) -> None:
            if not isinstance(output, Tensor) or output.ndim < 2 or len(output) != 2:
                return  # the first axis is not the inputs': windows of a shifted-window block, position tables
            calls = found[layer].calls + 1 if layer in found else 1
            known = layer_info(layer, type(inner).__name__, tuple(output.shape[1:]), spec.shape[1:], calls)
            if known is not None:
                found[layer] = known

        return hook

    names = [layer for layer, _ in module.named_modules() if layer]
    first = next(module.parameters(), torch.zeros(()))
    grey = torch.full(
        (2, *spec.shape), 0.5, device=first.device
    )  # two tell the inputs' axis from one of length 1
    try:
        with torch.no_grad(), hooked(module, names, hook_for):
            module(normalise(spec, grey))
    except (RuntimeError, ValueError, IndexError) as error:
        raise BadInput(f"{name} cannot take an input of shape {spec.shape}: {error}") from error
    return found


def _check_heads(subject: Subject) -> None:
    with torch.no_grad():
        answers = run(subject, torch.full((1, *subject.spec.shape), 0.5))
    for head, labels in subject.heads.items():
        if head not in answers:
            raise UnknownName(f"head of {subject.name}", head, answers)
        width = math.prod(answers[head].shape[1:])
        if width != len(labels):
            raise BadInput(f"head {head!r} of {subject.name} has {width} outputs but {len(labels)} labels")


def _fingerprint(module: nn.Module, spec: InputSpec) -> str:
    parts: list[object] = [repr(spec), str(module)]
    for name, tensor in module.state_dict().items():
        parts += [name, tensor]
    return fingerprint(*parts)
