"""What several subjects know: one panel a concept, the probe's score over each network's depth, and its controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from core.errors import BadInput
from core.uncertainty import Interval
from reports.drawing import INK, MUTED, SERIES, figure, quiet
from reports.figures import clipped
from reports.patching import small_multiples
from reports.sections import Figure

STYLES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1)))
"""Lines of subjects, so that no reading rests on colour alone."""


@dataclass(frozen=True, eq=False)
class Depth:
    """A subject's scores of one concept, layer by layer, the input first; controls and the untrained network beside."""

    layers: Sequence[str]
    scores: Sequence[Interval]
    controls: Sequence[Interval]
    untrained: Sequence[Interval | None]


def known_by_depth(
    found: Mapping[str, Mapping[str, Depth]], *, measure: str, title: str, caption: str
) -> Figure:
    """``found`` is by concept, then subject. Layers stand at equal distances from the input to the answer.

    Raises
    ------
    BadInput
        if there are no concepts.

    >>> one = Interval(0.5, 0.4, 0.6, 99)
    >>> depth = Depth(["input", "conv"], [one, one], [one, one], [None, None])
    >>> known_by_depth({"size": {"A": depth}}, measure="R²", title="Known", caption="").alt
    'Known: R² by layer. size: A best 0.50 [0.40, 0.60] at conv.'
    """
    if not found:
        raise BadInput(f"figure {title!r} has no concepts to show; expected at least one")
    concepts = list(found)
    subjects = list(dict.fromkeys(name for each in found.values() for name in each))

    def fill(axes: Axes, index: int) -> None:
        for name, depth in found[concepts[index]].items():
            number = subjects.index(name)
            across = np.linspace(0, 1, len(depth.layers))
            colour, style = SERIES[number % 4], STYLES[number % 4]
            low, middle, high = (
                [getattr(score, end) for score in depth.scores] for end in ("low", "estimate", "high")
            )
            axes.fill_between(across, low, high, color=colour, alpha=0.2, lw=0)
            axes.plot(across, middle, color=colour, lw=1.7, ls=style, label=clipped(name, 20))
            axes.plot(across, [one.estimate for one in depth.controls], color=MUTED, lw=0.7, ls=style)
            untrained = [one.estimate for one in depth.untrained if one]
            if len(untrained) == len(across):
                axes.plot(across, untrained, color=colour, lw=0.8, ls=(0, (1, 2)))
        axes.plot([], [], color=INK, lw=0.8, ls=(0, (1, 2)), label="untrained")
        axes.plot([], [], color=MUTED, lw=0.7, label="shuffled labels")
        axes.set(xlim=(0, 1), ylim=(-0.12, 1.02), xticks=[])
        axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
        quiet(axes)

    draw, height = small_multiples(concepts, fill, under="layers, from the input to the answer")
    rows = [
        {"concept": concept, "subject": name, "layer": layer, "score": score.estimate}
        | {"low": score.low, "high": score.high, "control": control.estimate}
        | {"untrained": untrained.estimate if untrained else None}
        for concept, each in found.items()
        for name, depth in each.items()
        for layer, score, control, untrained in zip(
            depth.layers, depth.scores, depth.controls, depth.untrained, strict=True
        )
    ]
    spoken = "; ".join(
        f"{concept}: " + ", ".join(f"{name} {_best(depth)}" for name, depth in each.items())
        for concept, each in found.items()
    )
    alt = f"{title}: {measure} by layer. {spoken}."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _best(depth: Depth) -> str:
    inside = [place for place, layer in enumerate(depth.layers) if layer != "input"]
    top = max(inside, key=lambda place: depth.scores[place].estimate)
    score = depth.scores[top]
    return f"best {score.estimate:.2f} [{score.low:.2f}, {score.high:.2f}] at {depth.layers[top]}"
