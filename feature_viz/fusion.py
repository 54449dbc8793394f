"""fused(): batch norm folded into the convolution before it, where that is exact; undone at the end."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from core.subject import Hook, Subject, feed, hooked, run

TOLERANCE = 1e-5
"""Largest relative difference (Euclidean norm over an output) between the network and its fused form."""

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "BatchNormAct2d")
"""Kinds that are folded; the last is timm's, with an activation behind the norm."""


@dataclass(frozen=True)
class Pair:
    """A convolution whose output nothing but a batch norm reads; ``hidden`` names the layers with that output."""

    convolution: str
    norm: str
    hidden: tuple[str, ...]


@contextmanager
def fused(subject: Subject, keep: Collection[str] = ()) -> Iterator[Subject]:
    """Inside, the subject with every batch norm that can be folded into its convolution; afterwards all is undone.

    A pair is folded if no layer named in ``keep`` has the convolution's own output, and if heads and kept layers
    then agree with the network as it was on two random images to ``TOLERANCE`` (else nothing is folded). The
    yielded subject lacks the layers whose output is no longer computed; all others keep their names, the batch
    norm's among them. The module is the given subject's own: while the block lasts, it is fused too.

    >>> from core.subject import InputSpec, wrap
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> spec = InputSpec((3, 8, 8), mean=(0.0,) * 3, std=(1.0,) * 3)
    >>> subject = wrap(net, name="tiny", spec=spec, heads={"class": ("cat", "dog")})
    >>> with fused(subject, keep=["2"]) as quick:
    ...     [type(quick.module.get_submodule(name)).__name__ for name in ("1", "2")]
    ['Identity', 'ReLU']
    >>> type(subject.module[1]).__name__
    'BatchNorm2d'
    """
    pairs = [pair for pair in foldable(subject) if not set(pair.hidden) & set(keep)]
    with ExitStack() as undo:
        if pairs and _fold_and_compare(subject, pairs, keep, undo):
            gone = {name for pair in pairs for name in pair.hidden}
            left = {name: info for name, info in subject.layers.items() if name not in gone}
            yield replace(subject, layers=left)
        else:
            undo.close()
            yield subject


def foldable(subject: Subject) -> list[Pair]:
    """The pairs that can be folded, found by watching one forward pass: no name or structure is assumed.

    >>> from core.subject import InputSpec, wrap
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> spec = InputSpec((3, 8, 8), mean=(0.0,) * 3, std=(1.0,) * 3)
    >>> foldable(wrap(net, name="tiny", spec=spec, heads={"class": ("cat", "dog")}))
    [Pair(convolution='0', norm='1', hidden=('0',))]
    """
    if not any(_is_fixed_norm(inner) for inner in subject.module.modules()):
        return []
    seen = _Seen()
    module, names = subject.module, [name for name, _ in subject.module.named_modules() if name]
    places = Counter(id(inner) for _, inner in module.named_modules(remove_duplicate=False))
    images = _images(subject, 1)
    with torch.no_grad(), hooked(module, names, lambda name: _watcher(seen, name)):
        inputs = feed(subject, images)
        with _Uses(seen):
            module(inputs)
    found = []
    for norm, tensor in seen.normed.items():
        convolution = seen.convolved.get(id(tensor))
        if convolution is None or seen.uses[id(tensor)] != 1:
            continue
        both = [module.get_submodule(name) for name in (convolution, norm)]
        if all(seen.calls[name] == 1 for name in (convolution, norm)) and all(
            places[id(inner)] == 1 and not _watched(inner) for inner in both
        ):
            found.append(Pair(convolution, norm, tuple(seen.holders[id(tensor)])))
    return found


@dataclass
class _Seen:
    """What a forward pass showed; tensors are told apart by identity, so they are kept."""

    calls: Counter[str] = field(default_factory=Counter)
    uses: Counter[int] = field(default_factory=Counter)  # of a convolution's output by functions of torch
    convolved: dict[int, str] = field(default_factory=dict)  # output to convolution
    holders: dict[int, list[str]] = field(default_factory=dict)  # output to every layer that returns it
    normed: dict[str, Tensor] = field(default_factory=dict)  # batch norm to what it was given
    kept: list[Tensor] = field(default_factory=list)


def _watcher(seen: _Seen, name: str) -> Hook:
    def hook(inner: nn.Module, inputs: Any, output: Any) -> None:
        seen.calls[name] += 1
        if not isinstance(output, Tensor):
            return
        if type(inner) in CONVOLUTIONS:
            seen.convolved[id(output)] = name
            seen.holders[id(output)] = [name]
            seen.kept.append(output)
        elif id(output) in seen.holders:
            seen.holders[id(output)].append(name)
        if _is_fixed_norm(inner) and inputs and isinstance(inputs[0], Tensor):
            seen.normed[name] = inputs[0]

    return hook


