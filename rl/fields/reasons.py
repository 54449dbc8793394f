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
    """Attribution over t steps: ``sums`` (t, k) for the k ``channels``, ``maps`` (t, rows, columns) of what was seen.

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
    things = parts(world, state, view)
    values, gaps = torch.zeros(0), np.zeros(len(seen))
    for rows, output, asked in _groups(subject, outputs, memories):
        options: dict[str, Any] = {}
        if method in BY_PARTS:
            chosen = Parts(things.labels[rows], tuple(things.names[row] for row in rows))
            options = {"parts": chosen, "baseline": baseline(world, state, view)[rows]}
        made = attribute(asked, seen[rows], output, method=method, **options)
        if not len(values):
            values = torch.zeros(len(seen), *made.maps().shape[1:])
        values[rows] = made.maps().detach().cpu().float()
        if made.completeness_gap is not None:
            gaps[rows] = made.completeness_gap.detach().cpu().numpy()
    names, sums = _summed(values, things, method, subject.spec.channels, parse_view(world, view).kind)
    of = outputs[0].head if len({one.index for one in outputs}) == 1 else f"{outputs[0].head} chosen"
    return Reasons(of, method, names, sums, values.sum(1).numpy(), gaps)


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


def _summed(
    values: Tensor, things: Parts, method: str, channels: tuple[str, ...], kind: str
) -> tuple[tuple[str, ...], Float[np.ndarray, "t k"]]:
    """By the view's own channels where these are kinds of thing, else by the kinds of the objects that it shows."""
    if kind != "rgb" and method not in BY_PARTS and values.shape[1] == len(channels):
        return channels, values.flatten(2).sum(2).numpy()
    labels = (
        things.labels if values.shape[1] == things.labels.shape[1] else things.labels.amax(1, keepdim=True)
    )
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
