"""Bars of how much each named number of an input counted for a target: the picture of an input that is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, MUTED, RULE, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.sections import Figure

MOST = 12
"""The most bars of one input; the strongest are drawn."""
LEFT, RIGHT, LINE, HEAD = 190.0, 52.0, 17.0, 26.0
"""Points: for names and values left of the bars, for numbers right of them, for a bar, above the first."""


@dataclass(frozen=True, eq=False)
class Contribution:
    """One input's numbers by name, what each was (``given``), and how much each counted for or against a target."""

    subject: str
    names: Sequence[str]
    given: Float[np.ndarray, "k"]
    counted: Float[np.ndarray, "k"]
    note: str = ""


def contribution_bars(inputs: Sequence[Contribution], *, title: str, caption: str) -> Figure:
    """One block of bars an input, strongest first: orange counted for the target, blue against it; one scale for all.

    Raises
    ------
    BadInput
        if there are no inputs.

    >>> one = Contribution("a", ["angle", "spin"], np.array([0.1, 2.0]), np.array([0.5, -1.0]), note="left")
    >>> contribution_bars([one], title="Why", caption="").alt
    'Why. left: spin -1.00, angle +0.500.'
    """
    if not inputs:
        raise BadInput(f"figure {title!r} has no attributions to show; expected at least one")
    order = [np.argsort(-np.abs(one.counted), kind="stable")[:MOST] for one in inputs]
    blocks = [len(chosen) * LINE + HEAD for chosen in order]
    height = sum(blocks) + 6
    most = max(float(np.abs(one.counted).max()) for one in inputs) or 1.0

    def draw(canvas: Canvas) -> None:
        top = height
        for one, chosen, block in zip(inputs, order, blocks, strict=True):
            width = WIDTH - LEFT - RIGHT
            box = (LEFT / WIDTH, (top - block) / height, width / WIDTH, (block - HEAD) / height)
            _block(canvas.add_axes(box), one, chosen, most)
            top -= block

    spoken = "; ".join(
        f"{one.note or one.subject}: "
        + ", ".join(f"{one.names[i]} {said(one.counted[i])}" for i in chosen[:4])
        for one, chosen in zip(inputs, order, strict=True)
    )
    rows = [
        {"input": one.note, "name": name, "given": float(given), "counted": float(counted)}
        for one in inputs
        for name, given, counted in zip(one.names, one.given, one.counted, strict=True)
    ]
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=rows)


def said(value: float) -> str:
    """A signed number of three digits.

    >>> said(-12.345), said(0.5)
    ('-12.3', '+0.500')
    """
    digits = int(np.clip(2 - np.floor(np.log10(max(abs(value), 1e-3))), 0, 3))
    return f"{value:+.{digits}f}"


def _block(axes: Axes, one: Contribution, chosen: np.ndarray, most: float) -> None:
    at, values = np.arange(len(chosen)), one.counted[chosen]
    colours = [SERIES[1] if value > 0 else SERIES[0] for value in values]
    axes.barh(at, values, height=0.62, color=colours)
    axes.axvline(0, color=RULE, lw=1, zorder=0)
    axes.set(xlim=(-most, most), ylim=(len(chosen) - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
    beyond = WIDTH - LEFT - RIGHT
    for y, i in enumerate(chosen):
        beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
        name = f"{clipped(one.names[i], 22)}  {one.given[i]:.3g}"
        axes.text(-4 / beyond, y, name, ha="right", color=INK, **beside)
        axes.text(1 + 4 / beyond, y, said(float(one.counted[i])), color=MUTED, **beside)
    axes.set_title(clipped(one.note or one.subject, 60), x=-LEFT / beyond, pad=5)
