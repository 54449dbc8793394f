"""A world's intended goal and its proxy: their events and places, the way to each, and the dial that parts them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from core.errors import UnknownName
from envs.registry import world as make_world
from envs.spec import World
from envs.state import WALL, State
from envs.terrain.paths import best_actions, distances
from envs.worlds import cheese


@dataclass(frozen=True)
class Goals:
    """Where a world's intended goal and its proxy lie - ``state`` to cells (n, 2) - and what sets them apart."""

    goal: Callable[[State], NDArray]
    proxy: Callable[[State], NDArray]
    shift: Mapping[str, Any]


GOALS: Mapping[str, Goals] = {
    "cheese": Goals(cheese.cheese_cells, cheese.corner_cells, {"rand_region": 63}),
}
"""World name to its goals; ``shift`` are the dials under which goal and proxy lie apart."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Shortest ways of n levels, in steps from the start.

    ``shared`` is how many steps the ways to goal and proxy have in common. A level is ``telling`` if neither
    lies on the way to the other, so that an agent cannot serve both by walking straight to one.
    """

    to_goal: Int[np.ndarray, "n"]
    to_proxy: Int[np.ndarray, "n"]
    shared: Int[np.ndarray, "n"]
    telling: Bool[np.ndarray, "n"]


def goals_of(world: World) -> Goals:
    """The row of ``GOALS``.

    Raises
    ------
    UnknownName
        if the world has no known proxy.
    """
    if world.name not in GOALS:
        raise UnknownName("world with a goal and a proxy", world.name, GOALS)
    return GOALS[world.name]


def shifted(world: World) -> World:
    """The same world with its proxy broken.

    >>> shifted(make_world("cheese", size=9, rand_region=1)).dials.rand_region
    63
    """
    return make_world(**(world.describe() | dict(goals_of(world).shift)))


def event(world: World, role: str) -> str:
    """The name of the world's event of that role, "intended" or "proxy".

    >>> event(make_world("cheese"), "proxy")
    'corner'
    """
    roles = {one.role: one.name for one in world.spec.events}
    if role not in roles:
        raise UnknownName(f"event role of world {world.name!r}", role, roles)
    return roles[role]


def ways(world: World, state: State) -> Ways:
    """The shortest ways of the levels of ``state`` to goal and proxy, from where their agents stand.

    >>> from envs import engine
    >>> maze = make_world("cheese", size=9, rand_region=1)
    >>> ways(maze, engine.reset(maze, [0, 1])).telling.tolist()
    [False, False]
    """
    known = goals_of(world)
    goal, proxy = known.goal(state), known.proxy(state)
    rows = np.arange(len(goal))
    wall = state.planes[:, WALL]
    from_goal, from_proxy = distances(wall, goal), distances(wall, proxy)
    to_goal = from_goal[rows, *state.agent.T]
    to_proxy = from_proxy[rows, *state.agent.T]
    between = from_goal[rows, *proxy.T]
    shared = (to_goal + to_proxy - between) // 2
    telling = (shared < to_goal) & (shared < to_proxy)
    return Ways(to_goal, to_proxy, shared, telling)


def straight_to(world: World, place: str) -> Callable[[State], NDArray]:
    """The rule that walks the shortest way to "goal" or "proxy": what an agent of one mind would do.

    >>> from envs import engine
    >>> maze = make_world("cheese", size=5)
    >>> straight_to(maze, "goal")(engine.reset(maze, [0])).tolist()
    [3]
    """
    find = getattr(goals_of(world), place)
    return lambda state: best_actions(distances(state.planes[:, WALL], find(state)), state.agent).argmax(1)
