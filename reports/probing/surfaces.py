"""What-when-where: for each concept a map of its score over layers and moments of training [mcgrath2022]."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, WIDTH, figure, thousands
from reports.figures import clipped
from reports.probing.knowledge import cells
from reports.sections import Figure

ACROSS = 2
GAP, LEFT, RIGHT = 10.0, 62.0, 14.0


def surfaces(
    scores: Mapping[str, Float[np.ndarray, "layers moments"]],
    layers: Sequence[str],
    steps: Sequence[int],
    *,
    title: str,
    caption: str = "",
) -> Figure:
    """One map a concept: layers down, in the order in which they run, moments of training across, the score as colour.

    >>> made = surfaces({"a": np.array([[0.0, 1.0]])}, ["fc"], [0, 100], title="When")
    >>> made.alt
    'When. a: at fc from 0.00 after 0 steps to 1.00 after 100 steps.'
    """
    if not scores:
        raise BadInput(f"figure {title!r} has no concepts to show; expected at least one")
    lines = -(-len(scores) // ACROSS)
    block = 13.0 * len(layers) + 24
    height = lines * block + 46
    side = (WIDTH - LEFT - RIGHT - GAP * (ACROSS - 1)) / ACROSS

    def draw(canvas: Canvas) -> None:
        for index, (concept, values) in enumerate(scores.items()):
            line, column = divmod(index, ACROSS)
            bottom = height - (line + 1) * block + 4
            box = (
                (LEFT + column * (side + GAP)) / WIDTH,
                bottom / height,
                side / WIDTH,
                13.0 * len(layers) / height,
            )
            axes = canvas.add_axes(box)
            cells(axes, values, np.zeros(values.shape, bool))
            axes.set_title(clipped(concept, 30), fontsize=9.5, pad=3)
            names = [clipped(layer, 11) for layer in layers]
            axes.set_yticks(range(len(layers)), names if column == 0 else [], fontsize=8)
            last = index >= len(scores) - ACROSS
            marks = _marked(steps)
            axes.set_xticks(marks, [thousands(steps[i]) for i in marks] if last else [], fontsize=8.5)
        axes = canvas.add_axes((LEFT / WIDTH, 8 / height, 90 / WIDTH, 8 / height))
        cells(axes, np.linspace(0, 1, 60)[None], np.zeros((1, 60), bool))
        axes.set(xticks=[], yticks=[])
        for at, said, side_of in ((-2, "0", "right"), (61, "1 · score; steps of training across", "left")):
            axes.text(at, 0, said, ha=side_of, va="center", fontsize=9, color=INK, clip_on=False)

    rows = [
        {"concept": concept, "layer": layer, "step": step, "score": float(values[i, j])}
        for concept, values in scores.items()
        for i, layer in enumerate(layers)
        for j, step in enumerate(steps)
    ]
    alt = f"{title}. " + " ".join(_told(name, values, layers, steps) for name, values in scores.items())
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _marked(steps: Sequence[int]) -> list[int]:
    """The moments that are named below: the first, one in the middle and the last."""
    return sorted({0, len(steps) // 2, len(steps) - 1})


def _told(concept: str, values: np.ndarray, layers: Sequence[str], steps: Sequence[int]) -> str:
    best = int(values[:, -1].argmax())
    return (
        f"{concept}: at {layers[best]} from {values[best, 0]:.2f} after {thousands(steps[0])} steps to "
        f"{values[best, -1]:.2f} after {thousands(steps[-1])} steps."
    )
