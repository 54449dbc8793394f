"""The things of a world, and which of them its goal and its proxy are after: masks of cells."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import UnknownName
from envs.spec import World
from envs.state import WALL, State
from envs.terrain.paths import distances
from envs.worlds import coin, follow, keys_chests, monster, tree
from rl.goals import goals_of

Mask = Callable[[World, State], NDArray]
"""A world and n of its states to where something is: not 0 there, (n, h, w)."""

GOAL, PROXY = "goal", "proxy"
"""What the world's intended goal is after, and its proxy: things, or places with nothing on them."""


def plane(number: int) -> Mask:
    """The things of one plane of the state."""
    return lambda world, state: state.planes[:, number]


def _beacons(world: World, state: State) -> NDArray:
    return state.planes[:, follow.BEACON : follow.PARTNER].max(axis=1)


def _right_beacon(world: World, state: State) -> NDArray:
    """The beacon that is next in the hidden order; every one as long as none has been entered."""
    right = follow.next_beacons(state, world.dials)
    there = state.planes[np.arange(len(right)), follow.BEACON + np.maximum(right, 0)]
    return np.where((right < 0)[:, None, None], _beacons(world, state), there)


def _led_to(world: World, state: State) -> NDArray:
    """The beacon that the partner entered last; the partner itself once the agent has been there, or before."""
    last, ahead = state.counters[:, follow.LAST], state.counters[:, follow.PARTNER_LAST]
    behind = (ahead == 0) | (ahead == last)
    plane = np.where(behind, follow.PARTNER, follow.BEACON + ahead - 1)
    return state.planes[np.arange(len(plane)), plane]


AFTER: Mapping[str, tuple[Mask, Mask]] = {
    "follow": (_right_beacon, _led_to),
    "keys-chests": (plane(keys_chests.CHEST), plane(keys_chests.KEY)),
    "monster": (plane(monster.APPLE), plane(monster.SHIELD)),
    "tree": (plane(tree.TREE), plane(tree.TREE)),
}
"""What goal and proxy are after in worlds where they are no places (those stand in ``rl.goals.GOALS``)."""

THINGS: Mapping[str, Mapping[str, Mask]] = {
    "colour-shape": {},
    "follow": {"beacon": _beacons, "partner": plane(follow.PARTNER)},
}
"""The things of worlds in which they are not one a plane."""

BARRED: Mapping[str, Callable[[State], NDArray]] = {"coin": coin.unsafe}
"""Where no sensible way leads, in worlds in which that is not the wall alone."""


def things(world: World) -> dict[str, Mask]:
    """What lies about in a world, by name: what views show but wall and agent.

    >>> from envs.registry import world
    >>> list(things(world("monster")))
    ['monster', 'shield', 'apple']
    """
    if world.name in THINGS:
        return dict(THINGS[world.name])
    return {world.channels[number]: plane(number) for number in range(2, world.seen.stop)}


def goal_and_proxy(world: World) -> dict[str, Mask]:
    """ "goal" and "proxy" to what they are after; empty for a world whose goals are not known."""
    if world.name in AFTER:
        return dict(zip((GOAL, PROXY), AFTER[world.name], strict=True))
    places = goals_of(world).places
    if places is None:
        return {}
    return {GOAL: _cell(places.goal), PROXY: _cell(places.proxy)}


def named(name: str) -> Mask:
    """Where the goal, the proxy or the things of that name are, whatever the world.

    Raises
    ------
    UnknownName
        when asked of a world without it.
    """

    def mask(world: World, state: State) -> NDArray:
        known = things(world) | goal_and_proxy(world)
        if name not in known:
            raise UnknownName(f"thing of world {world.name!r}", name, known)
        return known[name](world, state)

    return mask


def _cell(place: Callable[[World, State], NDArray]) -> Mask:
    """The one cell of a place; nowhere where its row is -1."""

    def mask(world: World, state: State) -> NDArray:
        where = np.asarray(place(world, state))
        out = np.zeros((len(where), *world.shape[1:]), np.uint8)
        rows = np.flatnonzero(where[:, 0] >= 0)
        out[rows, *where[rows].T] = 1
        return out

    return mask


def barred(world: World, state: State) -> NDArray:
    """Where no sensible way leads, (n, h, w): the wall; in Coin the lava too."""
    return BARRED[world.name](state) if world.name in BARRED else state.planes[:, WALL]


def nearest(world: World, state: State, mask: Mask) -> tuple[NDArray, NDArray]:
    """The nearest cell of a mask by the shortest way, the first in reading order among equals, and the steps to it.

    Where there is none that can be reached, the agent's own cell (n, 2), and -1 steps.
    """
    steps = distances(barred(world, state), state.agent)
    far = np.where((np.asarray(mask(world, state)) > 0) & (steps >= 0), steps, np.iinfo(np.int32).max)
    flat = far.reshape(len(far), -1)
    first = flat.argmin(axis=1)
    least = flat[np.arange(len(flat)), first]
    gone = least == np.iinfo(np.int32).max
    where = np.stack(np.divmod(first, far.shape[2]), axis=1)
    return np.where(gone[:, None], state.agent, where), np.where(gone, -1, least)
