"""Panels of curves, one a method, each over the random control's: deletion, insertion, randomisation layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from core.errors import BadInput
from reports.drawing import INK, MUTED, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.sections import Figure

COLUMNS, GAP, HEAD, FOOT, LEFT = 3, 14.0, 18.0, 16.0, 26.0
"""Panels in a line; points between them, over and under each, and left of the first for its scale."""
TALL = 66.0
BAND = (0.25, 0.75)
"""The quantiles over cases that a band spans."""


@dataclass(frozen=True, eq=False)
class Line:
    """One curve over cases: ``steps`` across (numbers, or names), ``values`` (cases, steps); NaN is left out."""

    steps: Sequence[float | str]
    values: Float[np.ndarray, "cases steps"]


@dataclass(frozen=True, eq=False)
class Panel:
    """A method's panel: its lines by name (up to two), a note under it, whether it stands back."""

    name: str
    lines: dict[str, Line]
    note: str = ""
    control: bool = False


def panels(
    methods: Sequence[Panel],
    *,
    behind: dict[str, Line],
    ends: tuple[str, str],
    title: str,
    caption: str,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """One panel a method: the median over cases, the middle half as a band, and ``behind`` in grey (a control's).

    ``ends`` are words under the first and the last step. All panels share their scale.

    Raises
    ------
    BadInput
        if there are no methods.

    >>> line = Line([0.0, 0.5, 1.0], np.array([[1.0, 0.4, 0.0], [0.8, 0.6, 0.0]]))
    >>> made = panels([Panel("a", {"deletion": line})], behind={}, ends=("0 %", "100 %"), title="t", caption="")
    >>> made.alt
    't. a: deletion from 0.90 over 0.50 to 0.00.'
    """
    if not methods:
        raise BadInput(f"figure {title!r} has no curves to show; expected at least one")
    lines = -(-len(methods) // COLUMNS)
    kinds = list(dict.fromkeys(kind for panel in methods for kind in panel.lines))
    legend = 20.0 if len(kinds) > 1 or behind else 0.0
    each = HEAD + TALL + FOOT
    height = legend + lines * each
    low, high = limits or _limits([*methods, Panel("", behind)])

    def draw(canvas: Canvas) -> None:
        width = (WIDTH - LEFT - GAP * (COLUMNS - 1)) / COLUMNS
        for index, panel in enumerate(methods):
            column, row = index % COLUMNS, index // COLUMNS
            base = height - legend - row * each - HEAD - TALL
            left = LEFT + column * (width + GAP)
            axes = canvas.add_axes((left / WIDTH, base / height, width / WIDTH, TALL / height))
            _panel(axes, panel, behind, kinds, scaled=column == 0, limits=(low, high))
            _ends(axes, panel, ends)
        if legend:
            _legend(canvas, kinds, bool(behind), height)

    rows = [row for panel in methods for row in _rows(panel)]
    alt = f"{title}. " + " ".join(f"{panel.name}: {_told(panel)}." for panel in methods)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _panel(
    axes: Axes,
    panel: Panel,
    behind: dict[str, Line],
    kinds: Sequence[str],
    *,
    scaled: bool,
    limits: tuple[float, float],
) -> None:
    for kind, line in behind.items():
        across = np.linspace(0, 1, line.values.shape[1])
        style = ("-", (0, (3, 2)))[kinds.index(kind) if kind in kinds else 0]
        axes.plot(across, np.nanmedian(line.values, 0), color=MUTED, lw=1.1, ls=style, zorder=2)
    for kind, line in panel.lines.items():
        number = kinds.index(kind)
        across = np.linspace(0, 1, line.values.shape[1])
        low, middle, high = np.nanquantile(line.values, (BAND[0], 0.5, BAND[1]), axis=0)
        colour, style = SERIES[number % 4], ("-", (0, (3, 2)))[number % 2]
        axes.fill_between(across, low, high, color=colour, alpha=0.22, lw=0, zorder=1)
        axes.plot(across, middle, color=colour, lw=1.7, ls=style, zorder=3)
    axes.set(xlim=(0, 1), ylim=limits, xticks=[])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", visible=True)
    axes.set_axisbelow(True)
    axes.spines[["left"]].set_visible(False)
    if not scaled:
        axes.tick_params(axis="y", labelleft=False)
    else:
        axes.tick_params(axis="y", labelsize=8.5, pad=2)


def _ends(axes: Axes, panel: Panel, ends: tuple[str, str]) -> None:
    beside: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    ink = MUTED if panel.control else INK
    axes.text(0, 1.06, clipped(panel.name, 21), color=ink, fontsize=9.5, **beside)
    axes.text(0.03, 0.05, panel.note, color=MUTED, fontsize=8, **beside)
    for at, word, side in ((0, ends[0], "left"), (1, ends[1], "right")):
        axes.text(at, -0.05, word, color=MUTED, ha=side, va="top", fontsize=8, **beside)


def _legend(canvas: Canvas, kinds: Sequence[str], behind: bool, height: float) -> None:
    axes = canvas.add_axes((0, 1 - 16 / height, 1, 16 / height))
    axes.set(xlim=(0, WIDTH), ylim=(0, 16))
    axes.set_axis_off()
    at = LEFT
    entries = [(kind, SERIES[i % 4], ("-", (0, (3, 2)))[i % 2]) for i, kind in enumerate(kinds)]
    entries += [("random control", MUTED, "-")] if behind else []
    for word, colour, style in entries:
        axes.plot([at, at + 16], [8, 8], color=colour, lw=1.8, ls=style)
        axes.text(at + 21, 8, word, va="center", color=INK, fontsize=9)
        at += 40 + 5.0 * len(word)


def _limits(methods: Sequence[Panel]) -> tuple[float, float]:
    """Of all bands together."""
    lines = [line.values for panel in methods for line in panel.lines.values()]
    ends = [np.nanquantile(values, end, axis=0) for values in lines for end in BAND]
    low = min(0.0, *(float(np.nanmin(end)) for end in ends))
    high = max(float(np.nanmax(end)) for end in ends)
    return low, high + 0.03 * ((high - low) or 1.0)


def _rows(panel: Panel) -> list[dict[str, Any]]:
    found = []
    for kind, line in panel.lines.items():
        low, middle, high = np.nanquantile(line.values, (BAND[0], 0.5, BAND[1]), axis=0)
        found += [
            {
                "method": panel.name,
                "curve": kind,
                "step": step if isinstance(step, str) else float(step),
                "median": float(middle[i]),
                "lower quartile": float(low[i]),
                "upper quartile": float(high[i]),
            }
            for i, step in enumerate(line.steps)
        ]
    return found


def _told(panel: Panel) -> str:
    def one(line: Line) -> str:
        middle = np.nanmedian(line.values, 0)
        return f"from {middle[0]:.2f} over {middle[len(middle) // 2]:.2f} to {middle[-1]:.2f}"

    note = f" ({panel.note})" if panel.note else ""
    return "; ".join(f"{kind} {one(line)}" for kind, line in panel.lines.items()) + note
