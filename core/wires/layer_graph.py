"""The graph of a network: which operations lie between its layers, written down while it runs once on grey."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.subject import Hook, Subject, hooked, normalise
from core.wires.expanded import Kernel, of_channels, sampled, scaled, through, unflattened

PASSING = (
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish", "hardtanh", "sigmoid",
    "tanh", "softplus", "clamp", "clamp_min", "local_response_norm", "dropout", "dropout2d", "feature_dropout",
    "contiguous", "clone", "detach", "to", "float", "add", "iadd",
)  # fmt: skip
"""Operations that pass every unit on as itself; a sum passes each of its parts of the same shape."""


@dataclass(frozen=True, eq=False)
class Operation:
    """One call: its name, its arguments with the answers of others as Operations, the shape of its answer."""

    name: str
    inputs: tuple["Operation", ...] = field(repr=False)
    args: tuple[Any, ...] = field(repr=False)
    kwargs: Mapping[str, Any] = field(repr=False)
    shape: tuple[int, ...]

    def given(self, *names: str) -> dict[str, Any]:
        """The arguments by the names that the function has for them."""
        return dict(zip(names, self.args, strict=False)) | dict(self.kwargs)


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """Operations in execution order, and the one that made each layer's last answer."""

    operations: tuple[Operation, ...] = field(repr=False)
    answers: Mapping[str, Operation]


Step = tuple[Operation, Kernel | None]


def layer_graph(subject: Subject) -> LayerGraph:
    """The graph of a subject's network as it runs on one grey input.

    Written down from real calls, so control flow, functions without a module and weights that are
    computed on the way are as they happen to be; what is not torch's own function is not seen.

    >>> from core.testing import planted_classifier
    >>> graph = layer_graph(planted_classifier(seed=0))
    >>> [operation.name for operation in graph.operations], graph.answers["relu"].shape
    (['input', 'conv2d', 'relu', 'adaptive_avg_pool2d', 'flatten', 'linear'], (1, 4, 12, 12))
    """
    grey = normalise(subject.spec, torch.full((1, *subject.spec.shape), 0.5, device=subject.device))
    record = _Record(grey)
    answers: dict[str, Operation] = {}

    def hook_for(layer: str) -> Hook:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            if isinstance(output, Tensor) and id(output) in record.made:
                answers[layer] = record.made[id(output)]

        return hook

    with torch.no_grad(), hooked(subject.module, subject.layers, hook_for), record:
        subject.module(grey)
    return LayerGraph(tuple(record.operations), answers)


class _Record(TorchFunctionMode):
    """Inside, every torch function on tensors that stem from ``root`` is written down."""

    def __init__(self, root: Tensor) -> None:
        super().__init__()
        first = Operation("input", (), (), {}, tuple(root.shape))
        self.operations = [first]
        self.made = {id(root): first}
        self.alive = [root]  # so that no two tensors have one id

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        inputs: list[Operation] = []
        named = {name: self._known(value, inputs) for name, value in (kwargs or {}).items()}
        placed = tuple(self._known(value, inputs) for value in args)
        answer = func(*args, **(kwargs or {}))
        if inputs and isinstance(answer, Tensor):
            name = getattr(func, "__name__", "").strip("_")
            made = Operation(name, tuple(dict.fromkeys(inputs)), placed, named, tuple(answer.shape))
            self.operations.append(made)
            self.made[id(answer)] = made
            self.alive.append(answer)
        return answer

    def _known(self, value: Any, inputs: list[Operation]) -> Any:
        if isinstance(value, Tensor) and id(value) in self.made:
            inputs.append(self.made[id(value)])
            return inputs[-1]
        if isinstance(value, list | tuple) and any(isinstance(part, Tensor) for part in value):
            return [self._known(part, inputs) for part in value]
        return value


def steps_back(operation: Operation, kernel: Kernel) -> Iterator[tuple[Operation, Kernel]]:
    """What an answer was made of: the operations before, each with the kernel on its channels.

    Nothing for what is not linear, even with passing activations: attention, layer norm, products of answers.
    """
    for source, read in _sources(operation, kernel):
        if read is not None:
            yield source, read


def _sources(operation: Operation, kernel: Kernel) -> Iterator[Step]:
    if operation.name in PASSING:
        parts = operation.args[:2] if operation.name in ("add", "iadd") else operation.inputs
        yield from ((part, kernel) for part in parts if _shape(part) == operation.shape)
    elif operation.name in ("cat", "concat", "concatenate"):
        yield from _branches(operation, kernel)
    elif operation.name in STEPS and len(operation.inputs) == 1:
        yield operation.inputs[0], STEPS[operation.name](operation, operation.inputs[0], kernel)


def _shape(part: Any) -> tuple[int, ...] | None:
    return part.shape if isinstance(part, Operation) else None


