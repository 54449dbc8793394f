"""Figures of two networks side by side: how many units have a counterpart, how alike the nearest are, and which."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MUTED, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.maps import VALUE_COLOURS
from reports.patching import small_multiples
from reports.sections import Figure

ABREAST = 2
"""Couples of pictures side by side."""


@dataclass(frozen=True, eq=False)
class Couple:
    """Two units that answer alike, and a picture (h, w, 3) of each where there is one."""

    first: str
    second: str
    correlation: Interval
    pictures: tuple[Num[np.ndarray, "h w 3"] | None, Num[np.ndarray, "h w 3"] | None] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Nearest:
    """Each unit's best correlation at one layer pair, in the network asked about and in controls, by name."""

    name: str
    values: dict[str, Float[np.ndarray, "n"]] = field(repr=False)
    threshold: float


@dataclass(frozen=True, eq=False)
class Shares:
    """The share of each row's units that have a counterpart in each column, and by chance; NaN where not compared."""

    rows: Sequence[str]
    columns: Sequence[str]
    real: Float[np.ndarray, "r c"] = field(repr=False)
    chance: Float[np.ndarray, "r c"] = field(repr=False)


def share_table(shares: Shares, *, title: str, caption: str, axes: tuple[str, str], control: str) -> Figure:
    """A square for each layer pair: in it the share of the row's units, and below it, small, that of the control.

    The best of each row has a frame. ``axes`` names rows and columns.

    Raises
    ------
    BadInput
        if there are no layers.

    >>> one = Shares(["conv"], ["relu"], np.array([[0.5]]), np.array([[0.1]]))
    >>> share_table(one, title="t", caption="", axes=("A", "B"), control="shuffled").rows[0]["share"]
    0.5
    """
    if not shares.rows or not shares.columns:
        raise BadInput(f"figure {title!r} has no layers to show; expected at least one of each network")
    left, head = 96.0, 96.0
    wide = (WIDTH - left - 2) / len(shares.columns)
    tall = min(max(wide, 30.0), 40.0)
    height = head + tall * len(shares.rows) + 4
    colours = matplotlib.colormaps[VALUE_COLOURS]

    def draw(canvas: Canvas) -> None:
        size = (left / WIDTH, 4 / height, 1 - (left + 2) / WIDTH, 1 - (head + 4) / height)
        plot = canvas.add_axes(size)
        plot.set(xlim=(0, len(shares.columns)), ylim=(len(shares.rows), 0), xticks=[], yticks=[])
        plot.spines[:].set_visible(False)
        for row, name in enumerate(shares.rows):
            plot.text(-0.06, row + 0.5, clipped(name, 17), ha="right", va="center", fontsize=9, clip_on=False)
            for column in range(len(shares.columns)):
                _square(plot, shares, row, column, colours)
        for column, name in enumerate(shares.columns):
            plot.text(
                column + 0.35, -0.12, clipped(name, 16), rotation=45, va="bottom", fontsize=9, clip_on=False
            )
        canvas.text(0, 1 - 12 / height, f"{axes[0]} ↓", color=MUTED, fontsize=9, va="top")
        canvas.text(0, 1 - 26 / height, f"{axes[1]} →", color=MUTED, fontsize=9, va="top")

    rows = [
        {axes[0]: a, axes[1]: b, "share": float(shares.real[i, j]), control: float(shares.chance[i, j])}
        for i, a in enumerate(shares.rows)
        for j, b in enumerate(shares.columns)
        if not np.isnan(shares.real[i, j])
    ]
    alt = f"{title}: {_spoken(shares, control)}."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _square(plot: Axes, shares: Shares, row: int, column: int, colours: Any) -> None:
    share, chance = float(shares.real[row, column]), float(shares.chance[row, column])
    if np.isnan(share):
        plot.text(column + 0.5, row + 0.5, "–", ha="center", va="center", color=MUTED)
        return
    best = share > 0 and share == np.nanmax(shares.real[row])
    edge: dict[str, Any] = {"edgecolor": INK, "linewidth": 1.6} if best else {"linewidth": 0}
    box = matplotlib.patches.Rectangle(
        (column + 0.04, row + 0.04), 0.92, 0.92, facecolor=colours(share), **edge
    )
    plot.add_patch(box)
    ink = "white" if share < 0.55 else "black"
    said: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
    plot.text(column + 0.5, row + 0.38, f"{100 * share:.0f} %", fontsize=10, **said)
    plot.text(column + 0.5, row + 0.72, f"({100 * chance:.0f} %)", fontsize=8, **said)


def _spoken(shares: Shares, control: str) -> str:
    said = []
    for i, name in enumerate(shares.rows):
        if np.isnan(shares.real[i]).all():
            continue
        best = int(np.nanargmax(shares.real[i]))
        said.append(
            f"{name} most in {shares.columns[best]}, {100 * shares.real[i, best]:.0f} % "
            f"({control} {100 * shares.chance[i, best]:.0f} %)"
        )
    return "; ".join(said)


