"""States that concepts are told of: one a level, the agent anywhere and the level midway; or those met in play."""

from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from core.errors import BadInput
from core.progress import Progress, silent
from core.subject import Subject
from envs import engine
from envs.editing.edits import place_agent
from envs.spec import World
from envs.state import State, take
from envs.terrain.paths import distances
from rl.concepts.midway import midway
from rl.concepts.things import barred
from rl.episodes import Episodes
from rl.goals import SHIFTED, distributions
from rl.rollouts import level_seeds, play, play_policy

EACH = 5
"""States that are kept of a level of play, if it lasts so long."""
STEPS = 300
"""Steps after which play is broken off in a world without a limit."""
BLOCK = 2048
"""Levels that are played again side by side."""
LONG = ("monster",)
"""Worlds whose shift takes away what concepts are told of; where they are long instead, all of it is met."""


def varied(world: World) -> World:
    """The world with its dials turned so that goal and proxy part, and nothing is missing: where states are drawn.

    That is ``rl.goals.parted``, but in Monster, where the shift takes the monsters away: there only the levels are
    longer. A world without a row of goals stays as it is.

    >>> from envs.registry import world
    >>> varied(world("cheese")).dials.rand_region, varied(world("monster")).dials[1:2], varied(world("monster")).limit
    (63, (5,), 200)
    """
    known = distributions(world)
    return known.get("long" if world.name in LONG else SHIFTED, world)


def sampled_states(world: World, n: int, *, seed: int, split: str = "test", fresh: bool = False) -> State:
    """``n`` states that know nothing of each other: one a level, the agent anywhere but on an object.

    What is counted and held in a level varies as play would make it vary, from no monster to all of them, from no
    key in hand to every one (``rl.concepts.midway``); with ``fresh`` all is as levels begin.

    Raises
    ------
    BadInput
        if no state is asked for.

    >>> from envs.registry import world
    >>> sampled_states(world("cheese", size=9), 3, seed=0).planes.shape
    (3, 3, 9, 9)
    """
    if n < 1:
        raise BadInput(f"at least one state must be sampled; got {n}")
    state = engine.reset(world, level_seeds(n, split=split, seed=seed))
    if not fresh:
        midway(world, state, seed=seed)
    return place_agent(world, state, _random_free_cells(world, state, np.random.default_rng(seed)))


def met_states(
    subject: Subject | None,
    world: World,
    n: int,
    *,
    view: str = "window",
    seed: int,
    each: int = EACH,
    progress: Progress = silent,
) -> tuple[State, Int[np.ndarray, "n"]]:
    """``n`` states met in play on held-out levels, level by level, and the level (its seed) that each belongs to.

    ``each`` states a level, at times drawn from all of its episode (all of them if it is shorter), in their order. The
    agent's actions are drawn as its head says; None plays at random.

    Raises
    ------
    BadInput
        if no state is asked for, or the world does not fit the agent.

    >>> from envs.registry import world
    >>> state, level = met_states(None, world("cheese", size=7), 12, seed=0)
    >>> len(state.clock), len(set(level.tolist())), bool((np.diff(state.clock[:5]) > 0).all())
    (12, 3, True)
    """
    if n < 1 or each < 1:
        raise BadInput(f"at least one state must be met, and kept of a level; got {n}, {each} a level")
    played, count = None, -(-n // each)
    while played is None or np.minimum(played.length, each).sum() < n:
        count = count if played is None else 2 * count
        levels = level_seeds(count, split="test", seed=seed)
        rule: dict[str, Any] = {"seed": seed, "steps": STEPS, "progress": progress}
        if subject is None:
            played = play_policy(world, levels, "random", **rule)
        else:
            played = play(subject, world, levels, view=view, **rule)
    level, time = _moments(played.length, n, each, np.random.default_rng(seed))
    state = _replayed(world, played, level, time)
    return state, state.level.copy()


def _moments(
    length: Int[np.ndarray, "k"], n: int, each: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """Episode and step (from 0) of ``n`` states, episode by episode: ``each`` different steps of one, in order."""
    level, time = [], []
    for k, steps in enumerate(length.tolist()):
        kept = np.sort(rng.permutation(steps)[:each])
        level.append(np.full(len(kept), k))
        time.append(kept)
    return np.concatenate(level)[:n], np.concatenate(time)[:n]


def _replayed(world: World, played: Episodes, level: NDArray, time: NDArray) -> State:
    """The states of some moments, episodes played again from their levels and actions."""
    found: list[State] = []
    for start in range(0, int(level[-1]) + 1, BLOCK):
        which = np.flatnonzero((level >= start) & (level < start + BLOCK))
        found.append(_block(world, played, level[which], time[which]))
    return State(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _block(world: World, played: Episodes, level: NDArray, time: NDArray) -> State:
    going = np.unique(level)
    state, kept, order = engine.reset(world, played.levels[going]), [], []
    for step in range(int(time.max()) + 1):
        now = np.flatnonzero(time == step)
        order.append(now)
        kept.append(take(state, np.searchsorted(going, level[now])))
        engine.step(world, state, np.maximum(played.actions[going, step], 0).astype(np.int64))
        on = np.flatnonzero(played.length[going] > step + 1)
        going, state = going[on], take(state, on)
    joined = State(*(np.concatenate(arrays) for arrays in zip(*kept, strict=True)))
    return take(joined, np.argsort(np.concatenate(order)))


def _random_free_cells(world: World, state: State, rng: np.random.Generator) -> Int[np.ndarray, "n 2"]:
    """Uniformly among the cells that the agent could get to, without a thing on them."""
    free = distances(barred(world, state), state.agent) >= 0
    for plane in range(2, state.planes.shape[1]):
        free &= state.planes[:, plane] == 0
    draws = np.where(free, rng.random(free.shape), -1).reshape(len(free), -1).argmax(1)
    return np.stack(np.divmod(draws, free.shape[2]), 1)