def _branches(operation: Operation, kernel: Kernel) -> Iterator[Step]:
    """The parts of a concatenation along the channels, each with its share of them."""
    given = operation.given("tensors", "dim")
    rank, axis = len(operation.shape), given.get("dim", given.get("axis", 0))
    if rank not in (2, 4) or axis not in (1, 1 - rank):
        return
    first = 0
    for part in given["tensors"]:
        last = first + part.shape[1]
        if isinstance(part, Operation):
            yield part, of_channels(kernel, first, last)
        first = last


def _convolution(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    given = operation.given("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    if not isinstance(given["weight"], Tensor):
        return None
    weight, dilation = given["weight"], _pair(given.get("dilation", 1))
    padding = given.get("padding", 0)
    if isinstance(padding, str):
        same = [d * (k - 1) // 2 for d, k in zip(dilation, weight.shape[2:], strict=True)]
        padding = same if padding == "same" else 0
    up, left = _pair(padding)
    taps = _all_taps(weight.detach().float().cpu(), dilation, given.get("groups", 1))
    return through(kernel, taps, stride=_pair(given.get("stride", 1)), origin=(-up, -left))


def _all_taps(held: Tensor, dilation: tuple[int, int], groups: int) -> Tensor:
    """The kernel (out, in, h, w) without groups and dilation: zeros where they leave gaps."""
    if groups == 1 and dilation == (1, 1):
        return held
    each, share = held.shape[1], len(held) // groups
    tall, wide = ((k - 1) * d + 1 for k, d in zip(held.shape[2:], dilation, strict=True))
    weights = held.new_zeros(len(held), each * groups, tall, wide)
    for group in range(groups):
        rows, columns = slice(group * share, (group + 1) * share), slice(group * each, (group + 1) * each)
        weights[rows, columns, :: dilation[0], :: dilation[1]] = held[rows]
    return weights


def _linear(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    weight = operation.given("input", "weight", "bias")["weight"]
    if not isinstance(weight, Tensor):
        return None
    return through(kernel, weight.detach().float().cpu()[:, :, None, None])


def _batch_norm(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    names = ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
    given = operation.given(*names)
    if given.get("running_var") is None or len(source.shape) == 3:
        return None
    factors = (given["running_var"] + given.get("eps", 1e-5)).rsqrt()
    gain = given.get("weight")
    return scaled(kernel, (factors if gain is None else factors * gain).detach().float().cpu())


def _pooled(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    """Pooling passes the middle of its window on, whichever position really won."""
    given = operation.given("input", "kernel_size", "stride", "padding")
    (tall, wide), (up, left) = _pair(given["kernel_size"]), _pair(given.get("padding", 0))
    stride = _pair(given.get("stride") or (tall, wide))
    return sampled(kernel, stride=stride, origin=((tall - 1) // 2 - up, (wide - 1) // 2 - left))


def _shrunk(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    """Pooling of maps to a fixed size, or to vectors."""
    before, after = source.shape, operation.shape
    if len(before) != 4 or len(after) not in (2, 4) or after[1] != before[1]:
        return None
    rows, columns = after[2:] if len(after) == 4 else (1, 1)
    stride = (max(1, before[2] // rows), max(1, before[3] // columns))
    return sampled(kernel, stride=stride, origin=((stride[0] - 1) // 2, (stride[1] - 1) // 2))


def _flattened(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    before, after = source.shape, operation.shape
    if before == after:
        return kernel
    return unflattened(kernel, before[1:]) if (len(before), len(after)) == (4, 2) else None


def _sliced(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    """Every so many positions of maps, as option-A shortcuts take them."""
    at, whole = operation.args[1], slice(None)
    if not isinstance(at, tuple | list) or len(at) != 4 or tuple(at[:2]) != (whole, whole):
        return None
    if any(not isinstance(part, slice) or part.start or part.stop for part in at[2:]):
        return None
    return sampled(kernel, stride=(at[2].step or 1, at[3].step or 1), origin=(0, 0))


def _padded(operation: Operation, source: Operation, kernel: Kernel) -> Kernel | None:
    """Borders around the maps, zeros beside the channels."""
    if len(source.shape) != 4:
        return None
    left, _, top, _, before, after = (*operation.given("input", "pad")["pad"], 0, 0, 0, 0, 0, 0)[:6]
    if min(before, after) < 0:
        return None
    kernel = of_channels(kernel, before, before + source.shape[1]) if before or after else kernel
    return sampled(kernel, stride=(1, 1), origin=(-top, -left)) if top or left else kernel


STEPS: Mapping[str, Callable[[Operation, Operation, Kernel], Kernel | None]] = {
    "conv2d": _convolution,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "max_pool2d": _pooled,
    "avg_pool2d": _pooled,
    "adaptive_avg_pool2d": _shrunk,
    "adaptive_max_pool2d": _shrunk,
    "mean": _shrunk,
    "flatten": _flattened,
    "view": _flattened,
    "reshape": _flattened,
    "getitem": _sliced,
    "pad": _padded,
}
"""Operations by name to the kernel on their input, given the kernel on their answer."""


def _pair(value: Any) -> tuple[int, int]:
    if not isinstance(value, tuple | list):
        return value, value
    return value[0], value[-1]
