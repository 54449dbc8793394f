"""A state as an RGB frame and as text."""

from functools import lru_cache

import numpy as np

from envs.icons import icon
from envs.kernels import copy, kernel
from envs.spec import World
from envs.state import AGENT, State

LETTERS = {"wall": "#", "agent": "@"}


@lru_cache(maxsize=64)
def tiles(world: World, cell: int) -> np.ndarray:
    """The pictures of a bare cell and of each channel: uint8 (1 + c, 3, cell, cell).

    >>> from envs.registry import world
    >>> tiles(world("cheese"), 16).shape
    (4, 3, 16, 16)
    """
    return np.stack([icon(name, cell) for name in ("floor", *world.spec.icons)])


def frame(world: World, state: State, i: int = 0, *, cell: int = 24) -> np.ndarray:
    """Instance ``i`` as a picture, ``cell`` pixels a cell: uint8 (h * cell, w * cell, 3).

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=9)
    >>> frame(maze, engine.reset(maze, [0]), 0, cell=16).shape
    (144, 144, 3)
    """
    _, h, w = world.shape
    out = np.empty((1, 3, h * cell, w * cell), np.uint8)
    paint(state.planes[[i]], tiles(world, cell), out)
    return np.ascontiguousarray(out[0].transpose(1, 2, 0))


def text(world: World, state: State, i: int = 0) -> str:
    """Instance ``i`` as lines of characters: ``#`` wall, ``@`` agent, ``.`` free, else a channel's first letter.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> print(text(maze, engine.reset(maze, [0])))
    #####
    #..C#
    ###.#
    #@..#
    #####
    """
    grid = np.full(world.shape[1:], ".")
    for c in _order(len(world.channels)):
        name = world.channels[c]
        grid[state.planes[i, c] > 0] = LETTERS.get(name, name[0].upper())
    return "\n".join("".join(row) for row in grid)


def _order(channels: int) -> list[int]:
    """From the bottom to the top: the agent covers what it stands on."""
    return [c for c in range(channels) if c != AGENT] + [AGENT]


@kernel
def paint(planes, pictures, out):
    """Lay the tile of each cell's topmost thing into ``out`` (n, 3, h * k, w * k)."""
    n, _, h, w = planes.shape
    k = pictures.shape[2]
    source, target = pictures.reshape(-1), out.reshape(-1)
    for i in range(n):
        for y in range(h):
            for x in range(w):
                tile = _topmost(planes[i], y, x)
                for colour in range(3):
                    here = np.uint64(((i * 3 + colour) * h + y) * k * w * k + x * k)
                    there = np.uint64((tile * 3 + colour) * k * k)
                    for _ in range(k):
                        copy(target, here, source, there, np.uint64(k))
                        here += np.uint64(w * k)
                        there += np.uint64(k)


@kernel
def _topmost(planes, y, x):
    """The number of the tile to show: 0 for floor, else one more than the plane."""
    if planes[AGENT, y, x]:
        return AGENT + 1
    for c in range(len(planes) - 1, -1, -1):
        if planes[c, y, x]:
            return c + 1
    return 0
