"""Strips: every agent a point, settings below each other, distributions side by side, ceiling and floor marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MARKERS, MUTED, PAPER, SERIES, WIDTH, figure, quiet
from reports.figures import amount, clipped
from reports.sections import Figure

ROW, GAP, EDGE = 38.0, 26.0, 16.0
"""Points: height of a setting, between two panels, left and right of them."""


@dataclass(frozen=True)
class Spread:
    """A setting's agents on one distribution: value by agent, their mean, and what the best and chance do there.

    ``over_seeds`` is the mean's interval over agents, its ends NaN where there is but one.
    """

    points: Mapping[str, float]
    over_seeds: Interval
    ceiling: float | None = None
    floor: float | None = None

    def values(self) -> list[float]:
        """All that is drawn."""
        ends = (self.over_seeds.low, self.over_seeds.high, self.ceiling, self.floor)
        return [*self.points.values(), *(end for end in ends if end is not None and end == end)]


@dataclass(frozen=True)
class Strip:
    """One setting: its name, its series (an algorithm; one colour each), and its spread by distribution."""

    name: str
    series: str
    spreads: Mapping[str, Spread]


def strips(
    rows: Sequence[Strip], panels: Sequence[str], *, title: str, caption: str, counted: bool = False
) -> Figure:
    """Each setting's agents as points over their mean with its interval over seeds, a panel a distribution.

    ``counted``: they are mean counts instead of proportions.

    >>> spread = Spread({"a-0": 0.5, "a-1": 0.7}, Interval(0.6, 0.4, 0.8, 2), ceiling=1.0, floor=0.1)
    >>> made = strips([Strip("a", "ppo", {"training": spread})], ["training"], title="Goal", caption="")
    >>> made.alt
    'Goal. a: training 60 % [40, 80], agents from 50 % to 70 %, best 100 %, chance 10 %.'
    """
    if not rows:
        raise BadInput(f"figure {title!r} has no agents to show; expected at least one")
    series = list(dict.fromkeys(row.series for row in rows))
    top = 38 if len(series) > 1 else 20
    height = ROW * len(rows) + top + 24
    ends = _ends(rows, counted)

    def draw(canvas: Canvas) -> None:
        width = (WIDTH - 2 * EDGE - GAP * (len(panels) - 1)) / len(panels)
        for index, panel in enumerate(panels):
            left = EDGE + index * (width + GAP)
            axes = canvas.add_axes((left / WIDTH, 24 / height, width / WIDTH, (height - top - 24) / height))
            axes.set(xlim=ends, ylim=(len(rows) - 0.45, -0.55), yticks=[])
            axes.set_title(clipped(panel, int(width / 6)), fontsize=10.5)
            _ticks(axes, counted, width)
            quiet(axes, grid="x")
            for at, row in enumerate(rows):
                if index == 0:
                    _named(axes, at, clipped(row.name, 50))
                if panel in row.spreads:
                    _spread(axes, at, row.spreads[panel], series.index(row.series))
        if len(series) > 1:
            _legend(canvas, series)

    alt = f"{title}. " + " ".join(_spoken(row, panels, counted) for row in rows)
    data = [one for row in rows for one in _data(row, panels)]
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=data)


def _ends(rows: Sequence[Strip], counted: bool) -> tuple[float, float]:
    values = [value for row in rows for spread in row.spreads.values() for value in spread.values()]
    if not counted:
        return -0.02, 1.02
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.03 * ((high - low) or 1.0)
    return low - room, high + room


def _ticks(axes: Axes, counted: bool, width: float) -> None:
    if counted:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=max(2, int(width / 45)), steps=[1, 2, 2.5, 5, 10]))
    else:
        axes.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])


def _named(axes: Axes, at: int, name: str) -> None:
    axes.text(0, at - 0.34, name, transform=axes.get_yaxis_transform(), va="center", color=INK)


def _spread(axes: Axes, at: float, spread: Spread, index: int) -> None:
    """Points stand in two or three rows, so that agents who did the same are seen to be several."""
    colour, marker = SERIES[index % 4], MARKERS[index % 4]
    line, mean = at + 0.18, spread.over_seeds
    for end, style in ((spread.ceiling, "-"), (spread.floor, (0, (1.5, 1.5)))):
        if end is not None:
            axes.plot([end, end], [line - 0.3, line + 0.3], ls=style, color=MUTED, lw=1.6, clip_on=False)
    if mean.low == mean.low:
        axes.plot([mean.low, mean.high], [line, line], color=colour, lw=7, alpha=0.3, solid_capstyle="butt")
    rows = 3 if len(spread.points) > 3 else 1
    for place, value in enumerate(sorted(spread.points.values())):
        offset = 0.13 * (place % rows - (rows - 1) / 2)
        axes.plot(
            [value],
            [line + offset],
            marker,
            color=colour,
            ms=4,
            mec=PAPER,
            mew=0.4,
            alpha=0.85,
            clip_on=False,
        )
    axes.plot([mean.estimate] * 2, [line - 0.26, line + 0.26], color=colour, lw=2.2, clip_on=False)


def _legend(canvas: Canvas, series: Sequence[str]) -> None:
    axes = canvas.axes[0]
    for index, name in enumerate(series):
        axes.plot([], [], MARKERS[index % 4], color=SERIES[index % 4], ms=5, label=clipped(name, 24))
    canvas.legend(
        *axes.get_legend_handles_labels(), loc="upper left", ncols=4, borderaxespad=0, handletextpad=0.2
    )


def _spoken(row: Strip, panels: Sequence[str], counted: bool) -> str:
    said = [f"{panel} {_amount(row.spreads[panel], counted)}" for panel in panels if panel in row.spreads]
    return f"{row.name}: {'; '.join(said)}."


def _amount(spread: Spread, counted: bool) -> str:
    lowest, highest = min(spread.points.values()), max(spread.points.values())
    mean = amount(spread.over_seeds, counted)
    said = [mean if len(spread.points) > 1 else mean.partition(" [")[0]]
    if len(spread.points) > 1:
        said.append(f"agents from {level(lowest, counted)} to {level(highest, counted)}")
    for name, end in (("best", spread.ceiling), ("chance", spread.floor)):
        said += [f"{name} {level(end, counted)}"] if end is not None else []
    return ", ".join(said)


def level(value: float, counted: bool) -> str:
    """One number as people say it.

    >>> level(0.256, False), level(12.34, True), level(1.234, True)
    ('26 %', '12.3', '1.23')
    """
    return f"{value:.{1 if abs(value) >= 10 else 2}f}" if counted else f"{100 * value:.0f} %"


def _data(row: Strip, panels: Sequence[str]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        for agent, value in row.spreads[panel].points.items() if panel in row.spreads else ():
            spread = row.spreads[panel]
            mean = spread.over_seeds
            yield {
                "setting": row.name,
                "levels": panel,
                "agent": agent,
                "value": value,
                "mean over seeds": mean.estimate,
                "low": mean.low if mean.low == mean.low else None,
                "high": mean.high if mean.high == mean.high else None,
                "ceiling": spread.ceiling,
                "floor": spread.floor,
            }
