"""What an agent sees: the views "grid", "window" and "rgb" of a state, as uint8 (n, c, h, w).

"grid"        every plane of the world, whole: 0 or 1
"window"      all planes but the agent's own, in a square of odd side with the agent in the middle; cells outside
              the grid count as wall. The side is the smallest that shows every inner cell from every inner cell;
              "window:9" asks for 9.
"rgb"         the picture that ``envs.rendering`` draws, 8 pixels a cell, 0 to 255; "rgb:16" asks for 16.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from core.errors import BadInput, UnknownName
from envs.kernels import copy, kernel
from envs.rendering import paint, tiles
from envs.spec import World
from envs.state import AGENT, WALL, State

RGB_CELL = 8


class View(NamedTuple):
    """A view made definite: its kind, the side of the window or of a cell in pixels (0 for "grid")."""

    kind: str
    size: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.size}" if self.size else self.kind


@lru_cache(maxsize=256)
def parse_view(world: World, text: str) -> View:
    """The view that ``text`` names; raises UnknownName or BadInput.

    >>> from envs.registry import world
    >>> print(parse_view(world("cheese", size=9), "window"))
    window:13
    """
    kind, _, number = text.partition(":")
    if kind not in ("grid", "window", "rgb"):
        raise UnknownName("view", kind, ("grid", "window", "rgb"))
    if kind == "grid" and not number:
        return View("grid", 0)
    default = 2 * max(world.shape[1:]) - 5 if kind == "window" else RGB_CELL
    size = int(number) if number.isdecimal() else 0 if number else default
    if kind == "grid" or not 3 <= size <= 255 or (kind == "window" and size % 2 == 0):
        raise BadInput(
            f'view {text!r} does not exist; expected "grid", "window:<odd side>" or "rgb:<pixels a cell>"'
        )
    return View(kind, size)


def channels(world: World, view: str = "window") -> tuple[str, ...]:
    """The channel names of a view.

    >>> from envs.registry import world
    >>> channels(world("cheese"), "window")
    ('wall', 'cheese')
    """
    kind = parse_view(world, view).kind
    if kind == "rgb":
        return ("red", "green", "blue")
    return tuple(name for c, name in enumerate(world.channels) if kind == "grid" or c != AGENT)


@lru_cache(maxsize=256)
def observation_shape(world: World, view: str = "window") -> tuple[int, int, int]:
    """Channels, rows and columns of one observation.

    >>> from envs.registry import world
    >>> observation_shape(world("cheese", size=9), "grid")
    (3, 9, 9)
    """
    kind, size = parse_view(world, view)
    _, h, w = world.shape
    sides = {"grid": (h, w), "window": (size, size), "rgb": (h * size, w * size)}
    return (len(channels(world, view)), *sides[kind])


def observe(world: World, state: State, view: str = "window", *, out: np.ndarray | None = None) -> np.ndarray:
    """What the agents of ``state`` see: uint8 (n, c, h, w), written into ``out`` where given.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=9)
    >>> observe(maze, engine.reset(maze, [0, 1]), "window").shape
    (2, 2, 13, 13)
    """
    kind, size = parse_view(world, view)
    wanted = (len(state.clock), *observation_shape(world, view))
    if out is None:
        out = np.empty(wanted, np.uint8)
    elif out.shape != wanted or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise BadInput(f"out is {out.dtype} {out.shape}; expected a contiguous uint8 array of shape {wanted}")
    if kind == "grid":
        np.copyto(out, state.planes)
    elif kind == "window":
        _window(state.planes, state.agent, out)
    else:
        paint(state.planes, tiles(world, size), out)
    return out


@kernel
def _window(planes, agent, out):
    """Fill with what lies outside, then copy the rectangle in which the window and the grid overlap."""
    n, count, h, w = planes.shape
    side = out.shape[2]
    source, target = planes.reshape(-1), out.reshape(-1)
    for i in range(n):
        top, left = agent[i, 0] - side // 2, agent[i, 1] - side // 2
        y0, y1 = max(0, -top), min(side, h - top)
        x0, x1 = max(0, -left), min(side, w - left)
        width = np.uint64(max(0, x1 - x0))
        for c in range(count):
            if c == AGENT:
                continue
            k = c if c < AGENT else c - 1
            out[i, k] = np.uint8(c == WALL)
            here = np.uint64(((i * (count - 1) + k) * side + y0) * side + x0)
            there = np.uint64(((i * count + c) * h + top + y0) * w + left + x0)
            for _ in range(y0, y1):
                copy(target, here, source, there, width)
                here += np.uint64(side)
                there += np.uint64(w)
