"""The pictures of reproductions: strips of dots, one a trained agent, and curves, as panels one above the other."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, MUTED, PAPER, SERIES, WIDTH, figure, quiet, thousands
from reports.sections import Figure
from rl.reproductions.plots import Line, Lines, Picture, Strips

LEFT, RIGHT, TOP, BOTTOM = 128.0, 100.0, 30.0, 36.0
"""Points around the axes of a panel: names, numbers, title, axis."""

STRIP, CURVES = 22.0, 130.0
"""Points down: of one strip, and of a panel of curves."""


def drawing(picture: Picture, *, title: str) -> Figure:
    """All panels of a picture as one figure.

    >>> from rl.reproductions.plots import Strip
    >>> strips = Strips("Shields", "a level", [Strip("25 steps", (9.0, 10.0), Interval(9.5, 9.0, 10.0, 2))])
    >>> drawing(Picture("Dots are agents.", [strips]), title="Monster").alt
    'Monster. Shields (a level): 25 steps 9.50 [9.00, 10.0].'
    """
    heights = [_height(panel) for panel in picture.panels]
    total = sum(heights)

    def draw(canvas: Canvas) -> None:
        for panel, height, below in zip(picture.panels, heights, accumulate(heights), strict=True):
            bottom = (total - below + BOTTOM) / total
            left, right = (LEFT, RIGHT) if isinstance(panel, Strips) else (58.0, 28.0)
            box = (left / WIDTH, bottom, (WIDTH - left - right) / WIDTH, (height - TOP - BOTTOM) / total)
            axes = canvas.add_axes(box)
            axes.text(
                -left / (WIDTH - left - right),
                1 + 16 / (height - TOP - BOTTOM),
                panel.title,
                transform=axes.transAxes,
                fontweight="bold",
                color=INK,
            )
            _strips(axes, panel) if isinstance(panel, Strips) else _lines(axes, panel)

    said = " ".join(_said(panel) for panel in picture.panels)
    return figure(draw, height=total, title=title, caption=picture.caption, alt=f"{title}. {said}")


def number(value: float, share: bool) -> str:
    """A share in percent, anything else in three digits.

    >>> number(0.8123, True), number(15.234, False), number(0.0, False), number(-0.004, True)
    ('81 %', '15.2', '0.00', '-0.4 %')
    """
    if np.isnan(value):
        return "?"
    if share:
        return f"{100 * value:.{1 if 0 < abs(value) < 0.0095 else 0}f} %"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 9.995 else 2 if size >= 0.0995 or size < 0.0005 else 3
    return f"{value if size >= 0.0005 else 0.0:.{digits}f}"


def amount(value: Interval, share: bool) -> str:
    """An estimate with its interval.

    >>> amount(Interval(0.5, 0.4, 0.6, 9), True), amount(Interval(3.14, 2.0, 12.25, 9), False)
    ('50 % [40, 60]', '3.14 [2.00, 12.2]')
    """
    if np.isnan(value.low):
        return f"{number(value.estimate, share)}, no interval"
    low, high = (number(bound, share).removesuffix(" %") for bound in (value.low, value.high))
    return f"{number(value.estimate, share)} [{low}, {high}]"


def _height(panel: Strips | Lines) -> float:
    return TOP + BOTTOM + (STRIP * len(panel.strips) if isinstance(panel, Strips) else CURVES)


def _strips(axes: Axes, panel: Strips) -> None:
    after: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "color": INK}
    width = WIDTH - LEFT - RIGHT
    for at, strip in enumerate(panel.strips):
        colour, values = SERIES[at % 4], np.asarray(strip.values, float)
        spread = 0.25 * np.sin(2.4 * np.arange(len(values)))  # apart, and alike every time
        low, high = np.nan_to_num([strip.mean.low, strip.mean.high], nan=strip.mean.estimate)
        axes.plot([low, high], [at, at], color=INK, lw=1.2, clip_on=False)
        axes.plot([strip.mean.estimate], [at], "|", color=INK, ms=11, mew=1.6, clip_on=False)
        axes.plot(values, at + spread, "o", color=colour, ms=4.5, mec=PAPER, mew=0.5, clip_on=False, zorder=3)
        axes.text(-LEFT / width, at, strip.label, **after)
        axes.text(1 + (RIGHT - 2) / width, at, _beside(strip.mean, panel.share), ha="right", **after)
    for mark, name in panel.marks:
        axes.axvline(mark, color=MUTED, lw=0.9, ls=(0, (3, 2)))
        axes.text(mark, -0.75, name, color=MUTED, fontsize=8.5, ha="center")
    axes.set(ylim=(len(panel.strips) - 0.4, -0.6), yticks=[])
    _scale(axes, panel.share, "x")
    axes.set_xlabel(panel.axis)
    quiet(axes, grid="x")


def _beside(mean: Interval, share: bool) -> str:
    return (
        number(mean.estimate, share) if mean.low == mean.high or np.isnan(mean.low) else amount(mean, share)
    )


def _lines(axes: Axes, panel: Lines) -> None:
    labels = list(dict.fromkeys(line.label for line in panel.lines))
    for line in panel.lines:
        index = labels.index(line.label)
        label = line.label if line is _first(panel.lines, line.label) and line.label else None
        style = {"marker": MARKERS[index % 4], "ms": 4.0, "ls": ""} if len(line.x) == 1 else {"lw": 1.3}
        axes.plot(line.x, line.y, color=SERIES[index % 4], alpha=0.8, label=label, **style)  # type: ignore[arg-type]
    _scale(axes, panel.share, "y")
    if panel.share and all(len(line.x) == 1 for line in panel.lines):
        _scale(axes, True, "x")
    else:
        axes.xaxis.set_major_formatter(lambda value, _: thousands(value))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel(panel.x_axis)
    axes.set_ylabel(panel.y_axis, fontsize=9)
    quiet(axes)
    if labels != [""]:
        axes.legend(loc="lower right", bbox_to_anchor=(1.02, 0.99), ncols=2, fontsize=8.5, handlelength=1.2)


def _first(lines: Sequence[Line], label: str) -> Line:
    return next(line for line in lines if line.label == label)


def _scale(axes: Axes, share: bool, which: str) -> None:
    if not share:
        axes.margins(x=0.06 if which == "x" else None, y=0.06 if which == "y" else None)
        if (axes.dataLim.x0 if which == "x" else axes.dataLim.y0) >= 0:
            axes.set(**{f"{which}lim": (0, None)})  # type: ignore[arg-type]
        return
    axes.set(**{f"{which}lim": (0, 1)})  # type: ignore[arg-type]
    ticks = axes.set_xticks if which == "x" else axes.set_yticks
    ticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])


def _said(panel: Strips | Lines) -> str:
    if isinstance(panel, Strips):
        parts = [f"{strip.label} {_beside(strip.mean, panel.share)}" for strip in panel.strips]
        return f"{panel.title} ({panel.axis}): {', '.join(parts)}."
    ends = {
        line.label: f"{number(line.y[0], panel.share)} to {number(line.y[-1], panel.share)}"
        for line in reversed(panel.lines)
        if line.label
    }
    parts = [f"{label} from {end}" for label, end in reversed(list(ends.items()))]
    return f"{panel.title} ({panel.y_axis} over {panel.x_axis}){': ' + ', '.join(parts) if parts else ''}."
