"""Heat maps of numbers from 0 to 1: layers beside layers, answers beside answers."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from core.errors import BadInput
from reports.drawing import INK, MUTED, WIDTH, figure
from reports.figures import clipped
from reports.maps import VALUE_COLOURS
from reports.sections import Figure

HEAD, LEFT, RIGHT = 92.0, 92.0, 30.0
ROOMY = 20
"""Columns up to which every square has its number."""


def heat_map(
    values: Float[np.ndarray, "r c"],
    names: tuple[Sequence[str], Sequence[str]],
    *,
    axes: tuple[str, str],
    title: str,
    caption: str,
    spoken: str,
    written: Sequence[Sequence[str]] | None = None,
) -> Figure:
    """A square for each row and column, its colour the value; NaN is left empty.

    ``written`` is what stands in the squares instead of hundredths; ``spoken`` says in words what the map shows.

    Raises
    ------
    BadInput
        if the values are not as many as the names.

    >>> made = heat_map(np.eye(2), (["a", "b"], ["c", "d"]), axes=("A", "B"), title="t", caption="", spoken="Alike.")
    >>> made.rows[0]
    {'A': 'a', 'B': 'c', 'value': 1.0}
    """
    rows, columns = names
    if values.shape != (len(rows), len(columns)) or not values.size:
        raise BadInput(
            f"figure {title!r} has {values.shape} values for {len(rows)} rows and {len(columns)} columns"
        )
    wide = (WIDTH - LEFT - RIGHT) / len(columns)
    tall = float(np.clip(wide, 15, 26))
    height = HEAD + tall * len(rows) + 4
    colours = matplotlib.colormaps[VALUE_COLOURS]
    size = 8.0 if wide > 20 else 6.5

    def draw(canvas: Canvas) -> None:
        plot = canvas.add_axes(
            (LEFT / WIDTH, 4 / height, 1 - (LEFT + RIGHT) / WIDTH, tall * len(rows) / height)
        )
        plot.set(xlim=(0, len(columns)), ylim=(len(rows), 0), xticks=[], yticks=[])
        plot.spines[:].set_visible(False)
        for row, name in enumerate(rows):
            plot.text(-0.1, row + 0.5, clipped(name, 16), ha="right", va="center", fontsize=9, clip_on=False)
            for column, value in enumerate(values[row]):
                if not np.isfinite(value):
                    continue
                shade = colours(float(np.clip(value, 0, 1)))
                plot.add_patch(Rectangle((column, row), 0.98, 0.96, facecolor=shade, linewidth=0))
                if len(columns) <= ROOMY:
                    text = written[row][column] if written else f"{round(100 * value)}".replace("-", "−")
                    ink = "white" if value < 0.55 else "black"
                    plot.text(
                        column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=size
                    )
        for column, name in enumerate(columns):
            plot.text(
                column + 0.35, -0.15, clipped(name, 16), rotation=45, va="bottom", fontsize=9, clip_on=False
            )
        canvas.text(0, 1 - 8 / height, f"{clipped(axes[0], 16)} ↓", color=INK, fontsize=9, va="top")
        canvas.text(0, 1 - 22 / height, f"{clipped(axes[1], 16)} →", color=MUTED, fontsize=9, va="top")

    data = [
        {axes[0]: a, axes[1]: b, "value": float(values[i, j])}
        for i, a in enumerate(rows)
        for j, b in enumerate(columns)
    ]
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}", rows=data)
