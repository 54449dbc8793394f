"""Grids side by side: a level in pale grey under colours, with arrows, marks and a ring, and a scale below them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas

from reports.drawing import INK, MUTED, WIDTH
from reports.figures import clipped
from reports.maps import MARKS, SIGNED_COLOURS, VALUE_COLOURS, plain

GAP = 10.0
"""Points between two panels."""
NAMED, SCALED = 20.0, 30.0
"""Points above each row of panels for names, and below all for what the colours mean."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One grid: ``numbers`` (rows, columns) as colour, NaN where there is none, over the picture of a level.

    ``signed``: blue below 0, nothing at 0, orange above; else from dark blue up to yellow. ``moves``: arrows (rows
    down, columns right) in cells. ``marks``: what lies where; ``ring``: one cell that is pointed out; ``start``.
    """

    name: str
    numbers: Float[np.ndarray, "rows cols"]
    frame: Num[np.ndarray, "y x 3"] = field(repr=False)
    scale: tuple[float, float]
    signed: bool = False
    moves: Float[np.ndarray, "rows cols 2"] | None = field(default=None, repr=False)
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    ring: tuple[int, int] | None = None
    start: tuple[int, int] | None = None


def height_of(panels: Sequence[Panel], columns: int) -> float:
    """Points that so many panels take, ``columns`` side by side."""
    rows, cols = panels[0].numbers.shape
    return -(-len(panels) // columns) * (_side(columns) * rows / cols + NAMED) + SCALED


def draw_panels(canvas: Canvas, panels: Sequence[Panel], columns: int, *, legend: str) -> None:
    """Fill a canvas of ``height_of`` points; ``legend``: what the numbers of the unsigned panels are."""
    rows, cols = panels[0].numbers.shape
    side, height = _side(columns), height_of(panels, columns)
    tall = side * rows / cols
    for index, one in enumerate(panels):
        left, top = (index % columns) * (side + GAP), height - (index // columns) * (tall + NAMED) - NAMED
        axes = canvas.add_axes((left / WIDTH, (top - tall) / height, side / WIDTH, tall / height))
        _panel(axes, one, cell=side / cols)
        canvas.text(
            left / WIDTH, (top + 6) / height, clipped(one.name, int(side / 5.1)), color=INK, fontsize=9.5
        )
    _scales(canvas, panels, height, legend)


def _side(columns: int) -> float:
    return min((WIDTH - GAP * (columns - 1)) / columns, 230.0)


def _panel(axes: Axes, one: Panel, *, cell: float) -> None:
    rows, cols = one.numbers.shape
    extent = (-0.5, cols - 0.5, rows - 0.5, -0.5)
    axes.imshow(_greyed(one.frame), extent=extent, interpolation="none")
    shades = _shades(one)
    axes.imshow(shades, extent=extent, interpolation="none")
    if one.moves is not None:
        _arrows(axes, one, shades, cell=cell)
    if one.start is not None:
        axes.plot([one.start[1]], [one.start[0]], "o", ms=cell / 2.6, color="white", mec="black", mew=1)
    for style, (row, column) in zip(MARKS, one.marks.values(), strict=False):
        size = min(style["ms"], cell * 0.8)
        axes.plot(
            [column],
            [row],
            color="#f0e442",
            mec="black",
            mew=0.9,
            ls="none",
            zorder=6,
            **style | {"ms": size},
        )
    if one.ring is not None:
        axes.plot(
            [one.ring[1]], [one.ring[0]], "s", ms=cell * 0.95, mfc="none", mec="black", mew=2.6, zorder=7
        )
        axes.plot(
            [one.ring[1]], [one.ring[0]], "s", ms=cell * 0.95, mfc="none", mec="white", mew=1.2, zorder=8
        )
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _greyed(frame: np.ndarray) -> np.ndarray:
    grey = 0.3 + 0.66 * plain(frame).mean(2, keepdims=True)
    return np.repeat(grey, 3, axis=2)


def _shades(one: Panel) -> np.ndarray:
    known = np.isfinite(one.numbers)
    if one.signed:
        reach = max(abs(one.scale[0]), abs(one.scale[1])) or 1.0
        strength = np.where(known, one.numbers, 0) / reach
        shades = SIGNED_COLOURS(np.clip(strength, -1, 1) / 2 + 0.5)
        shades[..., 3] = 0.92 * np.clip(np.abs(strength), 0, 1) ** 0.75
    else:
        scale = Normalize(one.scale[0], max(one.scale[1], one.scale[0] + 1e-9))
        shades = matplotlib.colormaps[VALUE_COLOURS](scale(np.where(known, one.numbers, one.scale[0])))
    shades[~known] = 0
    return np.asarray(shades)


def _arrows(axes: Axes, one: Panel, shades: np.ndarray, *, cell: float) -> None:
    assert one.moves is not None, "asked for only where there are moves"
    moves = np.nan_to_num(one.moves)
    where = np.argwhere(np.isfinite(one.numbers) & (np.linalg.norm(moves, axis=2) > 0.05))
    along = moves[where[:, 0], where[:, 1]] * 0.82
    lit = shades[where[:, 0], where[:, 1]]
    dark = (lit[:, :3] @ (0.299, 0.587, 0.114)) * lit[:, 3] + 0.9 * (1 - lit[:, 3]) < 0.5
    for shade, chosen in (("white", dark), ("black", ~dark)):
        axes.quiver(
            *(where[chosen, 1], where[chosen, 0], along[chosen, 1], along[chosen, 0]),
            angles="xy", scale_units="xy", scale=1, pivot="mid", color=shade, zorder=4,
            units="inches", width=max(cell / 13, 0.7) / 72, headwidth=4.2, headlength=4, headaxislength=3.6,
            minlength=0,
        )  # fmt: skip


def _scales(canvas: Canvas, panels: Sequence[Panel], height: float, legend: str) -> None:
    """What the colours and marks mean, in two lines along the lower edge."""
    axes = canvas.add_axes((0, 0, 1, SCALED / height))
    axes.set(xlim=(0, WIDTH), ylim=(0, SCALED))
    axes.set_axis_off()
    at = 0.0
    for signed in (False, True):
        shown = [one for one in panels if one.signed == signed]
        if shown:
            at = _ramp(axes, at, shown[0], "change" if signed else legend) + 16
    at = 6.0
    for style, name in zip(MARKS, panels[0].marks, strict=False):
        size = {"ms": 0.85 * style["ms"]}
        axes.plot([at], [5], color="#f0e442", mec="black", mew=0.9, ls="none", **style | size)
        axes.text(at + 9, 5, name, va="center", color=INK, fontsize=9)
        at += 26 + 5.2 * len(name)
    ends: tuple[tuple[bool, str, dict[str, Any]], ...] = (
        (any(one.start for one in panels), "start", {"marker": "o", "mfc": "white"}),
        (any(one.ring for one in panels), "largest", {"marker": "s", "mfc": "none"}),
    )
    for there, name, style in ends:
        if there:
            axes.plot([at], [5], ms=7, mec=MUTED, mew=1.2, ls="none", **style)
            axes.text(at + 9, 5, name, va="center", color=INK, fontsize=9)
            at += 26 + 5.2 * len(name)


def _ramp(axes: Axes, at: float, one: Panel, name: str) -> float:
    """A strip of the colours between its ends, from ``at`` on; returns where it stops."""
    low, high = one.scale
    if one.signed:
        high = max(abs(low), abs(high))
        low = -high
    values = np.linspace(low, high, 33)[None]
    sample = Panel("", values, np.ones((1, 1, 3)), (low, high), one.signed)
    said = f"{name} {low:.2g}"
    axes.text(at, 22, said, va="center", color=INK, fontsize=9)
    left = at + 5.0 * len(said) + 6
    place = (left, left + 58, 18, 27)
    floor = _greyed(np.full((1, 1, 3), 0.95))
    for strip in (floor, _shades(sample)):
        axes.imshow(strip, extent=place, aspect="auto", interpolation="none")
    axes.text(left + 62, 22, f"{high:.2g}", va="center", color=INK, fontsize=9)
    return left + 62 + 5.0 * len(f"{high:.2g}")