class _Uses(TorchFunctionMode):
    """Counts the functions that make a tensor out of a convolution's output."""

    def __init__(self, seen: _Seen) -> None:
        super().__init__()
        self.seen = seen

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if any(isinstance(leaf, Tensor) for leaf in tree_leaves(result)):
            for leaf in tree_leaves((args, kwargs)):
                if id(leaf) in self.seen.convolved:
                    self.seen.uses[id(leaf)] += 1
        return result


def _is_fixed_norm(inner: nn.Module) -> bool:
    """Whether it is a batch norm that always does the same: in eval mode, with statistics of its own."""
    return (
        isinstance(inner, nn.modules.batchnorm._BatchNorm)
        and type(inner).__name__ in NORMS
        and not inner.training
        and inner.running_mean is not None
    )


def _watched(inner: nn.Module) -> bool:
    """Whether somebody has hooks on a module, and so may want what it does now."""
    return bool(inner._forward_hooks or inner._forward_pre_hooks or inner._backward_hooks)


def _fold_and_compare(subject: Subject, pairs: list[Pair], keep: Collection[str], undo: ExitStack) -> bool:
    """Fold all pairs, each with its way back in ``undo``; whether the network still says the same."""
    before = _answers(subject, keep)
    for pair in pairs:
        _fold(subject.module, pair, undo)
    try:
        after = _answers(subject, keep)
    except (RuntimeError, AttributeError, TypeError):  # its forward looks inside a batch norm
        return False
    return all(_same(before[name], after[name]) for name in before)


def _fold(module: nn.Module, pair: Pair, undo: ExitStack) -> None:
    convolution, norm = module.get_submodule(pair.convolution), module.get_submodule(pair.norm)
    parent = module.get_submodule(pair.norm.rpartition(".")[0])
    leaf = pair.norm.rpartition(".")[2]
    undo.callback(convolution._parameters.update, dict(convolution._parameters))
    undo.callback(parent._modules.update, {leaf: norm})
    weight, bias = _folded(convolution, norm)
    convolution._parameters.update(weight=weight, bias=bias)
    parent._modules[leaf] = _stand_in(norm)


def _folded(convolution: Any, norm: Any) -> tuple[nn.Parameter, nn.Parameter]:
    """weight * scale and (bias - mean) * scale + shift, computed in double precision."""
    weight = convolution.weight.detach().double()
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight.detach().double()
    bias = -norm.running_mean.double() * scale
    if convolution.bias is not None:
        bias = bias + convolution.bias.detach().double() * scale
    if norm.affine:
        bias = bias + norm.bias.detach().double()
    shaped = scale.view(-1, *[1] * (weight.ndim - 1))
    return _parameter(weight * shaped, convolution), _parameter(bias, convolution)


def _parameter(values: Tensor, convolution: Any) -> nn.Parameter:
    old = convolution.weight
    values = values.to(old.dtype)
    if values.ndim == 4 and old.is_contiguous(memory_format=torch.channels_last):
        values = values.contiguous(memory_format=torch.channels_last)
    return nn.Parameter(values, requires_grad=old.requires_grad)


def _stand_in(norm: nn.Module) -> nn.Module:
    """What is left of a batch norm without the norm, with the names of its parts: timm's have an activation."""
    rest = nn.Sequential(OrderedDict(norm.named_children())) if len(norm._modules) else nn.Identity()
    rest.training = norm.training
    return rest


def _answers(subject: Subject, keep: Collection[str]) -> dict[str, Tensor]:
    """Heads and kept layers on two random images."""
    found: dict[str, Tensor] = {}
    with torch.no_grad(), hooked(subject.module, dict.fromkeys(keep), lambda name: _keeper(found, name)):
        heads = run(subject, _images(subject, 2))
    return found | {f"head {name}": values for name, values in heads.items()}


def _keeper(found: dict[str, Tensor], name: str) -> Callable[[nn.Module, object, Tensor], None]:
    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        found[name] = output

    return keep


def _images(subject: Subject, count: int) -> Tensor:
    return torch.rand(count, *subject.spec.shape, generator=torch.Generator().manual_seed(0))


def _same(before: Tensor, after: Tensor) -> bool:
    return bool((before - after).norm() <= TOLERANCE * before.norm())
