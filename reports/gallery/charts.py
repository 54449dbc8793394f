"""Small charts of the gallery's pages, as SVG that the page inks: activations of a unit, scores of a layer."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reports.html import number

LOWEST, HIGHEST = 0.25, 16.0
"""Ends of the axis for multiples of the best real image, which is logarithmic."""


def activations(histogram: Mapping[str, Any], reached: float) -> Markup:
    """Counts of a unit's activations as bars of logarithmic height, and a line where the made picture stands.

    ``histogram`` is {low, width, counts}.

    >>> "made 4.00" in activations({"low": 0.0, "width": 1.0, "counts": [3, 1]}, 4.0)
    True
    """
    counts, low, width = histogram["counts"], histogram["low"], histogram["width"] or 1.0
    top = low + width * len(counts)
    start, end = min(low, reached), max(top, reached)
    span = (end - start) or 1.0
    tallest = math.log1p(max([*counts, 1]))
    bars = "".join(
        f'<rect x="{100 * (low + width * place - start) / span:.2f}" width="{95 * width / span:.2f}" '
        f'y="{40 - 40 * math.log1p(count) / tallest:.2f}" height="{40 * math.log1p(count) / tallest:.2f}"/>'
        for place, count in enumerate(counts)
        if count
    )
    at = 100 * (reached - start) / span
    said = (
        f"{max(counts)} images of {sum(counts)} have activations near "
        f"{number(low + width * (counts.index(max(counts)) + 0.5))}; the made picture reaches {number(reached)}"
    )
    return Markup(
        '<div class="plot" role="img" aria-label="{}"><svg viewBox="0 0 100 40" preserveAspectRatio="none">{}</svg>'
        '<span class="mark{}" style="left:{:.2f}%"><span>made {}</span></span>{}</div>'
    ).format(
        said, Markup(bars), " late" if at > 50 else "", at, number(reached), _ticks(low, top, start, span)
    )


def _ticks(low: float, top: float, start: float, span: float) -> Markup:
    return Markup("").join(
        Markup('<span class="tick{}" style="left:{:.2f}%">{}</span>').format(
            " late" if (value - start) / span > 0.9 else " early" if (value - start) / span < 0.1 else "",
            100 * (value - start) / span,
            number(value),
        )
        for value in (low, top)
    )


def spread(deciles: Sequence[float]) -> Markup:
    """How a layer's multiples of the best real image are spread, on the one axis of all layers.

    >>> "<svg" in spread([0.5, 0.6, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 1.7, 2, 3]), spread([])
    (True, Markup(''))
    """
    if not deciles:
        return Markup("")
    places = [_place(value) for value in deciles]
    one = _place(1.0)
    return Markup(
        '<svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="from {} to {}, middle {} times '
        'the best real image"><path d="M{:.1f} 0V12" stroke="var(--muted)" stroke-dasharray="2 2" '
        'vector-effect="non-scaling-stroke"/><path d="M{:.1f} 6H{:.1f}" stroke="var(--grey)" '
        'vector-effect="non-scaling-stroke"/><path d="M{:.1f} 2.5H{:.1f}V9.5H{:.1f}z" fill="var(--grey)"/>'
        '<path d="M{:.1f} 0V12" stroke="var(--accent)" stroke-width="3" vector-effect="non-scaling-stroke"/></svg>'
    ).format(
        number(deciles[0]),
        number(deciles[10]),
        number(deciles[5]),
        one,
        places[1],
        places[9],
        places[2],
        places[8],
        places[2],
        places[5],
    )


def _place(multiple: float) -> float:
    """Where a multiple stands on the axis, in hundredths."""
    held = min(max(multiple, LOWEST), HIGHEST)
    return 100 * math.log(held / LOWEST) / math.log(HIGHEST / LOWEST)
