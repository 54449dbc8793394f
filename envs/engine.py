"""The driver that all worlds share: reset, step, observe.

A world's two kernels and the driver's own meet in Python, each called once for the whole batch: so every kernel is a
plain module-level function that numba can cache, and a world needs no knowledge of clocks, rewards, time limits
or resets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.errors import BadInput, UnknownName
from envs.kernels import kernel
from envs.observations import observe as observe
from envs.randomness import GOLDEN, below, mix
from envs.spec import World
from envs.state import State, blank, take
from envs.state import dump_state as dump_state
from envs.state import load_state as load_state

SPLITS = {"train": (0, 2**31), "test": (2**31, 2**31)}
"""First level seed and number of level seeds of each split; they share none."""


@dataclass(frozen=True)
class StepResult:
    """What one step of ``n`` instances brought; the arrays are fresh and may be kept.

    reward float32 (n,); terminated and truncated bool (n,), never both; events uint8 (n, e): how often each happened
    in this step; ``happened`` int64 (k,): the instances in which any did. ``ended`` int64 (m,): the instances whose
    level ended; they have already begun their next one, and ``final`` is their state at the end of the last (None
    where m is 0).
    """

    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    events: np.ndarray
    happened: np.ndarray
    ended: np.ndarray
    final: State | None


def reset(
    world: World,
    seeds: Sequence[int] | np.ndarray,
    *,
    streams: np.ndarray | None = None,
    levels: int | None = None,
) -> State:
    """One instance for each level seed, ``0 <= seed < 2**32``, at the start of that level.

    Later levels are drawn from the split in which the seed lies (its first ``levels`` seeds, all by default), by the
    instance's own stream: ``streams`` uint64 (n,), by default the seed itself. So all that an instance ever does
    depends on its seed, its stream and its actions. Raises BadInput for a seed that names no level.

    >>> from envs.registry import world
    >>> reset(world("cheese"), [0, 1, 2]).agent.tolist() == [[world("cheese").shape[1] - 2, 1]] * 3
    True
    """
    level = np.asarray(seeds)
    if level.ndim != 1 or level.size == 0 or level.dtype.kind not in "iu":
        raise BadInput(f"level seeds are a flat list of whole numbers, at least one; got {seeds!r:.80}")
    if level.min() < 0 or level.max() >= 2**32:
        raise BadInput(f"level seeds lie from 0 to {2**32 - 1}; got {level.min()} to {level.max()}")
    first, count = SPLITS["test"]
    if levels is not None and not 1 <= levels <= count:
        raise BadInput(f"a split has from 1 to {count} levels; got {levels}")
    state = blank(len(level), world.shape, counters=len(world.spec.counters), events=len(world.events))
    state.level[:] = level
    state.pool[:, 0] = np.where(level < first, 0, first)
    state.pool[:, 1] = levels or count
    state.future[:] = level.astype(np.uint64) if streams is None else streams
    _begin_levels(world, state, np.arange(len(level)))
    return state


def level_seeds(split: str, streams: np.ndarray, *, levels: int | None = None) -> np.ndarray:
    """One level seed of ``split`` for each stream word: int64 (n,). Raises UnknownName.

    >>> bool(level_seeds("test", np.arange(3, dtype=np.uint64)).min() >= 2**31)
    True
    """
    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    first, count = SPLITS[split]
    words = streams.copy()
    return np.array([first + below(words, i, levels or count) for i in range(len(words))], np.int64)


def step(world: World, state: State, actions: np.ndarray) -> StepResult:
    """Play one action in every instance, changing ``state``; where a level ends, begin the next.

    ``actions``: whole numbers (n,), each an index into ``world.actions``. Raises BadInput, leaving the state as it
    was, where one is not.

    >>> from envs.registry import world
    >>> maze = world("cheese")
    >>> state = reset(maze, [0, 1])
    >>> step(maze, state, np.array([0, 3])).reward
    array([0., 0.], dtype=float32)
    """
    n = len(state.clock)
    actions = _checked(world, actions, n)
    new = Outcome(
        np.empty(n, np.float32),
        np.zeros(n, np.bool_),
        np.empty(n, np.bool_),
        np.zeros((n, len(world.events)), np.uint8),
    )
    world.spec.act(state, actions, new.events, new.terminated, world.dials)
    happened, ended = np.empty(n, np.int64), np.empty(n, np.int64)
    k, m = _settle(state, new, world.pay, world.limit, happened, ended)
    happened, ended = happened[:k], ended[:m]
    if m == 0:
        return StepResult(*new, happened, ended, final=None)
    final = take(state, ended)
    _name_levels(state, ended)
    _begin_levels(world, state, ended)
    return StepResult(*new, happened, ended, final=final)


class Outcome(NamedTuple):
    """What a step fills in: the first fields of a StepResult, as numba takes them."""

    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    events: np.ndarray


def _checked(world: World, actions: np.ndarray, n: int) -> np.ndarray:
    actions = np.asarray(actions)
    if actions.shape != (n,) or actions.dtype.kind not in "iu":
        raise BadInput(f"expected {n} whole numbers as actions; got {actions.dtype} of shape {actions.shape}")
    actions = actions.astype(np.int64, copy=False)
    wrong = _first_outside(actions, len(world.actions))
    if wrong >= 0:
        names = ", ".join(f"{k} {name}" for k, name in enumerate(world.actions))
        raise BadInput(f"action {actions[wrong]} of instance {wrong} does not exist; there are: {names}")
    return actions


def _begin_levels(world: World, state: State, which: np.ndarray) -> None:
    _wipe(state, which)
    world.spec.place(state, which, world.dials)


@kernel
def _first_outside(actions, count):
    for i in range(len(actions)):
        if actions[i] < 0 or actions[i] >= count:
            return i
    return -1


@kernel
def _settle(state, new, pay, limit, happened, ended):
    """Advance clocks and tallies, pay the events, cut short what reached the limit; list where any of it happened."""
    n, count = new.events.shape
    some, over = 0, 0
    for i in range(n):
        total, any_event = np.float32(0), False
        for e in range(count):
            times = new.events[i, e]
            if times:
                any_event = True
                total += pay[e] * times
                state.tally[i, e] += times
        new.reward[i] = total
        if any_event:
            happened[some] = i
            some += 1
        state.clock[i] += 1
        new.truncated[i] = limit > 0 and state.clock[i] >= limit and not new.terminated[i]
        if new.terminated[i] or new.truncated[i]:
            ended[over] = i
            over += 1
    return some, over


@kernel
def _name_levels(state, which):
    for i in which:
        state.level[i] = state.pool[i, 0] + below(state.future, i, state.pool[i, 1])


@kernel
def _wipe(state, which):
    """A clean slate, and a random stream that depends on the level alone."""
    for i in which:
        state.planes[i] = 0
        state.counters[i] = 0
        state.tally[i] = 0
        state.clock[i] = 0
        state.chances[i] = mix(np.uint64(state.level[i]) + GOLDEN)
