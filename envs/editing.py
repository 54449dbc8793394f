"""Counterfactual states: the same level with the agent or the goal elsewhere. Every function returns a new state."""

from typing import NamedTuple

import numpy as np

from core.errors import BadInput, UnknownName
from envs.spec import World
from envs.state import AGENT, WALL, State, take


class Everywhere(NamedTuple):
    """One level with the agent on each cell it could stand on: a state of m instances and their cells (m, 2)."""

    state: State
    cells: np.ndarray


def free_cells(world: World, state: State, i: int = 0) -> np.ndarray:
    """Row and column of every cell of instance ``i`` without wall or object (the agent's own counts): int64 (m, 2).

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> free_cells(maze, engine.reset(maze, [0])).tolist()
    [[1, 1], [1, 2], [2, 3], [3, 1], [3, 2], [3, 3]]
    """
    taken = np.delete(state.planes[i], AGENT, axis=0).any(axis=0)
    return np.argwhere(~taken)


def place_agent(world: World, state: State, cells: np.ndarray) -> State:
    """Each agent on its cell of ``cells`` (n, 2), or all on one (2,); raises BadInput where that is not free."""
    return _move(world, state, AGENT, _one_each(state, cells))


def place_object(world: World, state: State, channel: str, cells: np.ndarray) -> State:
    """The one thing of ``channel`` on another free cell: ``cells`` (n, 2) or (2,).

    Raises UnknownName for a channel that is not an object of the world, BadInput for a cell that is not free or where
    an instance holds none or several of the thing.

    >>> from envs import engine, registry, rendering
    >>> maze = registry.world("cheese", size=5)
    >>> print(rendering.text(maze, place_object(maze, engine.reset(maze, [0]), "cheese", np.array([3, 3]))))
    #####
    #...#
    ###.#
    #@.C#
    #####
    """
    objects = [name for c, name in enumerate(world.channels) if c not in (WALL, AGENT)]
    if channel not in objects:
        raise UnknownName(f"object of world {world.name!r}", channel, objects)
    c = world.channels.index(channel)
    number = state.planes[:, c].sum(axis=(1, 2))
    if (number != 1).any():
        i = int(np.flatnonzero(number != 1)[0])
        raise BadInput(
            f"instance {i} holds {number[i]} of {channel!r}; to be moved there must be exactly one"
        )
    return _move(world, state, c, _one_each(state, cells))


def everywhere(world: World, state: State, i: int = 0) -> Everywhere:
    """Instance ``i`` once for each free cell, with the agent standing there: for value and policy maps.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> everywhere(maze, engine.reset(maze, [0])).state.planes.shape
    (6, 3, 5, 5)
    """
    cells = free_cells(world, state, i)
    return Everywhere(place_agent(world, take(state, [i] * len(cells)), cells), cells)


def _one_each(state: State, cells: np.ndarray) -> np.ndarray:
    n = len(state.clock)
    cells = np.asarray(cells)
    if cells.shape not in ((2,), (n, 2)) or cells.dtype.kind not in "iu":
        raise BadInput(
            f"expected one cell (row, column) or {n} of them; got {cells.dtype} of shape {cells.shape}"
        )
    return np.broadcast_to(cells, (n, 2))


def _move(world: World, state: State, channel: int, cells: np.ndarray) -> State:
    """Lift what lies on ``channel`` and lay it on ``cells``, where nothing else may lie."""
    moved = take(state, slice(None))
    rows, (y, x) = np.arange(len(cells)), cells.T
    moved.planes[:, channel] = 0
    _, h, w = world.shape
    inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
    taken = ~inside | moved.planes[rows, :, y.clip(0, h - 1), x.clip(0, w - 1)].any(axis=1)
    if taken.any():
        i = int(np.flatnonzero(taken)[0])
        near = np.argwhere(~moved.planes[i].any(axis=0))
        near = near[np.abs(near - cells[i]).sum(axis=1).argmin()]
        raise BadInput(
            f"cell ({y[i]}, {x[i]}) of instance {i} is not free for {world.channels[channel]!r}; "
            f"the nearest free one is ({near[0]}, {near[1]})"
        )
    moved.planes[rows, channel, y, x] = 1
    if channel == AGENT:
        moved.agent[:] = cells
    return moved
