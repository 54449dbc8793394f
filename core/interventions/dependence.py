"""Which modules of a network come before a layer: their inputs do not depend on it; found by passes with gradients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as trees

from core.subject import Subject, feed, hooked, run
from core.targets import Direction, Target, Unit


@dataclass(frozen=True)
class Before:
    """The outermost ``modules`` that need not run again, and for each tensor that a call of them answers with:

    the axis along which the inputs lie and how many rows each has there (``rows``; None: the same whatever the
    inputs), and whether anything behind the layer uses it (``used``).
    """

    modules: tuple[str, ...]
    rows: dict[str, list[list[tuple[int, int] | None]]] = field(repr=False)
    used: dict[str, list[list[bool]]] = field(repr=False)

    def kept(self, answer: Any, name: str, call: int) -> Any:
        """What is kept of a module's answer: a copy, as what runs on may overwrite it; without use the shape alone."""
        return _mapped(
            answer, self.used[name][call], lambda tensor, used: tensor.clone() if used else _hollow(tensor)
        )

    def spread(self, answer: Any, name: str, call: int, pick: Callable[[Tensor], Tensor]) -> Any:
        """A kept answer with its inputs' rows picked out."""

        def one(tensor: Tensor, rows: tuple[int, int] | None) -> Tensor:
            if rows is None:
                return tensor
            axis, each = rows
            if each == 1:
                return pick(tensor.movedim(axis, 0)).movedim(0, axis)
            return pick(tensor.movedim(axis, 0).unflatten(0, (-1, each))).flatten(0, 1).movedim(0, axis)

        return _mapped(answer, self.rows[name][call], one)


def before(subject: Subject, layer: str, target: Target) -> Before:
    """What lies before ``layer`` (or beside it) on the way to the target.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> before(spotlight(), "relu", Output("value")).modules
    ('eye',)
    """
    skippable, small = _skippable(subject, layer, target)
    used, large = _used(subject, layer, target, skippable)
    rows = {
        name: [
            [_rows(a, b) for a, b in zip(one, two, strict=True)]
            for one, two in zip(small[name], large[name], strict=True)
        ]
        for name in skippable
    }
    return Before(skippable, rows, used)


def at(target: Target) -> list[str]:
    """The layer that a target is in; none for the network's own answers.

    >>> at(Unit("conv", 3))
    ['conv']
    """
    return [target.layer] if isinstance(target, Unit | Direction) else []


def _skippable(
    subject: Subject, layer: str, target: Target
) -> tuple[tuple[str, ...], dict[str, list[list[Tensor]]]]:
    """The outermost modules that never get anything from ``layer``, and what they answer to one input."""
    module = subject.module
    needed = {layer, *at(target)}
    kept = {name for name, _ in module.named_modules() if any(_within(one, name) for one in needed)}
    others = [name for name, _ in module.named_modules() if name not in kept]
    depends: dict[str, bool] = {}
    answers: dict[str, list[list[Tensor]]] = {name: [] for name in others}

    def watch(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            given = [leaf for leaf in trees.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            depends[name] = depends.get(name, False) or any(leaf.requires_grad for leaf in given)
            answers[name].append([leaf.detach() for leaf in _tensors(output)])

        return hook

    def sever(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        return _severed(output).clone()  # a copy, as networks add to outputs in place

    with _watched(module, others, watch), hooked(module, [layer], lambda _: sever):
        _once(subject, 1)
    free = [name for name in others if name in depends and not depends[name]]
    outermost = tuple(
        name for name in free if not any(_within(name, other) for other in free if other != name)
    )
    return outermost, {name: answers[name] for name in outermost}


def _used(
    subject: Subject, layer: str, target: Target, skippable: tuple[str, ...]
) -> tuple[dict[str, list[list[bool]]], dict[str, list[list[Tensor]]]]:
    """Whether each of their answers reaches the target, and what they answer to two inputs."""
    answers: dict[str, list[list[Tensor]]] = {name: [] for name in skippable}

    def hook_for(name: str) -> Callable[..., Any]:
        def hook(_: nn.Module, __: Any, output: Any) -> Any:
            if name == layer:
                return _severed(output).clone()
            severed = _each(_severed, output)
            answers[name].append(_tensors(severed))
            return _each(torch.clone, severed)

        return hook

    with hooked(subject.module, [*skippable, layer], hook_for):
        ends = _once(subject, 2, target)
    leaves = [leaf for calls in answers.values() for call in calls for leaf in call if leaf.requires_grad]
    total = sum((end.sum() for end in ends), torch.zeros((), device=subject.device))
    grads = torch.autograd.grad(total, leaves, allow_unused=True) if leaves and total.requires_grad else ()
    reached = {id(leaf): grad is not None for leaf, grad in zip(leaves, grads, strict=True)} if grads else {}
    used = {
        name: [[reached.get(id(leaf), True) for leaf in call] for call in calls]
        for name, calls in answers.items()
    }
    return used, {
        name: [[leaf.detach() for leaf in call] for call in calls] for name, calls in answers.items()
    }


def _once(subject: Subject, n: int, target: Target | None = None) -> list[Tensor]:
    """One pass of ``n`` inputs with gradients: what the target's layer says, or all heads if it is in none."""
    grey = torch.full((n, *subject.spec.shape), 0.5, device=subject.device)
    kept: list[Tensor] = []
    names = [] if target is None else at(target)

    def hook(_: nn.Module, __: Any, output: Any) -> None:
        kept[:] = [output]

    with torch.enable_grad(), hooked(subject.module, names, lambda _: hook):
        if names:
            subject.module(feed(subject, grey))
            return kept
        return list(run(subject, grey).values())


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


def _rows(one: Tensor, two: Tensor) -> tuple[int, int] | None:
    """Along which axis inputs lie and how many rows each has, from answers to one and to two."""
    if one.shape == two.shape:
        return None
    differing = [axis for axis, (a, b) in enumerate(zip(one.shape, two.shape, strict=True)) if a != b]
    if len(differing) == 1 and two.shape[differing[0]] == 2 * one.shape[differing[0]]:
        return differing[0], one.shape[differing[0]]
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
