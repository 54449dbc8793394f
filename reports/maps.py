"""Pictures of what an agent or a classifier does with one input: maze maps and attribution overlays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, MUTED, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.sections import Figure

VALUE_COLOURS = "cividis"
"""Reads the same with and without colour vision [nunez2018]."""

SIGNED_COLOURS = LinearSegmentedColormap.from_list("signed", ["#004e80", "#0072b2", "#d55e00", "#9c3f00"])

CELLS = 75
"""The most blocks along one side of an attribution that a reader can tell apart at the size of a figure."""

MANY = 1000
"""Blocks of a map from which on the strongest hundredth do not set its scale."""

MARKS: tuple[dict[str, Any], ...] = (
    {"marker": "*", "ms": 12},
    {"marker": "D", "ms": 6.5},
    {"marker": "P", "ms": 8},
    {"marker": "X", "ms": 8},
)


@dataclass(frozen=True, eq=False)
class MazeMap:
    """What one agent would do in every cell of one maze, and what it did.

    ``frame``: the maze as rendered, (h, w, 3) in [0, 1] or uint8, its cells of equal size. ``values``: the value
    head with the agent put in each cell, NaN where it cannot stand. ``moves``: expected displacement
    under the policy, (rows down, columns right) in cells, length at most 1. ``path``: the cells visited from the
    start on. ``marks``: what lies where, by name, as (row, column). ``best``: a Q-network's map, of its best actions.
    """

    subject: str
    frame: Num[np.ndarray, "h w 3"]
    values: Float[np.ndarray, "rows cols"]
    moves: Float[np.ndarray, "rows cols 2"]
    path: Num[np.ndarray, "steps 2"]
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    note: str = ""
    best: bool = False


@dataclass(frozen=True, eq=False)
class Overlay:
    """One input and how much each of its pixels or cells counted for (+) or against (-) a target.

    ``image``: (h, w, 3) in [0, 1]; ``attribution``: (rows, cols), the channels already summed.
    """

    subject: str
    image: Num[np.ndarray, "h w 3"]
    attribution: Float[np.ndarray, "rows cols"]
    note: str = ""


def maze_maps(maps: Sequence[MazeMap], *, title: str, caption: str) -> Figure:
    """Agents side by side on one maze: value as colour (one scale for all), policy as arrows, the path walked.

    Raises
    ------
    BadInput
        if there are no maps, or they are of mazes of different sizes.
    """
    if len({one.values.shape for one in maps}) != 1:
        raise BadInput(f"figure {title!r} needs maps of one maze; got sizes {[m.values.shape for m in maps]}")
    seen = np.concatenate([one.values[np.isfinite(one.values)] for one in maps])
    scale = Normalize(float(seen.min()), float(max(seen.max(), seen.min() + 1e-6)))
    rows, cols = maps[0].values.shape
    side = (WIDTH - 12 * (len(maps) - 1)) / len(maps)
    top, bottom = (34.0 if any(one.note for one in maps) else 20.0), 46.0
    height = side * rows / cols + top + bottom

    def draw(canvas: Canvas) -> None:
        for index, one in enumerate(maps):
            box = (index * (side + 12) / WIDTH, bottom / height, side / WIDTH, side * rows / cols / height)
            axes = canvas.add_axes(box)
            _maze(axes, one, scale, cell=side / cols, colour=SERIES[index % 4])
            axes.set_title(clipped(one.subject, 26), pad=19 if one.note else 6)
            if one.note:
                axes.text(0, 1.025, clipped(one.note, 36), transform=axes.transAxes, color=MUTED, fontsize=9)
        _maze_legend(canvas, maps[0], scale, height)

    alt = f"{title}. " + " ".join(_told(one) for one in maps)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=_cells(maps))


def attribution_overlays(overlays: Sequence[Overlay], *, title: str, caption: str) -> Figure:
    """Inputs on top, the same inputs in pale grey below with what counted for (orange) and against (blue).

    Each map has its own scale: the 99th percentile of its strengths. Maps finer than ``CELLS`` are summed over
    square blocks first, since single pixels cannot be seen; their sum stays what it was.

    >>> one = Overlay("a", np.ones((4, 4, 3)), np.eye(4), note="class 3")
    >>> attribution_overlays([one], title="Why", caption="").rows[0]["strongest"]
    1.0
    """
    if not overlays:
        raise BadInput(f"figure {title!r} has no attributions to show; expected at least one")
    columns = min(len(overlays), 4)
    lines = -(-len(overlays) // columns)
    side = min((WIDTH - 8 * (columns - 1)) / columns, 150.0)
    block = 2 * side + 46
    height = lines * block + 22

    def draw(canvas: Canvas) -> None:
        for index, one in enumerate(overlays):
            left, up = (index % columns) * (side + 8), height - (index // columns) * block - 16
            for pixels, base in ((plain(one.image), up - side), (overlaid(one), up - 2 * side - 5)):
                axes = canvas.add_axes((left / WIDTH, base / height, side / WIDTH, side / height))
                axes.imshow(pixels, interpolation="none")
                axes.set_axis_off()
            room = int(side / 5.2)
            named: dict[str, Any] = {"fontsize": 9, "va": "top"}
            canvas.text(left / WIDTH, (up + 12) / height, clipped(one.subject, room), color=INK, **named)
            canvas.text(left / WIDTH, (base - 4) / height, clipped(one.note, room), color=MUTED, **named)
        signed_legend(canvas, height)

    rows = [
        {"subject": o.subject, "note": o.note, "sum": float(o.attribution.sum()), "strongest": _peak(o)}
        for o in overlays
    ]
    alt = f"{title}. " + " ".join(pointed(one) for one in overlays)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def overlaid(one: Overlay, *, peak: float | None = None) -> Float[np.ndarray, "a b 3"]:
    """The input in pale grey under its attribution: colour says the sign, opacity the strength.

    ``peak`` is the strength drawn full; without it the map's own strongest, or where that may be a stray one of
    many, the 99th percentile.

    >>> overlaid(Overlay("a", np.ones((2, 2, 3)), np.zeros((2, 2)))).round(2)[0, 0].tolist()
    [0.95, 0.95, 0.95]
    """
    image = plain(one.image)
    signed = blocks(one.attribution)
    strayed = float(np.quantile(np.abs(signed), 0.99)) if signed.size >= MANY else 0.0
    strength = signed / (peak or strayed or float(np.abs(signed).max()) or 1.0)
    height, width = max(image.shape[0], signed.shape[0]), max(image.shape[1], signed.shape[1])
    image, strength = _stretched(image, height, width), _stretched(strength, height, width)
    grey = 0.45 + 0.5 * np.repeat(image.mean(2, keepdims=True), 3, axis=2)
    opacity = 0.9 * np.clip(np.abs(strength), 0, 1)[..., None] ** 0.75
    return grey * (1 - opacity) + SIGNED_COLOURS(strength / 2 + 0.5)[..., :3] * opacity


def blocks(attribution: Float[np.ndarray, "rows cols"]) -> Float[np.ndarray, "down across"]:
    """A map summed over square blocks, the smallest that leave at most ``CELLS`` of them along its longer side.

    >>> blocks(np.ones((2 * CELLS, 2 * CELLS))).shape == (CELLS, CELLS), blocks(np.ones((7, 7))).shape
    (True, (7, 7))
    """
    side = -(-max(attribution.shape) // CELLS)
    starts = [np.arange(0, length, side) for length in attribution.shape]
    return np.add.reduceat(np.add.reduceat(attribution, starts[0], axis=0), starts[1], axis=1)


def plain(image: Num[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
    """A picture, uint8 or in [0, 1], as floats in [0, 1]."""
    return np.clip(np.asarray(image, float) / (255 if image.dtype == np.uint8 else 1), 0, 1)


def _peak(one: Overlay) -> float:
    return float(np.abs(one.attribution).max())


def _stretched(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    down = np.arange(height) * grid.shape[0] // height
    return grid[down][:, np.arange(width) * grid.shape[1] // width]


def _maze(axes: Axes, one: MazeMap, scale: Normalize, *, cell: float, colour: str) -> None:
    rows, cols = one.values.shape
    extent = (-0.5, cols - 0.5, rows - 0.5, -0.5)
    axes.imshow(one.frame, extent=extent, interpolation="none")
    shades = matplotlib.colormaps[VALUE_COLOURS](scale(np.ma.masked_invalid(one.values)))
    shades[~np.isfinite(one.values)] = 0
    axes.imshow(shades, extent=extent, interpolation="none")
    path = np.asarray(one.path, float)
    axes.plot(path[:, 1], path[:, 0], color=colour, lw=cell / 2, solid_capstyle="round")
    _arrows(axes, one, shades, cell=cell)
    ends: dict[str, Any] = {"color": colour, "mec": "white", "mew": 1, "zorder": 5}
    axes.plot(path[:1, 1], path[:1, 0], "o", ms=cell / 2.4, **ends)
    for style, (row, column) in zip(MARKS, one.marks.values(), strict=False):
        axes.plot([column], [row], color="#f0e442", mec="black", mew=0.9, zorder=6, ls="none", **style)
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _arrows(axes: Axes, one: MazeMap, shades: np.ndarray, *, cell: float) -> None:
    where = np.argwhere(np.isfinite(one.values) & (np.linalg.norm(one.moves, axis=2) > 0.05))
    moves = one.moves[where[:, 0], where[:, 1]] * 0.82
    walked = (where[:, None] == np.asarray(one.path)[None]).all(2).any(1)
    dark = walked | (shades[where[:, 0], where[:, 1], :3] @ (0.299, 0.587, 0.114) < 0.5)
    for shade, chosen in (("white", dark), ("black", ~dark)):
        axes.quiver(
            *(where[chosen, 1], where[chosen, 0], moves[chosen, 1], moves[chosen, 0]),
            angles="xy", scale_units="xy", scale=1, pivot="mid", color=shade, zorder=4,
            units="dots", width=max(cell / 13, 0.7), headwidth=4.2, headlength=4, headaxislength=3.6, minlength=0,
        )  # fmt: skip


def _maze_legend(canvas: Canvas, one: MazeMap, scale: Normalize, height: float) -> None:
    axes = canvas.add_axes((0, 0, 1, 38 / height))
    axes.set(xlim=(0, WIDTH), ylim=(0, 38))
    axes.set_axis_off()
    at = 6.0
    for style, name in zip(MARKS, one.marks, strict=False):
        axes.plot([at], [29], color="#f0e442", mec="black", mew=0.9, ls="none", **style)
        axes.text(at + 10, 29, name, va="center", color=INK, fontsize=9)
        at += 28 + 5.4 * len(name)
    axes.plot([at, at + 16], [29, 29], color=MUTED, lw=2.5, marker="o", markevery=[0], ms=6)
    axes.text(at + 22, 29, "path walked from the start", va="center", color=INK, fontsize=9)
    ramp = matplotlib.colormaps[VALUE_COLOURS](np.linspace(0, 1, 32))[None]
    axes.imshow(ramp, extent=(62, 150, 5, 14), aspect="auto", interpolation="none")
    axes.text(58, 9, f"value {scale.vmin:.2g}", va="center", ha="right", color=INK, fontsize=9)
    axes.text(154, 9, f"{scale.vmax:.2g}", va="center", color=INK, fontsize=9)


def signed_legend(canvas: Canvas, height: float) -> None:
    """What orange and blue mean, along the lower edge of a canvas of ``height`` points."""
    axes = canvas.add_axes((0, 0, 1, 18 / height))
    axes.set(xlim=(0, WIDTH), ylim=(0, 18))
    axes.set_axis_off()
    for at, colour, word in ((6, "#d55e00", "counts for"), (84, "#0072b2", "counts against")):
        axes.plot([at], [9], "s", color=colour, ms=9)
        axes.text(at + 9, 9, word, va="center", color=INK, fontsize=9)


def _told(one: MazeMap) -> str:
    end = tuple(int(side) for side in one.path[-1])
    places = ", ".join(f"{name} at row {row}, column {column}" for name, (row, column) in one.marks.items())
    over = [name for name, place in one.marks.items() if (np.asarray(one.path) == place).all(1).any()]
    passed = f" It passed {', '.join(over)}." if over else " It passed none of them." if one.marks else ""
    start = tuple(int(side) for side in one.path[0])
    return (
        f"{one.subject}: {len(one.path) - 1} steps from row {start[0]}, column {start[1]} "
        f"to row {end[0]}, column {end[1]}; {places or 'nothing marked'}.{passed}"
    )


def pointed(one: Overlay) -> str:
    """In words: where the strongest spot is, and its sign."""
    row, column = np.unravel_index(np.abs(one.attribution).argmax(), one.attribution.shape)
    sign = "for" if one.attribution[row, column] >= 0 else "against"
    note = f" ({one.note})" if one.note else ""
    return f"{one.subject}{note}: the strongest spot, at row {row}, column {column}, counts {sign}."


def _cells(maps: Sequence[MazeMap]) -> list[dict[str, Any]]:
    return [
        {
            "subject": one.subject,
            "row": int(row),
            "column": int(column),
            "value": float(one.values[row, column]),
        }
        | {"down": float(one.moves[row, column, 0]), "right": float(one.moves[row, column, 1])}
        for one in maps
        for row, column in np.argwhere(np.isfinite(one.values))
    ]
