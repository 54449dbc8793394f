"""Pictures of patching effects: exact beside gradient, one dot a unit; and where in the picture, on a blank grid."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, MUTED, RULE, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.maps import SIGNED_COLOURS
from reports.patching import small_multiples
from reports.sections import Figure

DOTS = 600
"""The most dots drawn in one panel; the strongest and, of the others, evenly many are kept."""


@dataclass(frozen=True, eq=False)
class Dots:
    """The same quantities measured in two ways: one panel, with a line of words under its name."""

    name: str
    first: Float[np.ndarray, "n"]
    second: Float[np.ndarray, "n"]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Grid:
    """Effects by place, (rows, columns) over the picture; ``outline``: where the inputs differ, if that is known."""

    name: str
    effects: Float[np.ndarray, "rows cols"]
    outline: Num[np.ndarray, "h w"] | None = field(default=None, repr=False)
    note: str = ""


def beside(panels: Sequence[Dots], *, title: str, caption: str, axes: tuple[str, str]) -> Figure:
    """One panel a layer: each dot the same unit measured in two ways; on the line they agree.

    ``axes``: what lies along x and y. Each panel has its own scale, the same along both axes.

    Raises
    ------
    BadInput
        if there are no panels.

    >>> dots = Dots("conv", np.array([0.0, 1.0]), np.array([0.0, 0.5]))
    >>> beside([dots], title="Agree", caption="", axes=("exact", "gradient")).rows[1]["gradient"]
    0.5
    """
    if not panels:
        raise BadInput(f"figure {title!r} has nothing to show; expected at least one panel")

    def fill(plot: Axes, index: int) -> None:
        one = panels[index]
        kept = thinned(one)
        reach = 1.08 * max(float(np.abs([one.first, one.second]).max()), 1e-9)
        plot.plot([-reach, reach], [-reach, reach], color=MUTED, lw=0.8, zorder=0)
        plot.axhline(0, color=RULE, lw=0.6, zorder=0)
        plot.axvline(0, color=RULE, lw=0.6, zorder=0)
        plot.plot(one.first[kept], one.second[kept], "o", ms=2.6, color=SERIES[0], alpha=0.55, mew=0)
        plot.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[])
        plot.spines[["left", "bottom"]].set_visible(False)
        plot.text(0.03, 0.97, one.note, transform=plot.transAxes, va="top", color=INK, fontsize=9)
        plot.text(
            0.98, 0.02, f"to {reach:.2g}", transform=plot.transAxes, ha="right", color=MUTED, fontsize=8.5
        )

    inner, height = small_multiples([one.name for one in panels], fill, under=f"{axes[0]}", square=True)

    def draw(canvas: Canvas) -> None:
        inner(canvas)
        canvas.text(6 / WIDTH, 0.5, axes[1], rotation=90, va="center", color=MUTED)

    rows = [
        {
            "layer": one.name,
            "number": number,
            axes[0]: float(one.first[number]),
            axes[1]: float(one.second[number]),
        }
        for one in panels
        for number in range(len(one.first))
    ]
    spoken = "; ".join(f"{one.name}: {len(one.first)} dots {one.note}".strip() for one in panels)
    alt = f"{title}: {axes[1]} over {axes[0]}. {spoken}."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def thinned(dots: Dots) -> np.ndarray:
    """Numbers of the dots that are drawn: all, or the strongest half of ``DOTS`` and evenly many of the rest.

    >>> len(thinned(Dots("", np.arange(5000.0), np.zeros(5000)))) <= DOTS
    True
    """
    if len(dots.first) <= DOTS:
        return np.arange(len(dots.first))
    order = np.argsort(-np.maximum(np.abs(dots.first), np.abs(dots.second)), kind="stable")
    rest = order[DOTS // 2 :]
    return np.concatenate([order[: DOTS // 2], rest[:: -(-len(rest) // (DOTS // 2))]])


def place_grids(grids: Sequence[Grid], *, title: str, caption: str) -> Figure:
    """Effects by place on blank squares, four side by side; a line frames where the inputs differ.

    Each grid has its own scale, its strongest place: orange brings the clean answer back, blue takes it further away.

    Raises
    ------
    BadInput
        if there are no grids.

    >>> place_grids([Grid("conv", np.eye(3))], title="Where", caption="").rows[0]["effect"]
    1.0
    """
    if not grids:
        raise BadInput(f"figure {title!r} has nothing to show; expected at least one grid")
    columns = min(4, len(grids))
    lines = -(-len(grids) // columns)
    side = min((WIDTH - 8 * (columns - 1)) / columns, 120.0)
    block = side + 34
    height = lines * block + 4

    def draw(canvas: Canvas) -> None:
        for index, one in enumerate(grids):
            left, top = (index % columns) * (side + 8), height - (index // columns) * block - 16
            axes = canvas.add_axes((left / WIDTH, (top - side) / height, side / WIDTH, side / height))
            _grid(axes, one)
            room = int(side / 5.4)
            canvas.text(left / WIDTH, (top + 3) / height, clipped(one.name, room), color=INK, fontsize=9)
            canvas.text(
                left / WIDTH,
                (top - side - 4) / height,
                clipped(one.note, room + 2),
                color=MUTED,
                fontsize=9,
                va="top",
            )

    rows = [
        {"grid": one.name, "row": row, "column": column, "effect": float(one.effects[row, column])}
        for one in grids
        for row, column in np.ndindex(one.effects.shape)
    ]
    alt = f"{title}. " + " ".join(_strongest(one) for one in grids)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _grid(axes: Axes, one: Grid) -> None:
    rows, columns = one.effects.shape
    strength = one.effects / (float(np.abs(one.effects).max()) or 1.0)
    shades = SIGNED_COLOURS(strength / 2 + 0.5)
    shades[..., 3] = np.abs(strength) ** 0.75
    axes.imshow(shades, extent=(0, columns, rows, 0), interpolation="none")
    if one.outline is not None and not one.outline.all():
        framed = np.asarray(one.outline, float)
        height, width = framed.shape
        across, down = (np.arange(width) + 0.5) * columns / width, (np.arange(height) + 0.5) * rows / height
        axes.contour(across, down, framed, levels=[0.5], colors=[INK], linewidths=1)
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(RULE)


def _strongest(one: Grid) -> str:
    row, column = np.unravel_index(np.abs(one.effects).argmax(), one.effects.shape)
    note = f" ({one.note})" if one.note else ""
    return f"{one.name}{note}: strongest at row {row}, column {column}, {one.effects[row, column]:.3g}."
