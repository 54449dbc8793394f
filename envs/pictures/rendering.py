"""A state as an RGB frame and as text."""

from functools import lru_cache

import numpy as np

from envs.editing.letters import FREE, letters
from envs.kernels import copy, kernel
from envs.pictures.icons import icon, on_shelf
from envs.spec import World
from envs.state import AGENT, State


@lru_cache(maxsize=64)
def tiles(world: World, cell: int) -> np.ndarray:
    """The pictures of a bare cell and of each icon of the world: uint8 (1 + icons, 3, cell, cell).

    Where there are gauges, their pictures and that of an empty place in their strip follow.

    >>> from envs.registry import world
    >>> tiles(world("cheese"), 16).shape
    (4, 3, 16, 16)
    """
    held = [*(on_shelf(gauge.icon) for gauge in world.spec.gauges), "shelf"] if world.gauges else []
    return np.stack([icon(name, cell) for name in ("floor", *world.spec.icons, *held)])


def frame(world: World, state: State, i: int = 0, *, cell: int = 24) -> np.ndarray:
    """Instance ``i`` as a picture, ``cell`` pixels a cell: uint8 (y, x, 3); a strip of gauges on top if there are any.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=9)
    >>> frame(maze, engine.reset(maze, [0]), 0, cell=16).shape
    (144, 144, 3)
    """
    numbers = appearance(world, state.planes[[i]], state.counters[[i]])
    _, h, w = numbers.shape
    out = np.empty((1, 3, h * cell, w * cell), np.uint8)
    paint(numbers, tiles(world, cell), out)
    return np.ascontiguousarray(out[0].transpose(1, 2, 0))


def appearance(world: World, planes: np.ndarray, counters: np.ndarray) -> np.ndarray:
    """Which of ``tiles`` each cell shows: uint8 (n, h, w), or (n, 1 + h, w) with a strip of gauges on top.

    ``planes`` (n, c, h, w) as in a state; ``counters`` (n, k).
    """
    seen = planes[:, world.seen]
    look = world.spec.appearance or topmost
    numbers = look(seen)
    if not world.gauges:
        return numbers
    n, _, w = numbers.shape
    first = 1 + len(world.spec.icons)
    strip = np.full((n, 1, w), first + len(world.gauges), np.uint8)
    taken = np.zeros((n, 1), np.int64)
    for k, counter in enumerate(world.gauges):
        upto = taken + counters[:, [counter]]
        within = (np.arange(w) >= taken) & (np.arange(w) < upto)
        strip[:, 0][within] = first + k
        taken = upto
    return np.concatenate([strip, numbers], axis=1)


def text(world: World, state: State, i: int = 0) -> str:
    """Instance ``i`` as lines of characters, the topmost thing that may be seen in each cell; gauges below.

    The characters are those of ``envs.editing.letters``: ``#`` wall, ``@`` agent, ``.`` free, else a letter of the
    thing's name. ``envs.editing.notation.to_text`` writes the whole state.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> print(text(maze, engine.reset(maze, [0])))
    #####
    #..C#
    ###.#
    #@..#
    #####
    """
    shown = np.array([FREE, *letters(world)])[topmost(state.planes[[i]][:, world.seen])[0]]
    gauges = (
        f"{gauge.counter} {state.counters[i, c]}"
        for gauge, c in zip(world.spec.gauges, world.gauges, strict=True)
    )
    return "\n".join(["".join(row) for row in shown] + list(gauges))


def topmost(planes: np.ndarray) -> np.ndarray:
    """One more than the highest plane that has something in each cell, the agent above all; 0 for floor: (n, h, w)."""
    n, _, h, w = planes.shape
    out = np.empty((n, h, w), np.uint8)
    _topmost(planes, out)
    return out


@kernel
def _topmost(planes, out):
    n, count, h, w = planes.shape
    for i in range(n):
        for y in range(h):
            for x in range(w):
                found = 0
                for c in range(count):
                    if planes[i, c, y, x]:
                        found = c + 1
                out[i, y, x] = AGENT + 1 if planes[i, AGENT, y, x] else found


@kernel
def paint(numbers, pictures, out):
    """Lay the tile of each cell, ``numbers`` (n, h, w), into ``out`` (n, 3, h * k, w * k)."""
    n, h, w = numbers.shape
    k = pictures.shape[2]
    source, target = pictures.reshape(-1), out.reshape(-1)
    for i in range(n):
        for y in range(h):
            for x in range(w):
                for colour in range(3):
                    here = np.uint64(((i * 3 + colour) * h + y) * k * w * k + x * k)
                    there = np.uint64((numbers[i, y, x] * 3 + colour) * k * k)
                    for _ in range(k):
                        copy(target, here, source, there, np.uint64(k))
                        here += np.uint64(w * k)
                        there += np.uint64(k)
