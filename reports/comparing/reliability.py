"""Reliability curves: how often classifiers are right where they are so sure, beside what chance gives."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from core.calibration import Calibration, labelled_bins
from core.errors import BadInput
from reports.drawing import MARKERS, MUTED, RULE, SERIES, figure, quiet
from reports.figures import percent
from reports.patching import small_multiples
from reports.sections import Figure

MANY = 10
"""Inputs of a step of confidence from which on it is joined to the next by a line."""


def reliability(found: Mapping[str, Calibration], *, title: str, caption: str) -> Figure:
    """One panel a classifier: confidence across, the share right up; the diagonal is perfect calibration.

    Bars are 95 % intervals, the grey band where 95 % of shares fall if every confidence is true.

    Raises
    ------
    BadInput
        if there are none.

    >>> import numpy as np
    >>> from core.calibration import calibration
    >>> made = calibration(np.full(99, 0.9), np.arange(99) % 10 > 0)
    >>> reliability({"A": made}, title="Sure and right", caption="").rows[0]["n"]
    99
    """
    if not found:
        raise BadInput(f"figure {title!r} has no curves to show; expected at least one")
    names = list(found)

    def fill(axes: Axes, index: int) -> None:
        bins = found[names[index]].bins
        across = [one.confidence for one in bins]
        axes.plot([0, 1], [0, 1], color=MUTED, lw=0.8, ls=(0, (1, 2)))
        for one in bins:
            axes.plot([one.confidence] * 2, one.chance, color=RULE, lw=7, solid_capstyle="butt", zorder=1)
        colour = SERIES[index % 4]
        for one in bins:
            axes.plot(
                [one.confidence] * 2, [one.accuracy.low, one.accuracy.high], color=colour, lw=1.4, zorder=2
            )
        marked: dict[str, Any] = {"color": colour, "ms": 4.5, "ls": "none", "marker": MARKERS[index % 4]}
        axes.plot(across, [one.accuracy.estimate for one in bins], **marked)
        many = [one for one in bins if one.accuracy.n >= MANY]
        axes.plot(
            [one.confidence for one in many], [one.accuracy.estimate for one in many], color=colour, lw=1
        )
        axes.set(xlim=(0, 1), ylim=(-0.02, 1.02))
        axes.set_xticks([0, 0.25, 0.5, 0.75], ["0", "25", "50", "75"])
        axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
        quiet(axes)

    draw, height = small_multiples(names, fill, under="how sure; up: how often right")
    rows = [{"subject": name} | row for name, one in found.items() for row in labelled_bins(one.bins)]
    spoken = "; ".join(
        f"{name}: expected calibration error {percent(one.error)}, by chance {100 * one.chance[0]:.1f} to "
        f"{100 * one.chance[1]:.1f} %"
        for name, one in found.items()
    )
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=rows)
