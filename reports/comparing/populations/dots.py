"""Distributions: one measure below the other, a line a population, a dot an agent, a tick at the mean."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.uncertainty import Interval, bootstrap_interval
from reports.comparing.populations.evidence import Evidence, Measure
from reports.drawing import INK, MARKERS, MUTED, PAPER, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.sections import Figure

LINE, HEAD, FOOT, LEFT, RIGHT = 15.0, 10.0, 36.0, 90.0, 108.0
"""Points: of one population's line, over all, below all, and beside the dots for names and numbers."""
TITLE = 19.0


def dots(found: Evidence, measures: Sequence[Measure], *, title: str, caption: str, axis: str) -> Figure:
    """Every agent's value of some measures of one scale.

    Raises
    ------
    BadInput
        if there are no measures.
    """
    if not measures:
        raise BadInput(f"figure {title!r} has no measures to show; expected at least one")
    names = [recipe.name for recipe in found.recipes]
    block = TITLE + LINE * len(names) + 8
    height = HEAD + block * len(measures) + FOOT
    share = all(one.share for one in measures)
    values = np.concatenate([one.values for one in measures])
    low, high = (0.0, 1.0) if share else (min(0.0, float(values.min())), float(values.max()) or 1.0)

    def draw(canvas: Canvas) -> None:
        box = (LEFT / WIDTH, FOOT / height, (WIDTH - LEFT - RIGHT) / WIDTH, (height - HEAD - FOOT) / height)
        axes = canvas.add_axes(box)
        room = 0.03 * (high - low)
        axes.set(xlim=(low - room, high + room), ylim=(block * len(measures), 0), yticks=[])
        for number, one in enumerate(measures):
            _measure(axes, found, one, number * block, share=share)
        if share:
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        axes.set_xlabel(axis)
        quiet(axes, grid="x")

    rows = [
        {"measure": one.name, "population": names[int(group)], "agent": agent, "value": float(value)}
        for one in measures
        for agent, group, value in zip(found.agents, found.groups, one.values, strict=True)
    ]
    spoken = "; ".join(
        f"{one.name}: "
        + ", ".join(f"{name} {said(found.of(one, index), share)}" for index, name in enumerate(names))
        for one in measures
    )
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=rows)


def mean_of(values: np.ndarray) -> Interval:
    """The mean of agents, with an interval over agents that is right for few.

    >>> print(mean_of(np.array([1.0, 1.0])))
    1.000 [1.000, 1.000]
    """
    return bootstrap_interval(values, seed=0, expanded=True, draws=4000)


def said(values: np.ndarray, share: bool) -> str:
    """A mean with its interval over agents.

    >>> said(np.array([0.5, 0.5]), True), said(np.array([2.0, 2.0]), False)
    ('50 % [50, 50]', '2.00 [2.00, 2.00]')
    """
    found = mean_of(values)
    if share:
        return f"{100 * found.estimate:.0f} % [{100 * max(0.0, found.low):.0f}, {100 * min(1.0, found.high):.0f}]"
    digits = 1 if abs(found.estimate) >= 9.95 else 2
    text = f"{found.estimate:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"
    return text.replace("-", "−")


def _measure(axes: Axes, found: Evidence, one: Measure, top: float, *, share: bool) -> None:
    wide = WIDTH - LEFT - RIGHT
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "clip_on": False}
    title = one.what[:1].upper() + one.what[1:] + (f" ({one.unit})" if one.unit else "")
    axes.text(
        -LEFT / wide, top + TITLE / 2, clipped(title, 46), color=INK, fontweight="bold", fontsize=9.5, **place
    )
    for index, recipe in enumerate(found.recipes):
        at, values = top + TITLE + LINE * (index + 0.5), found.of(one, index)
        mean, colour = mean_of(values), SERIES[index % 4]
        spread = 0.24 * LINE * np.sin(2.4 * np.arange(len(values)))  # apart, and alike every time
        axes.plot([mean.low, mean.high], [at, at], color=RULE, lw=3, solid_capstyle="butt", zorder=1)
        axes.plot(values, at + spread, MARKERS[index % 4], color=colour, ms=4.5, mec=PAPER, mew=0.5, zorder=3)
        axes.plot([mean.estimate], [at], "|", color=INK, ms=10, mew=1.5, zorder=4)
        axes.text(-LEFT / wide, at, "  " + clipped(recipe.name, 16), color=MUTED, fontsize=9, **place)
        axes.text(
            1 + (RIGHT - 2) / wide, at, said(values, share), color=INK, fontsize=8.8, ha="right", **place
        )
