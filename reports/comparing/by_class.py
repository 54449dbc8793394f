"""Shares of several subjects class by class (or concept by concept): dots with intervals, one line a class."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, PAPER, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped, percent
from reports.sections import Figure

LEFT, LINE = 96.0, 19.0
"""Points left of the dots for names, and of one class."""


def class_dots(
    values: Mapping[str, Mapping[str, Interval]],
    *,
    marked: Sequence[str] = (),
    title: str,
    caption: str,
) -> Figure:
    """Shares by subject, then class; ``marked`` classes have a frame, those whose difference is claimed.

    Raises
    ------
    BadInput
        if there are no classes.

    >>> one = Interval(0.5, 0.4, 0.6, 99)
    >>> class_dots({"A": {"star": one}, "B": {"star": one}}, title="By class", caption="").alt
    'By class. star: A 50 % [40, 60], B 50 % [40, 60].'
    """
    classes = list(dict.fromkeys(name for each in values.values() for name in each))
    if not classes:
        raise BadInput(f"figure {title!r} has no classes to show; expected at least one")
    lowest = min(one.low for held in values.values() for one in held.values())
    highest = max(one.high for held in values.values() for one in held.values())
    start = 0.0 if lowest < 0.5 else int(lowest * 10) / 10
    end = -(-int(100 * highest) // 10) / 10 + 0.1 if highest < 0.5 else 1.0
    line = LINE + 5.0 * max(0, len(values) - 2)
    height = line * len(classes) + 46

    def draw(canvas: Canvas) -> None:
        box = (LEFT / WIDTH, 24 / height, 1 - (LEFT + 22) / WIDTH, line * len(classes) / height)
        axes = canvas.add_axes(box)
        axes.set(xlim=(start, end), ylim=(len(classes) - 0.5, -0.5))
        axes.set_yticks(range(len(classes)), [clipped(name, 16) for name in classes])
        ticks = [start + (end - start) * part / 4 for part in range(5)]
        axes.set_xticks(ticks, [f"{100 * tick:.3g}" + " %" * (tick == end) for tick in ticks])
        axes.tick_params(axis="y", labelcolor=INK)
        quiet(axes, grid="x")
        for row, name in enumerate(classes):
            if name in marked:
                axes.axhspan(row - 0.47, row + 0.47, facecolor="none", edgecolor=INK, lw=1, clip_on=False)
            elif row:
                axes.axhline(row - 0.5, color=RULE, lw=0.4)
        for number, (subject, held) in enumerate(values.items()):
            shift = (number - (len(values) - 1) / 2) * 0.62 / max(1, len(values) - 1) / 1.6
            for row, name in enumerate(classes):
                if name in held:
                    _dot(axes, row + shift, held[name], number)
            axes.plot([], [], MARKERS[number % 4], color=SERIES[number % 4], label=clipped(subject, 24))
        canvas.legend(loc="upper left", ncols=3, borderaxespad=0, handletextpad=0.3, columnspacing=1.2)

    rows = [
        {"class": name, "subject": subject, "accuracy": held[name].estimate}
        | {"low": held[name].low, "high": held[name].high, "n": held[name].n, "claimed": name in marked}
        for subject, held in values.items()
        for name in classes
        if name in held
    ]
    spoken = "; ".join(
        f"{name}: "
        + ", ".join(f"{who} {percent(held[name])}" for who, held in values.items() if name in held)
        for name in classes
    )
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=rows)


def _dot(axes: Any, at: float, value: Interval, number: int) -> None:
    colour = SERIES[number % 4]
    axes.plot([value.low, value.high], [at, at], color=colour, lw=1.6, clip_on=False)
    axes.plot(
        [value.estimate], [at], MARKERS[number % 4], color=colour, ms=5, mec=PAPER, mew=0.7, clip_on=False
    )
