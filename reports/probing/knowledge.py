"""What is known: concepts by layers as one table of colours, the raw input and the untrained network beside it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.probing import ProbeResult
from reports.drawing import INK, MUTED, WIDTH, figure
from reports.figures import clipped
from reports.maps import VALUE_COLOURS
from reports.sections import Figure

UNTRAINED = "untrained"
CROWDED = 12
"""With more columns than that their numbers and names are small."""
NAMES = 118.0
"""Points that the names of concepts take."""


def knowledge(results: Sequence[ProbeResult], *, title: str, caption: str = "") -> Figure:
    """Scores as colours, concepts down and layers across, with the number in every cell that is known.

    A cell without a number is read no better than shuffled labels are. The last column is the best layer of the same
    network with random weights, where it was probed.

    >>> from core.probing import probe
    >>> import torch
    >>> x = torch.randn(100, 4, generator=torch.Generator().manual_seed(1))
    >>> found = probe({"input": x, "fc": x[:, :1]}, x[:, 0].numpy(), concept="a", kind="continuous")
    >>> made = knowledge(found, title="What")
    >>> made.rows[0]["layer"], round(made.rows[0]["score"], 2)
    ('input', 1.0)
    """
    if not results:
        raise BadInput(f"figure {title!r} has no probes to show; expected at least one")
    concepts = list(dict.fromkeys(one.concept for one in results))
    layers = list(dict.fromkeys(one.layer for one in results))
    by = {(one.concept, one.layer): one for one in results}
    beside = {
        concept: max(
            (one.untrained for one in results if one.concept == concept and one.untrained is not None),
            key=lambda interval: interval.estimate,
            default=None,
        )
        for concept in concepts
    }
    across = [*layers, *([UNTRAINED] if any(beside.values()) else [])]
    values = np.full((len(concepts), len(across)), np.nan)
    for (concept, layer), one in by.items():
        values[concepts.index(concept), layers.index(layer)] = one.score.estimate
    for row, concept in enumerate(concepts):
        if (interval := beside[concept]) is not None:
            values[row, len(layers)] = interval.estimate
    shown = [[layer == UNTRAINED or by[concept, layer].known for layer in across] for concept in concepts]
    names = [f"{concept} · {by[concept, layers[0]].measure}" for concept in concepts]
    height = 24.0 * len(concepts) + 74

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_axes(
            (NAMES / WIDTH, 66 / height, 1 - (NAMES + 4) / WIDTH, 24.0 * len(concepts) / height)
        )
        crowded = len(across) > CROWDED
        cells(axes, values, np.array(shown), size=5.5 if crowded else 8)
        axes.set_yticks(range(len(concepts)), [clipped(name, 25) for name in names], fontsize=9, color=INK)
        axes.set_xticks(
            range(len(across)),
            [clipped(name, 14) for name in across],
            rotation=60 if crowded else 35,
            ha="right",
            fontsize=7.5 if crowded else 10,
        )
        if UNTRAINED in across:
            axes.axvline(len(layers) - 0.5, color="white", lw=3)
        if "input" in layers:
            axes.axvline(0.5, color="white", lw=3)

    alt = f"{title}. " + " ".join(_told([by[concept, layer] for layer in layers]) for concept in concepts)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=_rows(results))


def _rows(results: Sequence[ProbeResult]) -> list[dict[str, Any]]:
    return [
        {
            "concept": one.concept,
            "layer": one.layer,
            "measure": one.measure,
            "score": one.score.estimate,
            "low": one.score.low,
            "high": one.score.high,
            "control": one.control.estimate,
            "baseline": one.baseline,
            "untrained": one.untrained.estimate if one.untrained else None,
            "known": one.known,
        }
        for one in results
    ]


def cells(axes: Axes, values: Float[np.ndarray, "r c"], numbered: np.ndarray, *, size: float = 8) -> None:
    """Scores from 0 to 1 as colours, with the number where it is asked for; what is unknown is left blank."""
    axes.imshow(np.clip(values, 0, 1), cmap=VALUE_COLOURS, vmin=0, vmax=1, aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(values)), strict=True):
        if numbered[row, column]:
            ink = "white" if values[row, column] < 0.55 else "#101010"
            said = f"{values[row, column]:.2f}".replace("0.", ".") if values[row, column] < 0.995 else "1"
            axes.text(column, row, said, ha="center", va="center", fontsize=size, color=ink)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=MUTED)


def _told(results: Sequence[ProbeResult]) -> str:
    best = max(results, key=lambda one: one.selectivity)
    if not any(one.known for one in results):
        return f"{best.concept}: not known anywhere."
    return f"{best.concept}: {best.measure} {best.score.estimate:.2f} at {best.layer}."
