"""What an agent sees: the views "grid", "window" and "rgb" of a state, as uint8 (n, c, h, w).

"grid"        every plane of the world that may be seen, whole: 0 or 1
"window"      the same planes but for the agent's own, in a square of odd side with the agent in the middle; cells
              outside the grid count as wall. The world says which side; "window:9" asks for 9.
"rgb"         the picture that ``envs.pictures.rendering`` draws, 8 pixels a cell, 0 to 255; "rgb:16" asks for 16.

What the agent holds follows as further planes, one a gauge: as many cells are 1, row by row, as it holds; "rgb" shows
it as a strip on top. "flipped-grid", "flipped-window" and "flipped-rgb" are the same upside down: the control of
[shah2022] for an agent that can no longer see what it is used to, and so fails by capability.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from core.errors import BadInput, UnknownName
from envs.kernels import copy, fill, kernel
from envs.pictures.rendering import appearance, paint, tiles
from envs.spec import World
from envs.state import AGENT, WALL, State

RGB_CELL = 8
KINDS = ("grid", "window", "rgb")


class View(NamedTuple):
    """A view made definite: its kind, the side of the window or of a cell in pixels (0 for "grid"), upside down?"""

    kind: str
    size: int
    flipped: bool

    def __str__(self) -> str:
        return ("flipped-" if self.flipped else "") + (f"{self.kind}:{self.size}" if self.size else self.kind)


@lru_cache(maxsize=256)
def parse_view(world: World, text: str) -> View:
    """The view that ``text`` names; raises UnknownName or BadInput.

    >>> from envs.registry import world
    >>> print(parse_view(world("cheese", size=9), "window"))
    window:13
    """
    kind, _, number = text.removeprefix("flipped-").partition(":")
    flipped = text.startswith("flipped-")
    if kind not in KINDS:
        raise UnknownName("view", text, [*KINDS, *(f"flipped-{kind}" for kind in KINDS)])
    if kind == "grid" and not number:
        return View("grid", 0, flipped)
    default = world.spec.window or 2 * max(world.shape[1:]) - 5 if kind == "window" else RGB_CELL
    size = int(number) if number.isdecimal() else 0 if number else default
    if kind == "grid" or not 3 <= size <= 255 or (kind == "window" and size % 2 == 0):
        raise BadInput(
            f'view {text!r} does not exist; expected "grid", "window:<odd side>" or "rgb:<pixels a cell>"'
        )
    return View(kind, size, flipped)


def planes_of(world: World, view: str) -> tuple[int, ...]:
    """The planes of a state that a view of planes shows, in order; what the agent holds comes after them.

    >>> from envs.registry import world
    >>> planes_of(world("cheese"), "window")
    (0, 2)
    """
    left_out = AGENT if parse_view(world, view).kind == "window" else None if world.spec.wall_shown else WALL
    return tuple(c for c in range(world.seen.stop) if c != left_out)


def channels(world: World, view: str = "window") -> tuple[str, ...]:
    """The channel names of a view.

    >>> from envs.registry import world
    >>> channels(world("cheese"), "window")
    ('wall', 'cheese')
    """
    if parse_view(world, view).kind == "rgb":
        return ("red", "green", "blue")
    held = (gauge.counter for gauge in world.spec.gauges)
    return (*(world.channels[c] for c in planes_of(world, view)), *held)


@lru_cache(maxsize=256)
def observation_shape(world: World, view: str = "window") -> tuple[int, int, int]:
    """Channels, rows and columns of one observation.

    >>> from envs.registry import world
    >>> observation_shape(world("cheese", size=9), "grid")
    (3, 9, 9)
    """
    kind, size, _ = parse_view(world, view)
    _, h, w = world.shape
    strip = 1 if world.gauges else 0
    sides = {"grid": (h, w), "window": (size, size), "rgb": ((strip + h) * size, w * size)}
    return (len(channels(world, view)), *sides[kind])


def observe(world: World, state: State, view: str = "window", *, out: np.ndarray | None = None) -> np.ndarray:
    """What the agents of ``state`` see: uint8 (n, c, h, w), written into ``out`` where given.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=9)
    >>> observe(maze, engine.reset(maze, [0, 1]), "window").shape
    (2, 2, 13, 13)
    """
    kind, size, flipped = parse_view(world, view)
    wanted = (len(state.clock), *observation_shape(world, view))
    if out is None:
        out = np.empty(wanted, np.uint8)
    elif out.shape != wanted or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise BadInput(f"out is {out.dtype} {out.shape}; expected a contiguous uint8 array of shape {wanted}")
    if kind == "grid":
        first = 0 if world.spec.wall_shown else 1
        _grid(state.planes, first, world.seen.stop, state.counters, np.array(world.gauges, np.int64), out)
    elif kind == "window":
        _window(state.planes, state.agent, world.seen.stop, out)
    else:
        paint(appearance(world, state.planes, state.counters), tiles(world, size), out)
    if kind == "window" and world.gauges:
        _gauges(state.counters, world.gauges, out)
    if flipped:
        out[:] = out[:, :, ::-1].copy()
    return out


@kernel
def _grid(planes, first, stop, counters, shown, out):
    """The planes from ``first`` to ``stop`` of each instance in one piece, its gauges after them."""
    n, count, h, w = planes.shape
    source, target, bare = planes.reshape(-1), out.reshape(-1), np.zeros(h * w, np.uint8)
    length = (stop - first) * h * w
    for i in range(n):
        here, there = i * out.shape[1] * h * w, (i * count + first) * h * w
        copy(target, np.uint64(here), source, np.uint64(there), np.uint64(length))
        here += length
        for k in range(len(shown)):
            copy(target, np.uint64(here), bare, np.uint64(0), np.uint64(h * w))
            target[here : here + min(max(0, counters[i, shown[k]]), h * w)] = 1
            here += h * w


@kernel
def _window(planes, agent, stop, out):
    """Fill with what lies outside, then copy the rectangle in which the window and the grid overlap."""
    n, count, h, w = planes.shape
    seen, side = out.shape[1], out.shape[2]
    source, target = planes.reshape(-1), out.reshape(-1)
    for i in range(n):
        top, left = agent[i, 0] - side // 2, agent[i, 1] - side // 2
        y0, y1 = max(0, -top), min(side, h - top)
        x0, x1 = max(0, -left), min(side, w - left)
        width = np.uint64(max(0, x1 - x0))
        for c in range(stop):
            if c == AGENT:
                continue
            k = c if c < AGENT else c - 1
            fill(target, np.uint64((i * seen + k) * side * side), np.uint64(side * side), np.uint8(c == WALL))
            here = np.uint64(((i * seen + k) * side + y0) * side + x0)
            there = np.uint64(((i * count + c) * h + top + y0) * w + left + x0)
            for _ in range(y0, y1):
                copy(target, here, source, there, width)
                here += np.uint64(side)
                there += np.uint64(w)


@kernel
def _gauges(counters, shown, out):
    """The last planes: as many cells are 1, row by row, as the counter says."""
    first = out.shape[1] - len(shown)
    for i in range(len(out)):
        for k in range(len(shown)):
            plane = out[i, first + k].reshape(-1)
            plane[:] = 0
            plane[: max(0, counters[i, shown[k]])] = 1
