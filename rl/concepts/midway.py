"""Levels as play may have made of them: what was taken is gone, what was picked up is held, who was where is noted."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from envs.cycles import AFTER, BEFORE, SMALLEST
from envs.spec import World
from envs.state import State
from envs.worlds import follow, keys_chests, monster, tree

Midway = Callable[[World, State, np.random.Generator], None]
"""Changes fresh levels, in place, to levels that have been played for a while."""


def _monster(world: World, state: State, rng: np.random.Generator) -> None:
    """Some monsters killed by shields that are gone with them, some shields held, some apples eaten."""
    dials, planes, n = world.dials, state.planes, len(state.clock)
    refilled = dials.respawn >= monster.THINGS
    deadly = dials.respawn != monster.EVERYTHING and dials.shields and dials.cap
    most = (dials.monsters if refilled else min(dials.monsters, dials.shields)) if deadly else 0
    killed = rng.integers(0, most + 1, n)
    room = np.minimum(dials.cap, dials.cap if refilled else dials.shields - killed)
    held = ((room + 1) * rng.random(n) ** 2).astype(
        np.int64
    )  # few more often than many: it is then that monsters hurt
    eaten = rng.integers(0, dials.apples + 1, n) if dials.respawn == monster.NOTHING else 0
    if not dials.shields:
        held[:] = 0
    _thin(planes[:, monster.MONSTER], dials.monsters - killed, rng)
    _thin(planes[:, monster.SHIELD], dials.shields - (0 if refilled else killed + held), rng)
    _thin(planes[:, monster.APPLE], dials.apples - eaten, rng)
    state.counters[:, monster.HELD] = held


def _tree(world: World, state: State, rng: np.random.Generator) -> None:
    """From no tree to all of them."""
    _thin(state.planes[:, tree.TREE], rng.integers(0, world.dials.trees + 1, len(state.clock)), rng)


def _keys_chests(world: World, state: State, rng: np.random.Generator) -> None:
    """Some keys picked up, some of them used up on chests; the level is not over."""
    keys, chests = (
        state.planes[:, plane].sum(axis=(1, 2), dtype=np.int64)
        for plane in (keys_chests.KEY, keys_chests.CHEST)
    )
    picked = rng.integers(0, keys + 1)
    opened = rng.integers(0, np.minimum(picked, np.minimum(keys, chests) - 1) + 1)
    _thin(state.planes[:, keys_chests.KEY], keys - picked, rng)
    _thin(state.planes[:, keys_chests.CHEST], chests - opened, rng)
    state.counters[:, keys_chests.HELD] = picked - opened
    state.tally[:, keys_chests.PICKED], state.tally[:, keys_chests.OPENED] = picked, opened


def _follow(world: World, state: State, rng: np.random.Generator) -> None:
    """Agent and partner have entered any beacon, or none; half of the partners still stand on theirs."""
    n, dials, counters = len(state.clock), world.dials, state.counters
    counters[:, follow.LAST] = rng.integers(0, dials.beacons + 1, n)
    ahead, heads, waits = (rng.integers(0, most, n) for most in (dials.beacons + 1, dials.beacons - 1, 2))
    if dials.partner == follow.NONE:
        return
    if dials.partner == follow.RANDOM:
        following = heads + (heads >= ahead - 1)
    else:
        table = (AFTER if dials.partner == follow.EXPERT else BEFORE)[dials.beacons - SMALLEST]
        following = table[counters[:, follow.ORDER], ahead - 1]
    counters[:, follow.PARTNER_LAST] = ahead
    counters[:, follow.PARTNER_NEXT] = np.where(ahead > 0, following + 1, counters[:, follow.PARTNER_NEXT])
    rows = np.flatnonzero((ahead > 0) & (waits > 0))
    state.planes[rows, follow.PARTNER] = state.planes[rows, follow.BEACON + ahead[rows] - 1]


MIDWAY: Mapping[str, Midway] = {
    "follow": _follow,
    "keys-chests": _keys_chests,
    "monster": _monster,
    "tree": _tree,
}
"""World to what play may have made of a level; worlds in which nothing but the agent moves have none."""


def midway(world: World, state: State, *, seed: int) -> None:
    """Make fresh levels, in place, such as they may be met in the middle of play; every law of the world holds.

    >>> from envs import engine
    >>> from envs.registry import world
    >>> forest = world("tree")
    >>> state = engine.reset(forest, [0, 1, 2])
    >>> midway(forest, state, seed=0)
    >>> state.planes[:, 2].sum((1, 2)).tolist()
    [5, 9, 10]
    """
    if world.name in MIDWAY:
        MIDWAY[world.name](world, state, np.random.default_rng([seed, 1]))


def _thin(plane: NDArray, left: Int[np.ndarray, "n"] | int, rng: np.random.Generator) -> None:
    """Take away things of a plane (n, h, w), drawn at random, until ``left`` are there."""
    flat = plane.reshape(len(plane), -1)
    draws = np.where(flat > 0, rng.random(flat.shape, np.float32), 2)
    order = draws.argsort(axis=1).argsort(axis=1)
    plane[:] = np.where(order < np.broadcast_to(left, len(plane))[:, None], flat, 0).reshape(plane.shape)
