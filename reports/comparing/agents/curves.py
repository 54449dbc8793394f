"""Curves with intervals over a dial of the levels or over training: one panel a measure, one line an agent."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, MUTED, PAPER, SERIES, WIDTH, figure, quiet
from reports.figures import amount, clipped
from reports.sections import Figure

LEFT, TALL, HEAD, FOOT = 40.0, 104.0, 30.0, 34.0
"""Points: left of the axes, of a panel, over it, and below the last."""
STYLES = ("-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1)))
"""Lines of agents, so that no reading rests on colour alone."""

Lines = Mapping[str, Sequence[Interval | None]]
"""Agent to its interval at every place; None where there is none."""


def curves(
    panels: Mapping[str, Lines],
    at: Sequence[str],
    *,
    under: str,
    title: str,
    caption: str,
    counted: bool = False,
) -> Figure:
    """One panel a measure below each other, the places in ``at`` at equal distances.

    ``under`` says what the places are. ``counted``: means a level instead of shares.

    Raises
    ------
    BadInput
        if there are no curves.

    >>> half = Interval(0.5, 0.4, 0.6, 99)
    >>> curves({"goal": {"A": [half, half]}}, ["1", "2"], under="dial", title="Over", caption="").alt
    'Over, by dial. goal: A 50 % [40, 60] at 1, 50 % [40, 60] at 2.'
    """
    if not panels or not at:
        raise BadInput(f"figure {title!r} has no curves to show; expected at least one")
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    rows_of_legend = -(-len(names) // 2)
    top = 18.0 * rows_of_legend
    height = top + len(panels) * (HEAD + TALL) + FOOT

    def draw(canvas: Canvas) -> None:
        for number, (measure, lines) in enumerate(panels.items()):
            below = height - top - (number + 1) * (HEAD + TALL)
            axes = canvas.add_axes((LEFT / WIDTH, below / height, 1 - (LEFT + 10) / WIDTH, TALL / height))
            _panel(axes, lines, names, counted=counted)
            axes.set_title(measure, fontsize=10, pad=5)
            axes.set_xticks(range(len(at)), at if number == len(panels) - 1 else [])
        canvas.text(0.5, 4 / height, under, color=MUTED, ha="center", va="bottom")
        canvas.legend(
            *canvas.axes[0].get_legend_handles_labels(),
            loc="upper left",
            ncols=min(2, len(names)),
            borderaxespad=0,
            handlelength=2.4,
            columnspacing=1.2,
        )

    rows = [
        {"measure": measure, "subject": name, under: place}
        | {"estimate": value.estimate, "low": value.low, "high": value.high, "n": value.n}
        for measure, lines in panels.items()
        for name, values in lines.items()
        for place, value in zip(at, values, strict=True)
        if value is not None
    ]
    spoken = "; ".join(
        f"{measure}: " + ", ".join(_told(name, values, at, counted) for name, values in lines.items())
        for measure, lines in panels.items()
    )
    alt = f"{title}, by {under}. {spoken}."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _panel(axes: Axes, lines: Lines, names: Sequence[str], *, counted: bool) -> None:
    most = 1.0
    if counted:
        most = max((v.high for values in lines.values() for v in values if v is not None), default=1.0) or 1.0
    for name, values in lines.items():
        number = names.index(name)
        known = [(place, value) for place, value in enumerate(values) if value is not None]
        across = np.array([place for place, _ in known]) + (number - (len(lines) - 1) / 2) * 0.05
        colour = SERIES[number % 4]
        axes.vlines(across, [v.low for _, v in known], [v.high for _, v in known], color=colour, lw=1.8)
        axes.plot(
            across,
            [v.estimate for _, v in known],
            marker=MARKERS[number % 4],
            ls=STYLES[number % 4],
            color=colour,
            mec=PAPER,
            ms=6,
            lw=1.5,
            label=clipped(name, 24),
        )
    axes.set(ylim=(-0.03 * most, 1.04 * most))
    if not counted:
        axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
    axes.tick_params(labelcolor=INK)
    quiet(axes)


def _told(name: str, values: Sequence[Interval | None], at: Sequence[str], counted: bool) -> str:
    known = [(place, value) for place, value in zip(at, values, strict=True) if value is not None]
    ends = [known[0], known[-1]] if len(known) > 1 else known
    return f"{name} " + ", ".join(f"{amount(value, counted)} at {place}" for place, value in ends)