def nearest_curves(panels: Sequence[Nearest], *, title: str, caption: str) -> Figure:
    """One panel a layer pair: units from the one with the best counterpart to the one with the worst; a dashed line
    at the threshold.

    Raises
    ------
    BadInput
        if there are no panels.

    >>> one = Nearest("conv", {"B": np.array([0.2, 0.9]), "swapped": np.array([0.1, 0.1])}, 0.15)
    >>> nearest_curves([one], title="How alike", caption="").rows[0]
    {'layers': 'conv', 'rank': 1, 'B': 0.9, 'swapped': 0.1, 'threshold': 0.15}
    """
    if not panels:
        raise BadInput(f"figure {title!r} has nothing to show; expected at least one panel")

    def fill(plot: Axes, index: int) -> None:
        one = panels[index]
        for place, (name, values) in enumerate(one.values.items()):
            at = np.linspace(0, 1, len(values)) if len(values) > 1 else np.array([0.5])
            style: dict[str, Any] = {"lw": 1.8} if not place else {"lw": 1.2, "ls": (0, (3, 2))}
            plot.plot(at, np.sort(values)[::-1], color=SERIES[place % 4], label=clipped(name, 22), **style)
        plot.axhline(one.threshold, color=MUTED, lw=0.8, ls=(0, (1, 2)))
        plot.set(xlim=(0, 1), ylim=(0, 1.02))
        plot.set_xticks([0, 0.5, 1], ["", "50", "100 %"])
        plot.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
        quiet(plot)

    inner, height = small_multiples([one.name for one in panels], fill, under="units, best first")
    rows = []
    for one in panels:
        ranked = {name: np.sort(values)[::-1] for name, values in one.values.items()}
        count = min(map(len, ranked.values()))
        rows += [
            {"layers": one.name, "rank": place + 1}
            | {name: float(values[place]) for name, values in ranked.items()}
            | {"threshold": one.threshold}
            for place in range(count)
        ]
    spoken = "; ".join(
        f"{one.name}: medians "
        + ", ".join(f"{name} {np.median(values):.2f}" for name, values in one.values.items())
        for one in panels
    )
    alt = f"{title}: best correlation of each unit. {spoken}."
    return figure(inner, height=height, title=title, caption=caption, alt=alt, rows=rows)


def couples(given: Sequence[Couple], *, title: str, caption: str, names: tuple[str, str]) -> Figure:
    """Pictures of units that answer alike, two couples abreast, the first network's left; numbers below.

    Raises
    ------
    BadInput
        if there are no couples.

    >>> grey = np.full((8, 8, 3), 0.5)
    >>> one = Couple("conv:1", "relu:2", Interval(0.9, 0.8, 1.0, 9), (grey, None))
    >>> couples([one], title="Alike", caption="", names=("A", "B")).alt
    'Alike, A left and B right: conv:1 and relu:2, correlation 0.90.'
    """
    if not given:
        raise BadInput(f"figure {title!r} has no couples to show; expected at least one")
    gap, between, text = 2.0, 16.0, 30.0
    side = (WIDTH - between * (ABREAST - 1) - gap * ABREAST) / (2 * ABREAST)
    lines = -(-len(given) // ABREAST)
    height = lines * (side + text) + 2

    def draw(canvas: Canvas) -> None:
        for number, one in enumerate(given):
            row, column = divmod(number, ABREAST)
            x, y = column * (2 * side + gap + between), height - (row + 1) * (side + text) + text
            for place, picture in enumerate(one.pictures):
                _picture(canvas, picture, (x + place * (side + gap), y, side), height)
            middle = (x + side + gap / 2) / WIDTH
            said: dict[str, Any] = {"ha": "center", "va": "top"}
            canvas.text(
                middle, (y - 3) / height, f"{one.first} | {one.second}", fontsize=9, color=INK, **said
            )
            alike = one.correlation
            numbers = f"{alike.estimate:.2f} [{alike.low:.2f}, {alike.high:.2f}]"
            canvas.text(middle, (y - 15) / height, numbers, fontsize=9, color=MUTED, **said)

    rows = [
        {
            "first": one.first,
            "second": one.second,
            "correlation": one.correlation.estimate,
            "low": one.correlation.low,
            "high": one.correlation.high,
        }
        for one in given
    ]
    spoken = "; ".join(
        f"{one.first} and {one.second}, correlation {one.correlation.estimate:.2f}" for one in given
    )
    alt = f"{title}, {names[0]} left and {names[1]} right: {spoken}."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _picture(
    canvas: Canvas, image: np.ndarray | None, place: tuple[float, float, float], height: float
) -> None:
    """A square picture ``side`` points wide with its lower left corner at (x, y); a frame where there is none."""
    x, y, side = place
    axes = canvas.add_axes((x / WIDTH, y / height, side / WIDTH, side / height))
    if image is None:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(RULE)
        return
    pixels = np.asarray(image, float) / (255 if image.dtype == np.uint8 else 1)
    axes.imshow(np.clip(pixels, 0, 1), interpolation="none", aspect="auto")
    axes.set_axis_off()
