"""Which modules of a network come before a layer: their inputs do not depend on it; found by passes with gradients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils import _pytree as trees

from core.activations import recording, run_until_enough
from core.subject import Subject, feed, hooked, run
from core.targets import Difference, Direction, Output, Target, Unit, answered, target_map


@dataclass(frozen=True)
class Before:
    """The outermost ``modules`` that need not run again, and for each tensor that a call of them answers with:

    the axis along which the inputs lie (``axes``; None: the same whatever the inputs), and whether anything behind the
    layer uses it (``used``).
    """

    modules: tuple[str, ...]
    axes: dict[str, list[list[int | None]]] = field(repr=False)
    used: dict[str, list[list[bool]]] = field(repr=False)

    def kept(self, answer: Any, name: str, call: int) -> Any:
        """What is kept of a module's answer: a copy, as what runs on may overwrite it; without use the shape alone."""
        return _mapped(
            answer, self.used[name][call], lambda tensor, used: tensor.clone() if used else _hollow(tensor)
        )

    def spread(self, answer: Any, name: str, call: int, n: int, pick: Callable[[Tensor], Tensor]) -> Any:
        """An answer kept of ``n`` inputs with the rows of some of them picked out."""

        def one(tensor: Tensor, axis: int | None) -> Tensor:
            if axis is None:
                return tensor
            rows = tensor.movedim(axis, 0)
            if len(rows) == n:
                return pick(rows).movedim(0, axis)
            # Windows of a picture: each input has several rows.
            return pick(rows.unflatten(0, (n, -1))).flatten(0, 1).movedim(0, axis)

        return _mapped(answer, self.axes[name][call], one)


@dataclass(frozen=True, eq=False)
class Trial:
    """What the two passes that find a plan leave for it to be tried on.

    A pass over ``inputs`` (2, c, h, w): what the ``answers`` of the modules before the layer were, its ``activations``,
    and the ``clean`` scores; and the score ``wanted`` of the first if the layer says ``changed`` (1, ...).
    """

    inputs: Tensor
    answers: dict[str, list[Any]]
    activations: Tensor
    clean: Tensor
    changed: Tensor
    wanted: Tensor


def before(subject: Subject, layer: str, target: Target) -> tuple[Before, Trial]:
    """What lies before ``layer`` (or beside it) on the way to the target, found by a pass of one input and one of two.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> before(spotlight(), "relu", Output("value"))[0].modules
    ('eye',)
    """
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(2, *subject.spec.shape, generator=generator)
    inputs = inputs.to(subject.device, memory_format=torch.channels_last)
    skippable, small, changed, wanted = _skippable(subject, layer, target, inputs[:1], generator)
    used, answers, activations, clean = _used(subject, layer, target, skippable, inputs)
    axes = {
        name: [
            [_axis(a, b) for a, b in zip(one, _tensors(two), strict=True)]
            for one, two in zip(small[name], answers[name], strict=True)
        ]
        for name in skippable
    }
    trial = Trial(inputs, answers, activations, clean, changed, wanted)
    return Before(skippable, axes, used), trial


def scored(subject: Subject, inputs: Tensor, target: Target) -> Float[Tensor, "n"]:
    """The target's value for every input, with gradients if torch records them; no module runs behind the target.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> scored(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1)).item()
    8.0
    """
    if isinstance(target, Output | Difference):
        return answered(run(subject, inputs), target)
    with recording(subject, [target.layer]) as kept:
        run_until_enough(subject.module, feed(subject, inputs))
    return target_map(kept[target.layer], target, subject.layers[target.layer]).mean((1, 2))


def at(target: Target) -> list[str]:
    """The layer that a target is in; none for the network's own answers.

    >>> at(Unit("conv", 3))
    ['conv']
    """
    return [target.layer] if isinstance(target, Unit | Direction) else []


