"""A hidden layer's attributions as a few factors: where each lies in every input, and what they leave out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Num
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.attribution.evidence import Factor, Factors
from reports.drawing import INK, MUTED, WIDTH, figure
from reports.maps import Overlay, overlaid, plain, signed_legend
from reports.sections import Figure

COLUMNS, GAP, HEAD, LEGEND = 4, 8.0, 19.0, 22.0
"""Inputs in a line; points between them, over each line for its words, under all for the legend."""


def factor_maps(
    found: Factors, images: Sequence[Num[np.ndarray, "h w 3"]], *, title: str, caption: str
) -> Figure:
    """A line a factor - its share, its strongest channels, its map on every input - and one for what is left over.

    One scale for all maps of one input, so that a weak factor looks weak. At most four inputs are drawn.

    Raises
    ------
    BadInput
        if there are no factors.

    >>> one = Factor(0.7, np.ones((1, 2, 2)), [(3, 0.9)])
    >>> found = Factors("conv", "shapley", [one], 0.3, np.ones((1, 2, 2)))
    >>> factor_maps(found, [np.ones((4, 4, 3))], title="Parts", caption="").alt
    'Parts. factor 1 holds 70 %, most in channel 3. 30 % are left over.'
    """
    if not found.factors:
        raise BadInput(f"figure {title!r} has no factors to show; expected at least one")
    shown = images[:COLUMNS]
    side = (WIDTH - GAP * (COLUMNS - 1)) / COLUMNS
    tall = side * shown[0].shape[0] / shown[0].shape[1]
    heads = ["the inputs", *(_head(i, one) for i, one in enumerate(found.factors, 1))]
    heads.append(f"left over: {100 * found.residual:.0f} %")
    height = len(heads) * (tall + HEAD) + LEGEND
    maps = [*(one.maps for one in found.factors), found.maps_left]
    peaks = [max(float(np.abs(each[i]).max()) for each in maps) or 1.0 for i in range(len(shown))]

    def draw(canvas: Canvas) -> None:
        for line, head in enumerate(heads):
            top = height - line * (tall + HEAD)
            last = line == len(heads) - 1
            canvas.text(
                0, (top - 4) / height, head, va="top", color=MUTED if last or not line else INK, fontsize=9.5
            )
            for column, image in enumerate(shown):
                over = Overlay("", image, maps[line - 1][column]) if line else None
                pixels = overlaid(over, peak=peaks[column]) if over else plain(image)
                left, base = column * (side + GAP), top - HEAD - tall
                axes = canvas.add_axes((left / WIDTH, base / height, side / WIDTH, tall / height))
                axes.imshow(pixels, interpolation="none", aspect="auto")
                axes.set_axis_off()
        signed_legend(canvas, height)

    rows: list[dict[str, Any]] = [
        {"factor": i, "share": one.share, "channel": channel, "weight": weight}
        for i, one in enumerate(found.factors, 1)
        for channel, weight in one.channels
    ]
    rows.append({"factor": "left over", "share": found.residual, "channel": None, "weight": None})
    spoken = " ".join(
        f"factor {i} holds {100 * one.share:.0f} %, most in channel {one.channels[0][0]}."
        for i, one in enumerate(found.factors, 1)
    )
    alt = f"{title}. {spoken} {100 * found.residual:.0f} % are left over."
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _head(number: int, one: Factor) -> str:
    channels = ", ".join(str(channel) for channel, _ in one.channels[:4])
    return f"factor {number}: {100 * one.share:.0f} %  channels {channels}"
