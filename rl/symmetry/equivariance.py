"""policy_equivariance(): does an agent do the turned thing in the turned state? Beside the moves shuffled."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BadInput, NotFinite
from core.provenance import Provenance, provenance
from core.subject import Subject, run
from core.uncertainty import Interval, bootstrap_interval, proportion_interval, ratio_interval
from envs.spec import World
from rl.acting import action_head, chances, worth
from rl.agents import check_fits
from rl.symmetry.actions import turned_actions
from rl.symmetry.views import TurnedViews

LEAST = 16
"""States that intervals are drawn from at least."""


@dataclass(frozen=True)
class UnderElement:
    """How far an agent's behaviour turns with its world under one symmetry g, over states s.

    ``distance``: total variation between pi(g a | g s) and pi(a | s), from 0, where the behaviour turns along, to 1;
    ``shuffled``: the same with the moves of every state permuted at random instead of by g. ``agreement``: in what
    share of states the best action in g s is the best in s, turned. ``value``: how far the worth of g s is from that
    of s, and ``value_elsewhere`` from that of another state, in the agent's own units.
    """

    element: str
    distance: Interval
    shuffled: Interval
    agreement: Interval
    value: Interval
    value_elsewhere: Interval


@dataclass(frozen=True)
class Equivariance:
    """An agent's behaviour under every symmetry but the identity; ``states`` says over which states.

    ``share`` is the mean distance by that of shuffled moves: 0 where the behaviour turns with the world, 1 where it
    does so no more than by chance, above 1 where it holds on to its own directions. It is None where shuffling changes
    nothing, because every move is always as likely as every other.
    """

    agent: str
    states: str
    elements: tuple[UnderElement, ...]
    share: Interval | None
    provenance: Provenance = field(repr=False)


def policy_equivariance(
    subject: Subject, world: World, views: TurnedViews, *, view: str, seed: int = 0, batch_size: int = 1024
) -> Equivariance:
    """Total variation between what an agent does in turned states and what it does in the states, turned.

    ``views`` are states of ``world`` as the agent's ``view`` shows them (``turned_states``). An agent with a memory is
    asked as if it had just begun. Intervals are bootstraps over states, of agreement Wilson's.

    Raises
    ------
    BadInput
        if world, view and agent do not fit, the actions cannot be turned, or there are fewer than ``LEAST`` states.
    NotFinite
        if the agent answers with NaN or infinity.

    >>> from rl.agents import info, load
    >>> from rl.symmetry import turned_states
    >>> about = info("cheese-corner")
    >>> states = turned_states(about.world, about.view, count=200)
    >>> found = policy_equivariance(load("cheese-corner"), about.world, states, view=about.view)
    >>> [one.element for one in found.elements][:3], found.share.low > 0.5
    (['90°', '180°', '270°'], True)
    """
    check_fits(subject, world, view)
    if len(views) < LEAST:
        raise BadInput(f"policy equivariance is measured over at least {LEAST} states; got {len(views)}")
    actions = turned_actions(world.actions, flipped=view.startswith("flipped-"))
    answers = _answers(subject, views, batch_size)
    here = answers[views.group.identity]
    rng = np.random.default_rng(seed)
    shuffles, other = _shuffles(actions, len(views), rng), _others(len(views), rng)
    kept = [g for g in range(len(views.group)) if g != views.group.identity]
    parted = [_parted(answers[g], here, actions[g], shuffles, other) for g in kept]
    far, by_chance = (np.mean([getattr(one, name) for one in parted], 0) for name in ("far", "by_chance"))
    return Equivariance(
        agent=subject.name,
        states=views.states,
        elements=tuple(
            _summed(views.group.labels[g], one, seed) for g, one in zip(kept, parted, strict=True)
        ),
        share=ratio_interval(far, by_chance, seed=seed) if by_chance.sum() > 0 else None,
        provenance=provenance(subject=subject.fingerprint, data=views.fingerprint, seed=seed, view=view),
    )


class _Answers(NamedTuple):
    """How likely each action is (n, a), and what is expected (n,), in every state under one symmetry."""

    likely: NDArray
    worth: NDArray


class _Parted(NamedTuple):
    """State by state (n,): what ``UnderElement`` sums up."""

    far: NDArray
    by_chance: NDArray
    agree: NDArray
    value: NDArray
    elsewhere: NDArray


def _parted(turned: _Answers, here: _Answers, becomes: NDArray, shuffles: NDArray, other: NDArray) -> _Parted:
    # The chance of g a in the turned state comes to stand where that of a stands in the state as it is.
    back = turned.likely[:, becomes]
    return _Parted(
        far=_variation(back, here.likely),
        by_chance=_variation(np.take_along_axis(turned.likely, shuffles, 1), here.likely),
        agree=back.argmax(1) == here.likely.argmax(1),
        value=np.abs(turned.worth - here.worth),
        elsewhere=np.abs(turned.worth[other] - here.worth),
    )


def _summed(element: str, parted: _Parted, seed: int) -> UnderElement:
    return UnderElement(
        element=element,
        distance=bootstrap_interval(parted.far, seed=seed),
        shuffled=bootstrap_interval(parted.by_chance, seed=seed),
        agreement=proportion_interval(int(parted.agree.sum()), len(parted.agree)),
        value=bootstrap_interval(parted.value, seed=seed),
        value_elsewhere=bootstrap_interval(parted.elsewhere, seed=seed),
    )


def _answers(subject: Subject, views: TurnedViews, batch_size: int) -> list[_Answers]:
    """What the agent answers under every symmetry."""
    head = action_head(subject)
    kept: list[list[tuple[Tensor, Tensor]]] = [[] for _ in range(len(views.group))]
    with torch.no_grad():
        for look in views.batches(batch_size):
            for g, parts in enumerate(kept):
                answers = run(subject, look(g))
                parts.append((chances(answers[head], head).cpu(), worth(answers).cpu()))
    found = [
        _Answers(*(torch.cat(arrays).double().numpy() for arrays in zip(*parts, strict=True)))
        for parts in kept
    ]
    if not all(np.isfinite(array).all() for answers in found for array in answers):
        raise NotFinite(f"{subject.name} answers with NaN or infinity to turned states")
    return found


def _others(count: int, rng: np.random.Generator) -> Int[np.ndarray, "n"]:
    """Another state for each."""
    order = rng.permutation(count)
    other = np.empty(count, np.int64)
    other[order] = np.roll(order, 1)
    return other


def _shuffles(
    actions: Int[np.ndarray, "g a"], count: int, rng: np.random.Generator
) -> Int[np.ndarray, "n a"]:
    """A permutation for each state of those actions that some symmetry moves."""
    still = np.arange(actions.shape[1])
    moves = np.flatnonzero((actions != still).any(0))
    drawn = np.tile(still, (count, 1))
    drawn[:, moves] = rng.permuted(np.tile(moves, (count, 1)), axis=1)
    return drawn


def _variation(one: Float[np.ndarray, "n a"], other: Float[np.ndarray, "n a"]) -> Float[np.ndarray, "n"]:
    return np.abs(one - other).sum(1) / 2
