"""Reasons: what an agent's value or action rested on in every step of an episode, summed by kind of thing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.attribution import attribute
from core.attribution.parts import Parts
from core.subject import Subject
from core.targets import Output
from envs.observations import parse_view
from envs.spec import World
from envs.state import State
from rl.objects import baseline, parts

BY_PARTS = ("feature-ablation", "shapley")
"""Methods that ask about objects; they are given those of the world."""
ELSEWHERE = "floor"
"""What pictures show where there is no thing."""


@dataclass(frozen=True, eq=False)
class Reasons:
    """Attribution over t steps: ``sums`` (t, k) for the k ``channels``, ``maps`` (t, rows, columns) over the picture of
    what was seen.

    Channels are those of the view, or, of pictures and of methods that ask about objects, the kinds of thing in it.
    ``gaps``: how far each step's sum is from what the method promises (0 where it promises nothing).
    """

    of: str
    method: str
    channels: tuple[str, ...]
    sums: Float[np.ndarray, "t k"] = field(repr=False)
    maps: Float[np.ndarray, "t h w"] = field(repr=False)
    gaps: Float[np.ndarray, "t"] = field(repr=False)


def reasons_of(
    subject: Subject,
    outputs: Sequence[Output],
    seen: Float[Tensor, "t c h w"],
    *,
    method: str,
    scene: tuple[World, State, str],
    memories: Tensor | None = None,
) -> Reasons:
    """Attribute one output a step to what was ``seen`` in it; ``scene``: the world, its t states, and the view.

    With ``memories`` (t, ...) each step is explained with what the agent then remembered held fast.

    Raises
    ------
    UnknownName, BadInput
        if there is no such method, or the network cannot take it.
    """
    world, state, view = scene
    kind = parse_view(world, view).kind
    things = parts(world, state, view) if kind == "rgb" or method in BY_PARTS else None
    values, gaps = torch.zeros(0), np.zeros(len(seen))
    for rows, output, asked in _groups(subject, outputs, memories):
        options: dict[str, Any] = {}
        if things is not None and method in BY_PARTS:
            chosen = Parts(things.labels[rows], tuple(things.names[row] for row in rows))
            options = {"parts": chosen, "baseline": baseline(world, state, view)[rows]}
        made = attribute(asked, seen[rows], output, method=method, **options)
        if not len(values):
            values = torch.zeros(len(seen), *made.maps().shape[1:])
        values[rows] = made.maps().detach().cpu().float()
        if made.completeness_gap is not None:
            gaps[rows] = made.completeness_gap.detach().cpu().numpy()
    if things is None and values.shape[1] == len(subject.spec.channels):
        names, sums = subject.spec.channels, values.flatten(2).sum(2).numpy()
    else:
        names, sums = _by_kind(values, things or parts(world, state, view))
    of = outputs[0].head if len({one.index for one in outputs}) == 1 else f"{outputs[0].head} chosen"
    return Reasons(of, method, names, sums, as_pictured(values, world, view).numpy(), gaps)


def as_pictured(values: Float[Tensor, "t c h w"], world: World, view: str) -> Float[Tensor, "t rows columns"]:
    """Channels summed, laid out as ``envs.pictures.seen`` draws the view: upright, what is held in a strip on top.

    >>> from envs.registry import world
    >>> as_pictured(torch.ones(1, 5, 15, 15), world("monster"), "window").shape
    torch.Size([1, 16, 15])
    """
    kind, _, flipped = parse_view(world, view)
    if kind == "rgb":
        return values.sum(1)
    upright = values.flip(2) if flipped else values
    held = len(world.gauges)
    if not held or values.shape[1] <= held:
        return upright.sum(1)
    strip = upright[:, -held:].sum((1, 2, 3)) / values.shape[3]
    grid = upright[:, :-held].sum(1)
    return torch.cat([strip[:, None, None].expand(-1, 1, values.shape[3]), grid], 1)


def _groups(
    subject: Subject, outputs: Sequence[Output], memories: Tensor | None
) -> Iterator[tuple[list[int], Output, Subject]]:
    """Steps that can be asked together: the same output, and no memory, which is a step's own."""
    if memories is not None:
        for step, output in enumerate(outputs):
            yield [step], output, replace(subject, module=_Recalling(subject.module, memories[step]))
        return
    for output in dict.fromkeys(outputs):
        yield [step for step, one in enumerate(outputs) if one == output], output, subject


class _Recalling(nn.Module):
    """A network with a memory, which it begins every pass with."""

    def __init__(self, inner: nn.Module, memory: Tensor) -> None:
        super().__init__()
        self.inner, self.kept = inner, memory

    def forward(self, seen: Tensor) -> dict[str, Tensor]:
        answers = self.inner(seen, self.kept.expand(len(seen), *self.kept.shape))
        return {head: answer for head, answer in answers.items() if head != "memory"}


def _by_kind(
    values: Float[Tensor, "t c h w"], things: Parts
) -> tuple[tuple[str, ...], Float[np.ndarray, "t k"]]:
    """Sums over the cells of each kind of object; over what is none of them, where that is not 0."""
    labels = things.labels
    if values.shape[1] != labels.shape[1]:
        labels = labels.amax(1, keepdim=True)
    totals: dict[str, np.ndarray] = {}
    for step, (value, label) in enumerate(zip(values, labels, strict=True)):
        sums = torch.zeros(len(things.names[step]) + 1)
        sums.index_add_(0, label.flatten(), value.flatten())
        for name, total in zip((ELSEWHERE, *things.names[step]), sums.tolist(), strict=True):
            totals.setdefault(_kind(name), np.zeros(len(values)))[step] += total
    kept = {name: sums for name, sums in totals.items() if name != ELSEWHERE or np.abs(sums).max() > 1e-9}
    return tuple(kept), np.stack(list(kept.values()), 1)


def _kind(name: str) -> str:
    """A thing's name without its place.

    >>> _kind("monster 3,4"), _kind("key 1,2 and agent")
    ('monster', 'key and agent')
    """
    return re.sub(r" \d+,\d+", "", name)


def chosen_outputs(head: str, indices: Int[np.ndarray, "t"]) -> tuple[Output, ...]:
    """One output of a head a step.

    >>> chosen_outputs("policy", np.array([2, 0]))[0]
    Output(head='policy', index=2)
    """
    return tuple(Output(head, int(index)) for index in indices)
