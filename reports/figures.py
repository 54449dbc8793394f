"""Charts of results: proportions with intervals, probe scores by layer, learning curves. One function each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, MUTED, PAPER, SERIES, WIDTH, figure, quiet, thousands
from reports.sections import Figure

MARGINS = (112.0, 98.0)
"""Points left and right of the dots: names, numbers."""


@dataclass(frozen=True)
class Proportion:
    """How often ``subject`` did what ``event`` says, on the inputs that ``split`` says; in [0, 1], or a mean count."""

    split: str
    event: str
    subject: str
    value: Interval


@dataclass(frozen=True, eq=False)
class ProbeCurve:
    """A probe's held-out score at each layer of a subject, and its control task's."""

    subject: str
    layers: Sequence[str]
    scores: Sequence[Interval]
    controls: Sequence[Interval]


@dataclass(frozen=True, eq=False)
class Curve:
    """A quantity (``values``, in [0, 1]) over training (``steps``, of the world)."""

    subject: str
    steps: Num[np.ndarray, "n"]
    values: Num[np.ndarray, "n"]


def percent(value: Interval) -> str:
    """A proportion as people say it.

    >>> percent(Interval(0.984, 0.961, 0.993, 300))
    '98 % [96, 99]'
    """
    return f"{100 * value.estimate:.0f} % [{100 * value.low:.0f}, {100 * value.high:.0f}]"


def amount(value: Interval, counted: bool) -> str:
    """A proportion as ``percent`` says it; or, ``counted``, a mean with its interval.

    >>> amount(Interval(15.93, 15.12, 16.7, 300), True)
    '15.9 [15.1, 16.7]'
    """
    if not counted:
        return percent(value)
    digits = 1 if value.estimate >= 10 else 2
    text = f"{value.estimate:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}]"
    return text.replace("-", "−")


def clipped(text: str, length: int = 17) -> str:
    """A name short enough for a figure's margin.

    >>> clipped("abc"), clipped("a" * 30, 5)
    ('abc', 'aaaa…')
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def proportions(rows: Sequence[Proportion], *, title: str, caption: str, counted: bool = False) -> Figure:
    """Dots with intervals: for every split and event one line a subject, the numbers written beside.

    ``counted``: they are mean counts instead of proportions.

    >>> row = Proportion("training", "reached the goal", "a", Interval(0.5, 0.4, 0.6, 100))
    >>> proportions([row], title="How often", caption="").alt
    'How often. training, reached the goal: a 50 % [40, 60].'
    """
    if not rows:
        raise BadInput(f"figure {title!r} has no proportions to show; expected at least one")
    subjects = list(dict.fromkeys(row.subject for row in rows))
    groups = [(key, list(group)) for key, group in groupby(rows, lambda row: (row.split, row.event))]
    lines = len(rows) + len(groups) + len({row.split for row in rows})
    height = 21.0 * lines + 34

    def draw(canvas: Canvas) -> None:
        left, right = MARGINS
        axes = canvas.add_axes((left / WIDTH, 26 / height, (WIDTH - left - right) / WIDTH, 1 - 30 / height))
        most = max(row.value.high for row in rows) or 1.0 if counted else 1.0
        axes.set(xlim=(0, most), ylim=(lines - 0.4, -0.6), yticks=[])
        if not counted:
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        quiet(axes, grid="x")
        at = 0
        for split, inner in groupby(groups, lambda group: group[0][0]):
            _margin(axes, at, split, color=INK, fontweight="bold")
            at += 1
            for (_, event), members in inner:
                _margin(axes, at, event, color=MUTED)
                for member in members:
                    at += 1
                    _dot(axes, at, member, subjects.index(member.subject), amount(member.value, counted))
                at += 1

    spoken = "; ".join(
        f"{split}, {event}: " + ", ".join(f"{row.subject} {amount(row.value, counted)}" for row in members)
        for (split, event), members in groups
    )
    data = [
        {"split": row.split, "event": row.event, "subject": row.subject} | _flat("", row.value)
        for row in rows
    ]
    alt = f"{title}. {spoken}."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=data)


def probe_scores(curves: Sequence[ProbeCurve], *, title: str, caption: str, measure: str) -> Figure:
    """A probe's ``measure`` (R², accuracy) by layer, filled; its control task, hollow and dashed.

    >>> one = Interval(0.9, 0.8, 1.0, 50)
    >>> made = probe_scores([ProbeCurve("a", ["conv"], [one], [one])], title="t", caption="", measure="R²")
    >>> made.rows[0]["layer"], made.rows[0]["estimate"]
    ('conv', 0.9)
    """
    if not curves:
        raise BadInput(f"figure {title!r} has no probes to show; expected at least one")
    layers = list(dict.fromkeys(layer for curve in curves for layer in curve.layers))
    lowest = min(value.low for curve in curves for value in (*curve.scores, *curve.controls))

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_axes((38 / WIDTH, 0.27, 1 - 44 / WIDTH, 0.58))
        for index, curve in enumerate(curves):
            shift = (index - (len(curves) - 1) / 2) * 0.16
            at = np.array([layers.index(layer) for layer in curve.layers]) + shift
            _series(axes, at, curve.scores, index, label=clipped(curve.subject, 24))
            _series(axes, at, curve.controls, index, control=True)
        axes.plot(
            [], [], marker="o", ls=(0, (3, 2)), color=MUTED, mfc=PAPER, ms=5, lw=1, label="control task"
        )
        axes.set(ylim=(max(min(0.0, lowest), -1.0) - 0.04, 1.04), xlim=(-0.5, len(layers) - 0.5))
        _name_layers(axes, layers)
        axes.set_ylabel(measure)
        quiet(axes)
        _legend(canvas, axes)

    data = [
        {"subject": curve.subject, "layer": layer} | _flat("", score) | _flat("control_", control)
        for curve in curves
        for layer, score, control in zip(curve.layers, curve.scores, curve.controls, strict=True)
    ]
    spoken = "; ".join(_best(curve) for curve in curves)
    alt = f"{title}: {measure} of a linear probe at {len(layers)} layers. {spoken}."
    return figure(draw, height=232, title=title, caption=caption, alt=alt, rows=data)