def _skippable(
    subject: Subject, layer: str, target: Target, inputs: Tensor, generator: torch.Generator
) -> tuple[tuple[str, ...], dict[str, list[list[Tensor]]], Tensor, Tensor]:
    """The outermost modules that never get anything from ``layer``, what they answer to one input, and the score if the
    layer says something else, with what it says.
    """
    module = subject.module
    needed = {layer, *at(target)}
    kept = {name for name, _ in module.named_modules() if any(_within(one, name) for one in needed)}
    others = [name for name, _ in module.named_modules() if name not in kept]
    depends: dict[str, bool] = {}
    answers: dict[str, list[list[Tensor]]] = {name: [] for name in others}
    changed: list[Tensor] = []

    def watch(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            depends[name] = depends.get(name, False) or any(
                leaf.requires_grad for leaf in _tensors((args, kwargs))
            )
            answers[name].append([leaf.detach() for leaf in _tensors(output)])

        return hook

    def disturb(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        noise = torch.randn(output.shape, generator=generator).to(output)
        changed[:] = [output.detach() + noise * output.detach().std().clamp_min(1e-3)]
        return _severed(changed[0]).clone()  # a copy, as networks add to outputs in place

    with torch.enable_grad(), _watched(module, others, watch), hooked(module, [layer], lambda _: disturb):
        wanted = scored(subject, inputs, target).detach()
    free = [name for name in others if name in depends and not depends[name]]
    outermost = tuple(
        name for name in free if not any(_within(name, other) for other in free if other != name)
    )
    return outermost, {name: answers[name] for name in outermost}, changed[0], wanted


def _used(
    subject: Subject,
    layer: str,
    target: Target,
    skippable: tuple[str, ...],
    inputs: Tensor,
) -> tuple[dict[str, list[list[bool]]], dict[str, list[Any]], Tensor, Tensor]:
    """Whether each of their answers reaches any head (or the target's layer), and the clean pass itself."""
    answers: dict[str, list[Any]] = {name: [] for name in [*skippable, layer]}

    def hook_for(name: str) -> Callable[..., Any]:
        def hook(_: nn.Module, __: Any, output: Any) -> Any:
            severed = _each(_severed, output)
            answers[name].append(severed)
            return _each(torch.clone, severed)

        return hook

    with torch.enable_grad(), hooked(subject.module, answers, hook_for):
        if isinstance(target, Output | Difference):
            heads = run(subject, inputs)
            clean, ends = answered(heads, target), list(heads.values())
        else:
            clean = scored(subject, inputs, target)
            ends = [clean]
    activations = answers.pop(layer)[-1].detach()
    leaves = [leaf for leaf in _tensors(answers) if leaf.requires_grad]
    total = sum((end.sum() for end in ends), torch.zeros((), device=subject.device))
    grads = torch.autograd.grad(total, leaves, allow_unused=True) if leaves and total.requires_grad else ()
    reached = {id(leaf): grad is not None for leaf, grad in zip(leaves, grads, strict=False)}
    used = {
        name: [[reached.get(id(leaf), True) for leaf in _tensors(call)] for call in calls]
        for name, calls in answers.items()
    }
    return used, _each(torch.Tensor.detach, answers), activations, clean.detach()


@contextmanager
def _watched(
    module: nn.Module, names: list[str], hook_for: Callable[[str], Callable[..., None]]
) -> Iterator[None]:
    """Forward hooks that see keyword arguments too; removed whatever happens inside."""
    handles = []
    try:
        for name in names:
            inner = module.get_submodule(name)
            handles.append(inner.register_forward_hook(hook_for(name), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _severed(tensor: Tensor) -> Tensor:
    """The same numbers as a new beginning for gradients."""
    return tensor.detach().requires_grad_(tensor.is_floating_point())


def _within(name: str, folder: str) -> bool:
    return folder == "" or name == folder or name.startswith(f"{folder}.")


def _axis(one: Tensor, two: Tensor) -> int | None:
    """Along which axis inputs lie, from answers to one and to two."""
    if one.shape == two.shape:
        return None
    differing = [axis for axis, (a, b) in enumerate(zip(one.shape, two.shape, strict=True)) if a != b]
    if len(differing) == 1 and two.shape[differing[0]] == 2 * one.shape[differing[0]]:
        return differing[0]
    raise ValueError("the inputs lie along no axis")


def _each(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    return trees.tree_map(lambda leaf: change(leaf) if isinstance(leaf, Tensor) else leaf, value)


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in trees.tree_leaves(value) if isinstance(leaf, Tensor)]


def _mapped(value: Any, notes: list[Any], change: Callable[[Tensor, Any], Tensor]) -> Any:
    """Every tensor in ``value`` changed, given its note."""
    left = iter(notes)
    return _each(lambda tensor: change(tensor, next(left)), value)


def _hollow(tensor: Tensor) -> Tensor:
    """The shape of a tensor that nobody reads; NaN, so that a reader would be noticed."""
    blank = float("nan") if tensor.is_floating_point() else 0
    return torch.full((1,), blank, dtype=tensor.dtype, device=tensor.device).expand(tensor.shape)
