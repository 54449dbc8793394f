"""Bars over the objects of a gridworld: what the apple, the monster, the wall counted for, by several methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from core.errors import BadInput
from reports.attribution.evidence import Objects
from reports.drawing import INK, MARKERS, MUTED, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.sections import Figure

NAMES, NUMBERS, LINE, HEAD, FOOT = 118.0, 62.0, 21.0, 24.0, 20.0
"""Points for names left of the bars and numbers right of them; for a bar; above the first of a case; under all."""


@dataclass(frozen=True, eq=False)
class Named:
    """One case and its objects' values, by method - the first as bars, the others as marks upon them; same objects."""

    name: str
    methods: Sequence[Objects]


MOST = 12
"""The most bars of one case; the strongest are drawn."""


def object_bars(cases: Sequence[Named], *, title: str, caption: str) -> Figure:
    """A block a case, a bar an object, strongest first; whiskers are two standard errors; other methods are marks.

    Orange counts for the target, blue against it; one scale for all cases.

    Raises
    ------
    BadInput
        if there are no cases.

    >>> one = Objects("Shapley", ["apple", "wall"], np.array([2.0, -0.5]), np.array([0.1, 0.1]))
    >>> object_bars([Named("1: up", [one])], title="Objects", caption="").alt
    'Objects. 1: up: apple +2.00 ± 0.20, wall -0.500 ± 0.20 by Shapley.'
    """
    if not cases:
        raise BadInput(f"figure {title!r} has no objects to show; expected at least one case")
    others = list(dict.fromkeys(one.method for case in cases for one in case.methods[1:]))
    blocks = [min(len(case.methods[0].names), MOST) * LINE + HEAD for case in cases]
    legend = 18.0 if others else 0.0
    height = legend + sum(blocks) + FOOT
    most = max(_reach(one) for case in cases for one in case.methods) or 1.0

    def draw(canvas: Canvas) -> None:
        top = height - legend
        for number, (case, block) in enumerate(zip(cases, blocks, strict=True)):
            width = WIDTH - NAMES - NUMBERS
            box = (NAMES / WIDTH, (top - block) / height, width / WIDTH, (block - HEAD) / height)
            axes = canvas.add_axes(box)
            _block(axes, case, most, others, last=number == len(cases) - 1)
            top -= block
        if others:
            _legend(canvas, cases[0].methods[0].method, others, height)

    rows = [
        {
            "case": case.name,
            "method": one.method,
            "object": name,
            "counted": float(one.values[i]),
            "standard error": None if one.errors is None else float(one.errors[i]),
        }
        for case in cases
        for one in case.methods
        for i, name in enumerate(one.names)
    ]
    alt = f"{title}. " + " ".join(_told(case) for case in cases)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def said(value: float) -> str:
    """A signed number of three digits.

    >>> said(-12.345), said(0.5)
    ('-12.3', '+0.500')
    """
    digits = int(np.clip(2 - np.floor(np.log10(max(abs(value), 1e-3))), 0, 3))
    return f"{value:+.{digits}f}"


def _block(axes: Axes, case: Named, most: float, others: Sequence[str], *, last: bool) -> None:
    first = case.methods[0]
    order = np.argsort(-np.abs(first.values), kind="stable")[:MOST]
    at, values = np.arange(len(order)), first.values[order]
    axes.barh(at, values, height=0.6, color=[SERIES[1] if value > 0 else SERIES[0] for value in values])
    if first.errors is not None:
        reach = 2 * first.errors[order]
        axes.hlines(at, values - reach, values + reach, color=INK, lw=1.3)
    for one in case.methods[1:]:
        mark = MARKERS[others.index(one.method) % 4]
        axes.plot(one.values[order], at, mark, mfc="none", mec=INK, ms=7, mew=1.2, clip_on=False)
    axes.axvline(0, color=RULE, lw=1, zorder=0)
    axes.set(xlim=(-1.05 * most, 1.05 * most), ylim=(len(order) - 0.5, -0.5), yticks=[])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, symmetric=True))
    quiet(axes, grid="x")
    if not last:
        axes.tick_params(axis="x", labelbottom=False)
    beyond = WIDTH - NAMES - NUMBERS
    for y, i in enumerate(order):
        beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
        axes.text(-8 / beyond, y, clipped(first.names[i], 20), ha="right", color=INK, **beside)
        number = said(float(first.values[i])) + _error(first, i)
        axes.text(1 + NUMBERS / beyond, y, number, ha="right", color=MUTED, fontsize=9, **beside)
    axes.set_title(clipped(case.name, 62), x=-NAMES / beyond, pad=5)


def _legend(canvas: Canvas, first: str, others: Sequence[str], height: float) -> None:
    axes = canvas.add_axes((0, 1 - 14 / height, 1, 14 / height))
    axes.set(xlim=(0, WIDTH), ylim=(0, 14))
    axes.set_axis_off()
    axes.text(0, 7, f"bars: {first}", va="center", color=INK, fontsize=9)
    at = 30 + 5.0 * len(first) + 20
    for kind, name in enumerate(others):
        axes.plot([at], [7], MARKERS[kind % 4], mfc="none", mec=INK, ms=7, mew=1.2)
        axes.text(at + 9, 7, name, va="center", color=INK, fontsize=9)
        at += 30 + 5.0 * len(name)


def _reach(one: Objects) -> float:
    errors = 0.0 if one.errors is None else 2 * one.errors
    return float(np.max(np.abs(one.values) + errors, initial=0.0))


def _error(one: Objects, i: int) -> str:
    """Two standard errors; nothing where the value is exact."""
    return "" if one.errors is None or not one.errors.any() else f" ± {2 * one.errors[i]:.2f}"


def _told(case: Named) -> str:
    def listed(one: Objects) -> str:
        pairs = [f"{name} {said(float(one.values[i]))}{_error(one, i)}" for i, name in enumerate(one.names)]
        return f"{', '.join(pairs)} by {one.method}"

    return f"{case.name}: {'; '.join(listed(one) for one in case.methods)}."
