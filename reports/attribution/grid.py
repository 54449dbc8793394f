"""Small multiples: one picture and what every method says of it, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, MUTED, WIDTH, figure
from reports.figures import clipped
from reports.maps import Overlay, overlaid, plain, pointed, signed_legend
from reports.sections import Figure

COLUMNS, GAP, WORDS, LEGEND = 4, 8.0, 30.0, 22.0
"""Tiles in a line; points between them, under each for its words, and under all for the legend."""
SMALL = 9.0


@dataclass(frozen=True, eq=False)
class Tile:
    """One map of a picture: its name, a note under it, and whether it stands back (a control)."""

    name: str
    note: str
    values: Float[np.ndarray, "rows cols"]
    control: bool = False


def map_grid(
    image: Num[np.ndarray, "h w 3"], tiles: Sequence[Tile], *, shown: str, title: str, caption: str
) -> Figure:
    """The picture (called ``shown``) first, then it in pale grey under every map: orange for, blue against.

    Each map has its own scale, the 99th percentile of its strengths.

    Raises
    ------
    BadInput
        if there are no maps.

    >>> made = map_grid(np.ones((4, 4, 3)), [Tile("mine", "rank 1", np.eye(4))], shown="1", title="t", caption="")
    >>> made.rows[0]["method"], made.rows[0]["strongest"]
    ('mine', 1.0)
    """
    if not tiles:
        raise BadInput(f"figure {title!r} has no maps to show; expected at least one")
    overlays = [Overlay(tile.name, image, tile.values, tile.note) for tile in tiles]
    pictures = [plain(image), *(overlaid(one) for one in overlays)]
    words = [("the input", shown, False), *((tile.name, tile.note, tile.control) for tile in tiles)]
    side = (WIDTH - GAP * (COLUMNS - 1)) / COLUMNS
    tall = side * image.shape[0] / image.shape[1]
    lines = -(-len(pictures) // COLUMNS)
    height = lines * (tall + WORDS) + LEGEND

    def draw(canvas: Canvas) -> None:
        for index, (pixels, (name, note, control)) in enumerate(zip(pictures, words, strict=True)):
            left = (index % COLUMNS) * (side + GAP)
            base = height - (index // COLUMNS) * (tall + WORDS) - tall
            axes = canvas.add_axes((left / WIDTH, base / height, side / WIDTH, tall / height))
            axes.imshow(pixels, interpolation="none", aspect="auto")
            axes.set_axis_off()
            for down, text, ink in ((3, name, MUTED if control else INK), (13.5, note, MUTED)):
                canvas.text(
                    left / WIDTH,
                    (base - down) / height,
                    clipped(text, 21),
                    color=ink,
                    fontsize=SMALL,
                    va="top",
                )
        signed_legend(canvas, height)

    rows = [
        {
            "method": tile.name,
            "note": tile.note,
            "sum": float(tile.values.sum()),
            "strongest": float(np.abs(tile.values).max()),
        }
        for tile in tiles
    ]
    alt = f"{title}. " + " ".join(pointed(one) for one in overlays)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)