def learning_curves(
    curves: Sequence[Curve], *, title: str, caption: str, measure: str, counted: bool = False
) -> Figure:
    """A proportion (or, ``counted``, a mean count) over steps of training, one line a subject.

    >>> curve = Curve("a", np.array([0, 10]), np.array([0.0, 1.0]))
    >>> learning_curves([curve], title="Learning", caption="", measure="success").alt
    'Learning: success over training. a: 0 % at first, 100 % after 10 steps.'
    """
    if not curves:
        raise BadInput(f"figure {title!r} has no curves to show; expected at least one")

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_axes((46 / WIDTH, 0.2, 1 - 60 / WIDTH, 0.66))
        for index, curve in enumerate(curves):
            style: dict[str, Any] = {
                "marker": MARKERS[index % 4],
                "markevery": [-1],
                "ms": 6,
                "clip_on": False,
            }
            name = clipped(curve.subject, 24)
            axes.plot(curve.steps, curve.values, color=SERIES[index % 4], lw=1.8, label=name, **style)
        most = max(float(curve.values.max()) for curve in curves) or 1.0 if counted else 1.0
        axes.set(ylim=(0, 1.02 * most), xlim=(0, max(float(curve.steps[-1]) for curve in curves)))
        if not counted:
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        axes.xaxis.set_major_formatter(lambda value, _: thousands(value))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        axes.set_xlabel("steps of training")
        quiet(axes)
        _legend(canvas, axes)

    data = [
        {"subject": curve.subject, "step": float(step), "value": float(value)}
        for curve in curves
        for step, value in zip(curve.steps, curve.values, strict=True)
    ]
    spoken = "; ".join(
        f"{c.subject}: {_level(c.values[0], counted)} at first, {_level(c.values[-1], counted)} "
        f"after {thousands(float(c.steps[-1]))} steps"
        for c in curves
    )
    alt = f"{title}: {measure} over training. {spoken}."
    return figure(draw, height=200, title=title, caption=caption, alt=alt, rows=data)


def _level(value: float, counted: bool) -> str:
    return f"{value:.1f}" if counted else f"{100 * float(value):.0f} %"


def _margin(axes: Axes, at: float, text: str, **style: Any) -> None:
    axes.text(
        -MARGINS[0] / (WIDTH - sum(MARGINS)),
        at,
        text,
        transform=axes.get_yaxis_transform(),
        va="center",
        clip_on=False,
        **style,
    )


def _dot(axes: Axes, at: float, row: Proportion, index: int, said: str) -> None:
    colour, marker, value = SERIES[index % 4], MARKERS[index % 4], row.value
    axes.plot([value.low, value.high], [at, at], color=colour, lw=2.2, solid_capstyle="butt", clip_on=False)
    axes.plot([value.estimate], [at], marker, color=colour, ms=7, mec=PAPER, mew=1, clip_on=False, zorder=4)
    _margin(axes, at, "  " + clipped(row.subject), color=INK)
    beside: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "ha": "right",
        "color": INK,
    }
    axes.text(1 + (MARGINS[1] - 2) / (WIDTH - sum(MARGINS)), at, said, fontsize=10, **beside)


def _series(
    axes: Axes,
    at: Num[np.ndarray, "n"],
    values: Sequence[Interval],
    index: int,
    *,
    control: bool = False,
    label: str | None = None,
) -> None:
    colour, marker = SERIES[index % 4], MARKERS[index % 4]
    estimates = [value.estimate for value in values]
    axes.vlines(at, [v.low for v in values], [v.high for v in values], color=colour, lw=1 if control else 1.8)
    line: dict[str, Any] = (
        {"ls": (0, (3, 2)), "lw": 1, "mfc": PAPER, "ms": 4.5} if control else {"lw": 1.6, "ms": 6}
    )
    axes.plot(at, estimates, marker=marker, color=colour, label=label, zorder=3, **line)


def _legend(canvas: Canvas, axes: Axes) -> None:
    canvas.legend(
        *axes.get_legend_handles_labels(),
        loc="upper left",
        ncols=3,
        borderaxespad=0,
        handlelength=1.6,
        columnspacing=1.2,
        handletextpad=0.5,
    )


def _name_layers(axes: Axes, layers: Sequence[str]) -> None:
    if sum(map(len, layers)) < 48:
        axes.set_xticks(range(len(layers)), layers)
    else:
        axes.set_xticks(range(len(layers)), [clipped(layer, 13) for layer in layers], rotation=35, ha="right")


def _best(curve: ProbeCurve) -> str:
    top = max(range(len(curve.layers)), key=lambda index: curve.scores[index].estimate)
    return f"{curve.subject}: best at {curve.layers[top]}, {curve.scores[top]}, control {curve.controls[top]}"


def _flat(prefix: str, value: Interval) -> dict[str, Any]:
    return {
        f"{prefix}estimate": value.estimate,
        f"{prefix}low": value.low,
        f"{prefix}high": value.high,
        f"{prefix}n": value.n,
    }
