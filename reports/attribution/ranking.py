"""The ranking: a method a line, its rank by every metric, its mean rank with an interval, its sanity checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MUTED, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.sections import Figure

NAMES, MARK, RIGHT, GAP, ROW, FOOT = 112.0, 14.0, 8.0, 16.0, 21.0, 30.0
"""Points for names and for the mark of a failed check; right of the dots; between cells and dots; a line; under all."""
DOTS = 96.0


@dataclass(frozen=True, eq=False)
class Ranked:
    """One method: its rank by each metric (None: not measured), the mean, and how many sanity checks it fails."""

    name: str
    ranks: Mapping[str, float | None]
    mean: Interval
    control: bool = False
    failed: int = 0


def ranking(
    rows: Sequence[Ranked], *, title: str, caption: str, called: Mapping[str, str] | None = None
) -> Figure:
    """Best first: cells with ranks, the darker the better; the mean rank as a dot with its interval; ✕ fails a check.

    ``called``: metrics as the head of their columns calls them.

    Raises
    ------
    BadInput
        if there is nothing to rank.

    >>> best = Ranked("a", {"deletion": 1.0}, Interval(1.0, 1.0, 1.0, 4))
    >>> last = Ranked("noise", {"deletion": 2.0}, Interval(2.0, 2.0, 2.0, 4), control=True)
    >>> ranking([last, best], title="Order", caption="").alt
    'Order. 1. a, mean rank 1.0 [1.0, 1.0]; 2. noise (control), mean rank 2.0 [2.0, 2.0].'
    """
    if not rows:
        raise BadInput(f"figure {title!r} has no methods to rank; expected at least one")
    rows = sorted(rows, key=lambda row: row.mean.estimate)
    metrics = list(dict.fromkeys(metric for row in rows for metric in row.ranks))
    heads = [(called or {}).get(metric, metric.replace("-", " ")) for metric in metrics]
    head = 18.0 + 3.4 * max(map(len, heads))
    height = head + ROW * len(rows) + FOOT

    def draw(canvas: Canvas) -> None:
        left = NAMES + MARK
        wide = WIDTH - left - DOTS - GAP - RIGHT
        cells = canvas.add_axes((left / WIDTH, FOOT / height, wide / WIDTH, 1 - (head + FOOT) / height))
        _cells(cells, rows, metrics, heads)
        box = (1 - (DOTS + RIGHT) / WIDTH, FOOT / height, DOTS / WIDTH, 1 - (head + FOOT) / height)
        _dots(canvas.add_axes(box), rows)
        for at, row in enumerate(rows):
            up = (FOOT + ROW * (len(rows) - at - 0.5)) / height
            ink = MUTED if row.control else INK
            canvas.text(
                0,
                up,
                clipped(row.name, 22),
                va="center",
                color=ink,
                style="italic" if row.control else "normal",
            )
            if row.failed:
                canvas.text(
                    (NAMES + 4) / WIDTH, up, "✕", va="center", ha="center", color=SERIES[1], weight="bold"
                )

    spoken = "; ".join(f"{at}. {_told(row)}" for at, row in enumerate(rows, 1))
    data = [
        {"method": row.name, "control": row.control, "failed checks": row.failed}
        | {f"rank by {metric}": row.ranks.get(metric) for metric in metrics}
        | {"mean rank": row.mean.estimate, "low": row.mean.low, "high": row.mean.high}
        for row in rows
    ]
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=data)


def _cells(axes: Axes, rows: Sequence[Ranked], metrics: Sequence[str], heads: Sequence[str]) -> None:
    most = len(rows)
    axes.set(xlim=(-0.5, len(metrics) - 0.5), ylim=(len(rows) - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
    for down, row in enumerate(rows):
        for across, metric in enumerate(metrics):
            rank = row.ranks.get(metric)
            written: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}
            if rank is None or np.isnan(rank):
                axes.text(across, down, "–", color=MUTED, **written)
                continue
            strength = 0.85 * (1 - (rank - 1) / max(most - 1, 1)) ** 1.5
            corner = (across - 0.46, down - 0.44)
            axes.add_patch(Rectangle(corner, 0.92, 0.88, color=SERIES[0], alpha=strength, lw=0))
            axes.text(across, down, f"{rank:.2g}", color="white" if strength > 0.55 else INK, **written)
    for across, head in enumerate(heads):
        axes.text(across - 0.1, -0.6, head, rotation=50, ha="left", va="bottom", color=MUTED, fontsize=9)


def _dots(axes: Axes, rows: Sequence[Ranked]) -> None:
    axes.set(xlim=(1, max(len(rows), 2)), ylim=(len(rows) - 0.5, -0.5), yticks=[])
    quiet(axes, grid="x")
    axes.set_xticks([1, len(rows)], ["1", str(len(rows))])
    axes.set_xlabel("mean rank (1 is best)", fontsize=9, labelpad=1)
    for control in [row for row in rows if row.control]:
        axes.axvline(control.mean.estimate, color=RULE, lw=1, zorder=0)
    for at, row in enumerate(rows):
        colour = MUTED if row.control else SERIES[1] if row.failed else SERIES[0]
        mean = row.mean
        axes.plot([mean.low, mean.high], [at, at], color=colour, lw=2, solid_capstyle="butt", clip_on=False)
        shape = "D" if row.control else "X" if row.failed else "o"
        axes.plot([mean.estimate], [at], shape, color=colour, ms=6, clip_on=False, zorder=3)


def _told(row: Ranked) -> str:
    mean = row.mean
    control = " (control)" if row.control else ""
    fails = f", fails {row.failed} sanity check{'s' if row.failed > 1 else ''}" if row.failed else ""
    return f"{row.name}{control}, mean rank {mean.estimate:.1f} [{mean.low:.1f}, {mean.high:.1f}]{fails}"
