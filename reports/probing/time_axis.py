"""Behaviour, knowledge and use on one axis of training, with the moments at which each changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, MUTED, PAPER, SERIES, WIDTH, figure, quiet, thousands
from reports.figures import clipped
from reports.sections import Figure


@dataclass(frozen=True)
class Shift:
    """When a curve changed: from the earliest to the latest that its beginning and end may lie, in steps."""

    begins: Interval
    ends: Interval
    sudden: bool


@dataclass(frozen=True)
class Panel:
    """Curves of one scale, by name, and when each of them changed, if it did."""

    measure: str
    curves: Mapping[str, Sequence[Interval]]
    shifts: Mapping[str, Shift | None]


def time_axis(panels: Sequence[Panel], steps: Sequence[int], *, title: str, caption: str = "") -> Figure:
    """Panels below each other over the same steps of training; below each, a bar where each of its curves changed.

    A bar reaches from the beginning of the change to its end, thin where the two are uncertain; sudden ones are
    filled to the edge and marked.

    >>> flat = Interval(0.5, 0.4, 0.6, 10)
    >>> made = time_axis([Panel("score", {"a": [flat, flat]}, {"a": None})], [0, 10], title="Over training")
    >>> made.alt
    'Over training. score: a from 0.50 to 0.50, no change that these data can show.'
    """
    if not panels:
        raise BadInput(f"figure {title!r} has no panels to show; expected at least one")
    heights = [112.0 + 15 * len(panel.curves) for panel in panels]
    height = sum(heights) + 30

    def draw(canvas: Canvas) -> None:
        top = height
        for panel, tall in zip(panels, heights, strict=True):
            count = len(panel.curves)
            box = (40 / WIDTH, (top - 104) / height, 1 - 48 / WIDTH, 84 / height)
            axes = canvas.add_axes(box)
            _curves(axes, panel, steps)
            below = canvas.add_axes(
                (40 / WIDTH, (top - 108 - 15 * count) / height, 1 - 48 / WIDTH, 15 * count / height)
            )
            _shifts(below, panel, steps)
            top -= tall
        below.tick_params(labelbottom=True)
        below.xaxis.set_major_formatter(lambda value, _: thousands(value))
        below.set_xlabel("steps of training")

    rows = [
        {"panel": panel.measure, "curve": name, "step": step}
        | {"estimate": one.estimate, "low": one.low, "high": one.high}
        for panel in panels
        for name, curve in panel.curves.items()
        for step, one in zip(steps, curve, strict=True)
    ]
    alt = f"{title}. " + " ".join(_told(panel) for panel in panels)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _curves(axes: Axes, panel: Panel, steps: Sequence[int]) -> None:
    for index, curve in enumerate(panel.curves.values()):
        colour, marker = SERIES[index % 4], MARKERS[index % 4]
        estimates = [one.estimate for one in curve]
        axes.fill_between(
            steps, [one.low for one in curve], [one.high for one in curve], color=colour, alpha=0.18, lw=0
        )
        axes.plot(steps, estimates, color=colour, lw=1.5, marker=marker, ms=3, ls=_dashes(index))
    axes.set_title(panel.measure, fontsize=9.5, pad=4)
    axes.tick_params(labelbottom=False)
    axes.set_xlim(_limits(steps))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    quiet(axes)


def _shifts(axes: Axes, panel: Panel, steps: Sequence[int]) -> None:
    span = steps[-1] - steps[0]
    axes.set(xlim=_limits(steps), ylim=(len(panel.curves) - 0.5, -0.5), yticks=[])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.tick_params(labelbottom=False)
    for index, (name, shift) in enumerate((name, panel.shifts.get(name)) for name in panel.curves):
        colour = SERIES[index % 4]
        axes.plot([steps[0] - span * 0.085], [index], MARKERS[index % 4], color=colour, ms=5, clip_on=False)
        if shift is not None:
            axes.plot([shift.begins.low, shift.ends.high], [index, index], color=colour, lw=1.2)
            axes.plot(
                [shift.begins.estimate, shift.ends.estimate], [index, index], color=colour, lw=6, alpha=0.75
            )
        late = shift is not None and (shift.begins.estimate + shift.ends.estimate) / 2 < steps[0] + span / 2
        said = name + (" · sudden" if shift is not None and shift.sudden else "")
        axes.text(
            steps[-1] if late else steps[0],
            index,
            clipped(said, 44),
            ha="right" if late else "left",
            va="center",
            fontsize=8.5,
            color=INK if shift is not None else MUTED,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.75},
        )
    axes.spines[["left", "bottom"]].set_visible(False)


def _limits(steps: Sequence[int]) -> tuple[float, float]:
    room = 0.03 * (steps[-1] - steps[0])
    return steps[0] - room, steps[-1] + room


def _dashes(index: int) -> str | tuple[int, tuple[int, int]]:
    """After four colours the same again, dashed."""
    return "-" if index < 4 else (0, (4, 2))


def _told(panel: Panel) -> str:
    said = [_said(name, curve, panel.shifts.get(name)) for name, curve in panel.curves.items()]
    return f"{panel.measure}: {'; '.join(said)}."


def _said(name: str, curve: Sequence[Interval], shift: Shift | None) -> str:
    levels = f"{name} from {curve[0].estimate:.2f} to {curve[-1].estimate:.2f}"
    if shift is None:
        return f"{levels}, no change that these data can show"
    how = "suddenly " if shift.sudden else ""
    return f"{levels}, {how}between {thousands(shift.begins.estimate)} and {thousands(shift.ends.estimate)} steps"
