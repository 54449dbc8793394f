"""Charts of activation patching: what share of an answer comes back, by layer and by how much was patched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedLocator, NullLocator

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, MUTED, PAPER, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.sections import Figure

LOWEST, HIGHEST = -0.6, 1.6
"""Shares beyond these are drawn at the edge: a control that breaks the network can lie anywhere."""
PANELS = 3
"""Panels side by side."""


@dataclass(frozen=True, eq=False)
class Recovered:
    """How much of the logit difference came back: one line of a chart.

    ``what``: what was patched. ``at``: the layers, or the shares patched (0 to 1); ``values``: one for each, 0 as
    without patching, 1 as on the clean input. ``control``: drawn hollow and dashed.
    """

    what: str
    at: Sequence[str] | Sequence[float]
    values: Sequence[Interval]
    control: bool = False


@dataclass(frozen=True, eq=False)
class Panel:
    """One small chart of several: its name, and its lines."""

    name: str
    lines: Sequence[Recovered]


def recovery_by_layer(lines: Sequence[Recovered], *, title: str, caption: str) -> Figure:
    """The share that came back at each layer, first to last; one line for each thing that was patched.

    Raises
    ------
    BadInput
        if there are no lines.

    >>> value = Interval(0.8, 0.7, 0.9, 12)
    >>> made = recovery_by_layer([Recovered("best tenth", ["conv"], [value])], title="Back", caption="")
    >>> made.alt
    'Back: share of the logit difference at 1 layer. best tenth: most at conv, 80 % [70, 90].'
    """
    _check(title, lines)
    layers = list(dict.fromkeys(str(layer) for line in lines for layer in line.at))
    slanted = sum(map(len, layers)) > 44
    foot, height = (70.0, 262.0) if slanted else (28.0, 220.0)

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_axes((46 / WIDTH, foot / height, 1 - 54 / WIDTH, (height - foot - 56) / height))
        for index, line in enumerate(lines):
            shift = (index - (len(lines) - 1) / 2) * min(0.12, 0.5 / len(lines))
            _line(axes, np.array([layers.index(str(layer)) for layer in line.at]) + shift, line, index)
        axes.set_xlim(-0.5, len(layers) - 0.5)
        _shares(axes, lines)
        tilt: dict[str, Any] = {"rotation": 30, "ha": "right"} if slanted else {}
        axes.set_xticks(range(len(layers)), [clipped(name, 15) for name in layers], **tilt)
        _legend(canvas, axes)

    spoken = "; ".join(_most(line) for line in lines)
    plural = "" if len(layers) == 1 else "s"
    alt = f"{title}: share of the logit difference at {len(layers)} layer{plural}. {spoken}."
    data = [row for line in lines for row in _rows("layer", line)]
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=data)


def recovery_by_share(panels: Sequence[Panel], *, title: str, caption: str, unit: str) -> Figure:
    """The share that came back over the share patched (``unit``: of what), a panel a layer, one scale for all.

    Raises
    ------
    BadInput
        if there are no panels, or one has no lines.

    >>> value = Interval(0.8, 0.7, 0.9, 12)
    >>> panel = Panel("conv", [Recovered("best first", [0.1, 1.0], [value, value])])
    >>> recovery_by_share([panel], title="Back", caption="", unit="units").rows[0]["share of units"]
    0.1
    """
    _check(title, panels)
    for panel in panels:
        _check(title, panel.lines)
    every = [line for panel in panels for line in panel.lines]

    def fill(axes: Axes, panel: Panel) -> None:
        for index, line in enumerate(panel.lines):
            _line(axes, np.array([float(share) for share in line.at]), line, index)
        marks = sorted({float(share) for line in every for share in line.at})
        axes.set_xscale("log")
        axes.set_xlim(marks[0] / 1.3, marks[-1] * 1.3)
        axes.xaxis.set_major_locator(FixedLocator(_spread(marks)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        _shares(axes, every)

    spoken = "; ".join(f"{panel.name}: " + ", ".join(_most(line) for line in panel.lines) for panel in panels)
    data = [
        {"layer": panel.name} | row
        for panel in panels
        for line in panel.lines
        for row in _rows(f"share of {unit}", line)
    ]
    draw, height = small_multiples(
        [panel.name for panel in panels],
        lambda axes, index: fill(axes, panels[index]),
        under=f"share of {unit}",
    )
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=data)


def small_multiples(
    names: Sequence[str], fill: Callable[[Axes, int], None], *, under: str, square: bool = False
) -> tuple[Callable[[Canvas], None], float]:
    """How to draw named panels, three side by side, and the height in points that this takes.

    ``fill`` draws one panel; the axes' names stay at the left and the lowest panels. ``under`` names the x axis.
    """
    columns = min(PANELS, len(names))
    lines = -(-len(names) // columns)
    left, gap, top, foot = 40.0, 12.0, 34.0, 40.0
    side = (WIDTH - left - gap * (columns - 1) - 6) / columns
    tall = min(side if square else side * 0.85, 150.0)
    side = tall if square else side
    height = top + lines * (tall + 24) + foot

    def draw(canvas: Canvas) -> None:
        for index, name in enumerate(names):
            row, column = divmod(index, columns)
            box = (left + column * (side + gap), height - top - (row + 1) * (tall + 24) + 4, side, tall)
            axes = canvas.add_axes((box[0] / WIDTH, box[1] / height, box[2] / WIDTH, box[3] / height))
            fill(axes, index)
            axes.set_title(clipped(name, int(side / 6.2)), pad=4, fontsize=10)
            axes.tick_params(labelsize=8.5)
            if column:
                axes.tick_params(labelleft=False)
            if index + columns < len(names):
                axes.tick_params(labelbottom=False)
        middle = (left + (columns * (side + gap) - gap) / 2) / WIDTH
        canvas.text(middle, 6 / height, under, color=MUTED, ha="center", va="bottom")
        _legend(canvas, canvas.axes[0])

    return draw, height


def _check(title: str, given: Sequence[Any]) -> None:
    if not given:
        raise BadInput(f"figure {title!r} has nothing to show; expected at least one line")


def _line(axes: Axes, at: np.ndarray, line: Recovered, index: int) -> None:
    colour, marker = SERIES[index % 4], MARKERS[index % 4]
    ends = np.clip([[v.low, v.high] for v in line.values], LOWEST, HIGHEST)
    axes.vlines(at, ends[:, 0], ends[:, 1], color=colour, lw=1 if line.control else 1.8)
    style: dict[str, Any] = (
        {"ls": (0, (3, 2)), "lw": 1, "mfc": PAPER, "ms": 4} if line.control else {"lw": 1.6, "ms": 5}
    )
    middle = np.clip([v.estimate for v in line.values], LOWEST, HIGHEST)
    axes.plot(at, middle, marker=marker, color=colour, label=clipped(line.what, 36), zorder=3, **style)


def _shares(axes: Axes, lines: Sequence[Recovered]) -> None:
    """The y axis: 0 and 1 marked as what they mean, and as far beyond as the values go."""
    lowest = min(max(v.low, LOWEST) for line in lines for v in line.values)
    highest = max(min(v.high, HIGHEST) for line in lines for v in line.values)
    axes.set_ylim(min(-0.06, lowest - 0.04), max(1.08, highest + 0.04))
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
    quiet(axes)
    for level in (0, 1):
        axes.axhline(level, color=MUTED, lw=0.8, zorder=0)
    axes.tick_params(axis="x", colors=RULE, labelcolor=MUTED)


def _legend(canvas: Canvas, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        canvas.legend(
            handles,
            labels,
            loc="upper left",
            ncols=2,
            borderaxespad=0,
            handlelength=1.8,
            columnspacing=1.2,
            handletextpad=0.5,
            labelcolor=INK,
            fontsize=9.5,
        )


def _spread(marks: Sequence[float]) -> list[float]:
    """Of many marks on a logarithmic axis those that are a factor of 4 apart, the last always."""
    kept = [marks[-1]]
    for mark in reversed(marks):
        if kept[-1] / mark >= 4:
            kept.append(mark)
    return sorted(kept)


def said(value: Interval) -> str:
    """A share as people say it, with its interval; negative ones with a true minus sign.

    >>> said(Interval(-0.02, -0.1, 0.06, 9))
    '−2 % [−10, 6]'
    """
    middle, low, high = (round(100 * share) for share in (value.estimate, value.low, value.high))
    return f"{middle} % [{low}, {high}]".replace("-", "−")


def _most(line: Recovered) -> str:
    top = max(range(len(line.values)), key=lambda index: line.values[index].estimate)
    at = line.at[top]
    where = at if isinstance(at, str) else f"{100 * at:.3g} %"
    return f"{line.what}: most at {where}, {said(line.values[top])}"


def _rows(axis: str, line: Recovered) -> list[dict[str, Any]]:
    return [
        {axis: at, "patched": line.what, "recovered": v.estimate, "low": v.low, "high": v.high, "n": v.n}
        for at, v in zip(line.at, line.values, strict=True)
    ]
