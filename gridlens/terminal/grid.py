"""A world's grid as lines for a terminal: the picture in half blocks where there is room, else coloured letters."""

from functools import lru_cache
from itertools import groupby

import numpy as np

from envs.editing.letters import FREE, WALL_LETTER, letters
from envs.observations import observe, parse_view, planes_of
from envs.pictures.rendering import appearance, paint, tiles, topmost
from envs.spec import World
from envs.state import AGENT, State
from gridlens.terminal.colours import Colour, Depth, painted

SMALLEST, LARGEST = 6, 12
"""Pixels a cell below which icons cannot be told apart, and above which nothing is gained."""


def grid(
    world: World,
    state: State,
    *,
    columns: int,
    rows: int,
    depth: Depth,
    view: str | None = None,
    pictures: bool = True,
) -> list[str] | None:
    """Lines that fit into ``columns`` and ``rows``, or None where the grid does not; ``view``: as an agent sees it.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> for line in grid(maze, engine.reset(maze, [0]), columns=80, rows=10, depth="none"):
    ...     print(line)
    # # # # #
    # . . C #
    # # # . #
    # @ . . #
    # # # # #
    """
    planes = shown_planes(world, state, view)
    _, _, h, w = planes.shape
    strip = 1 if world.gauges else 0
    size = min(columns // w, 2 * rows // (h + strip), LARGEST)
    if pictures and depth != "none" and size >= SMALLEST:
        return half_blocks(_picture(world, planes, state.counters, size), depth=depth)
    if h > rows or w > columns:
        return None
    large = 4 * w <= columns and 2 * h <= rows
    return lettered(world, planes, width=4 if large else 2 if 2 * w <= columns else 1, depth=depth)


def shown_planes(world: World, state: State, view: str | None) -> np.ndarray:
    """The planes that may be seen, all of them (1, c, h, w); through a view, what is in it, the agent included."""
    if view is None:
        return state.planes[:1, world.seen]
    kind, size, flipped = parse_view(world, view)
    planes = state.planes[:1, world.seen].copy()
    if kind == "window":
        planes = np.zeros((1, world.seen.stop, size, size), np.uint8)
        seen = observe(world, state, view.removeprefix("flipped-"))[:1]
        for k, c in enumerate(planes_of(world, view)):
            planes[:, c] = seen[:, k]
        planes[:, AGENT, size // 2, size // 2] = 1
    return np.ascontiguousarray(planes[:, :, ::-1]) if flipped else planes


def _picture(world: World, planes: np.ndarray, counters: np.ndarray, size: int) -> np.ndarray:
    numbers = appearance(world, planes, counters[:1])
    _, h, w = numbers.shape
    out = np.empty((1, 3, h * size, w * size), np.uint8)
    paint(numbers, tiles(world, size), out)
    return out[0].transpose(1, 2, 0)


def half_blocks(picture: np.ndarray, *, depth: Depth) -> list[str]:
    """A picture (y, x, 3), two pixels a character: the upper is its ink, the lower its paper."""
    if len(picture) % 2:
        picture = np.concatenate([picture, picture[-1:]])
    lines = []
    for upper, lower in zip(picture[::2].tolist(), picture[1::2].tolist(), strict=True):
        pairs = [(tuple(ink), tuple(paper)) for ink, paper in zip(upper, lower, strict=True)]
        line = [
            painted("▀" * len(list(same)), ink=ink, paper=paper, depth=depth)
            for (ink, paper), same in groupby(pairs)
        ]
        lines.append("".join(line))
    return lines


def lettered(world: World, planes: np.ndarray, *, width: int, depth: Depth) -> list[str]:
    """A letter for the topmost thing of each cell, on the colour of its icon; 1, 2 or 4 characters a cell.

    Cells of 4 are two lines high. Without colour, letters are a space apart at most.
    """
    names = (FREE, *letters(world))
    numbers = topmost(planes)[0]
    looks = (world.spec.appearance or topmost)(planes)[0]
    papers = colours(world)
    lines = []
    for row, look in zip(numbers.tolist(), looks.tolist(), strict=True):
        if depth == "none":
            lines.append((" " if width > 1 else "").join(names[k] for k in row))
            continue
        for signs in ([names[k] for k in row], [FREE] * len(row))[: 2 if width == 4 else 1]:
            cells = zip(signs, look, strict=True)
            lines.append("".join(_cell(sign, papers[tile], width, depth) for sign, tile in cells))
    return lines


def _cell(sign: str, paper: Colour, width: int, depth: Depth) -> str:
    ink: Colour = (0, 0, 0) if 299 * paper[0] + 587 * paper[1] + 114 * paper[2] > 128_000 else (255, 255, 255)
    shown = " " if sign in (FREE, WALL_LETTER) else sign
    return painted((" " * (width == 4) + shown).ljust(width), ink=ink, paper=paper, depth=depth)


@lru_cache(maxsize=64)
def colours(world: World) -> list[Colour]:
    """The colour of bare floor and of each icon: what most of it has, the floor that icons share left out."""
    pixels = tiles(world, 16).transpose(0, 2, 3, 1).reshape(-1, 256, 3)
    corners = [tuple(tile[0].tolist()) for tile in pixels]
    return [
        _colour(tile, floor=corners.count(corner) > 1) for tile, corner in zip(pixels, corners, strict=True)
    ]


def _colour(pixels: np.ndarray, *, floor: bool) -> Colour:
    drawn = pixels[(pixels != pixels[0]).any(axis=1)]
    found, times = np.unique(drawn if floor and len(drawn) else pixels, axis=0, return_counts=True)
    red, green, blue = found[times.argmax()].tolist()
    return red, green, blue
