"""Lines: every agent a thin one, their median thick, a small panel a setting."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from core.errors import BadInput
from reports.drawing import MUTED, SERIES, WIDTH, figure, quiet, thousands
from reports.figures import clipped
from reports.sections import Figure
from reports.sweeps.strips import level

PANEL, COLUMNS = 112.0, 2
STYLES = ("-", (0, (4, 1.5)), (0, (1.5, 1.5)), (0, (5, 1.5, 1, 1.5)))
"""A dash for every colour, so that no reading rests on colour alone."""


@dataclass(frozen=True, eq=False)
class Line:
    """One agent: its series, and values over ``at`` (steps of training, or a dial), in order."""

    agent: str
    series: str
    at: Sequence[float]
    values: Sequence[float]


def panels_of_lines(
    panels: Mapping[str, Sequence[Line]], *, across: str, title: str, caption: str, counted: bool = False
) -> Figure:
    """Each setting's agents as thin lines and the median of each series as a thick one.

    ``across`` says what lies along the horizontal axis. ``counted``: values are mean counts instead of proportions.

    >>> ones = [Line(f"a-{seed}", "training", [0, 10], [0.0, end]) for seed, end in enumerate((0.8, 0.9, 1.0))]
    >>> made = panels_of_lines({"a": ones}, across="steps", title="Goal", caption="")
    >>> made.alt
    'Goal over steps. a: training 0 % at 0, 90 % at 10, in the median of 3.'
    """
    if not panels:
        raise BadInput(f"figure {title!r} has no agents to show; expected at least one")
    series = list(dict.fromkeys(line.series for lines in panels.values() for line in lines))
    count = -(-len(panels) // COLUMNS)
    top = 20.0 if len(series) > 1 else 2.0
    height = PANEL * count + top + 8
    values = [value for lines in panels.values() for line in lines for value in line.values if value == value]
    ends = (min(0.0, *values), max(*values, 1e-9)) if counted else (0.0, 1.0)
    room = 0.04 * (ends[1] - ends[0])

    def draw(canvas: Canvas) -> None:
        left, gap, right = 38.0, 34.0, 12.0
        width = (WIDTH - left - right - gap) / COLUMNS
        for index, (name, lines) in enumerate(panels.items()):
            row, column = divmod(index, COLUMNS)
            x, y = left + column * (width + gap), height - top - PANEL * (row + 1) + 24
            axes = canvas.add_axes((x / WIDTH, y / height, width / WIDTH, (PANEL - 42) / height))
            axes.set(ylim=(ends[0] - room, ends[1] + room))
            axes.set_title(clipped(name, int(width / 5.9)), fontsize=10.5, fontweight="normal")
            _scale(axes, counted)
            quiet(axes)
            for number, one in enumerate(series):
                _bundle(axes, [line for line in lines if line.series == one], number)
        canvas.text(1 - right / WIDTH, 2 / height, across, ha="right", va="bottom", color=MUTED, fontsize=10)
        if len(series) > 1:
            _legend(canvas, series)

    spoken = " ".join(_spoken(name, lines, series, counted) for name, lines in panels.items())
    alt = f"{title} over {across}. {spoken}"
    data = [one for name, lines in panels.items() for one in _data(name, lines)]
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=data)


def median(lines: Sequence[Line]) -> tuple[NDArray, NDArray]:
    """The median at every place at which all lines but a few have a value.

    >>> median([Line("a", "s", [0, 1], [0, 2]), Line("b", "s", [0, 1], [0, 4])])[1].tolist()
    [0.0, 3.0]
    """
    pairs = list(zip_longest(*(list(zip(line.at, line.values, strict=True)) for line in lines)))
    whole = [[pair for pair in row if pair is not None] for row in pairs]
    kept = [row for row in whole if 2 * len(row) > len(lines)]
    at = np.array([np.median([pair[0] for pair in row]) for row in kept])
    return at, np.array([np.median([pair[1] for pair in row]) for row in kept])


def _bundle(axes: Axes, lines: Sequence[Line], number: int) -> None:
    colour, dash = SERIES[number % 4], STYLES[number % 4]
    for line in lines:
        axes.plot(line.at, line.values, color=colour, lw=0.7, alpha=max(0.25, min(0.6, 4 / len(lines))))
    if lines:
        axes.plot(*median(lines), color=colour, lw=2.2, ls=dash)


def _scale(axes: Axes, counted: bool) -> None:
    if counted:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10]))
    else:
        axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value)))


def _legend(canvas: Canvas, series: Sequence[str]) -> None:
    axes = canvas.axes[0]
    for number, name in enumerate(series):
        axes.plot([], [], color=SERIES[number % 4], ls=STYLES[number % 4], lw=2.2, label=clipped(name, 24))
    canvas.legend(
        *axes.get_legend_handles_labels(), loc="upper left", ncols=4, borderaxespad=0, handlelength=1.9
    )


def _spoken(name: str, lines: Sequence[Line], series: Sequence[str], counted: bool) -> str:
    said = []
    for one in series:
        own = [line for line in lines if line.series == one]
        if own:
            at, values = median(own)
            ends = ", ".join(f"{level(values[k], counted)} at {thousands(at[k])}" for k in (0, -1))
            said.append(f"{one} {ends}" + (f", in the median of {len(own)}" if len(own) > 1 else ""))
    return f"{name}: {'; '.join(said)}."


def _data(name: str, lines: Sequence[Line]) -> Iterator[dict[str, Any]]:
    for line in lines:
        for at, value in zip(line.at, line.values, strict=True):
            yield {
                "setting": name,
                "levels": line.series,
                "agent": line.agent,
                "at": float(at),
                "value": float(value),
            }
