"""Figures of atoms and senses: a made picture, the inputs that fire it, and how strongly, in one drawing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports.drawing import INK, MUTED, SERIES, WIDTH, figure
from reports.html import number
from reports.sections import Figure

GAP = 4.0
"""Points between two pictures."""

BAND = 44.0
"""Points of the histogram below the pictures, its labels among them."""

BESIDE, ALONE = (4, 2), (5, 2)
"""Columns and rows of small pictures, beside a made picture and without one."""


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A small picture (h, w, 3), and the spot that counts in it: left, top, width and height as shares of its side."""

    image: Num[np.ndarray, "h w 3"] = field(repr=False)
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class Bins:
    """How often each strength occurs: ``counts`` of bins of one ``width`` from ``low`` on."""

    low: float
    width: float
    counts: Sequence[int]

    @property
    def high(self) -> float:
        """Where the last bin ends."""
        return self.low + self.width * len(self.counts)


@dataclass(frozen=True, eq=False)
class Portrait:
    """What there is to see of an atom or a sense; ``said`` is what there is to say."""

    name: str
    said: str
    thumbnails: Sequence[Thumbnail] = field(repr=False)
    bins: Bins | None = field(repr=False)
    made: Num[np.ndarray, "h w 3"] | None = field(default=None, repr=False)
    measured: str = "its strongest activation in each input"


def portrait(one: Portrait) -> Figure:
    """The made picture, if there is one, large; what fires it most beside it; a histogram of activations below.

    Frames mark the place that counts. The histogram's bars are as high as the logarithm of their counts.

    >>> thumb = Thumbnail(np.zeros((8, 8, 3)), (0.2, 0.2, 0.5, 0.5))
    >>> drawn = portrait(Portrait("Atom 3", "It is unit 7.", [thumb], Bins(0.0, 1.0, [9, 1])))
    >>> drawn.title, drawn.rows[0]
    ('Atom 3', {'from': 0.0, 'to': 1.0, 'inputs': 9})
    """
    columns, rows = BESIDE if one.made is not None else ALONE
    abreast = columns + (rows if one.made is not None else 0)
    side = (WIDTH - GAP * (abreast - 1)) / abreast
    large = 0.0 if one.made is None else rows * side + (rows - 1) * GAP
    left = large and large + GAP
    shown = list(one.thumbnails[: columns * rows])
    used = -(-len(shown) // columns)
    top = max(used * side + max(0, used - 1) * GAP, large)
    height = top + (BAND if one.bins else 2.0) + 2

    def draw(canvas: Canvas) -> None:
        if one.made is not None:
            _picture(canvas, one.made, (0.0, height - large, large), height)
        for place, thumb in enumerate(shown):
            x = left + (place % columns) * (side + GAP)
            y = height - side - (place // columns) * (side + GAP)
            axes = _picture(canvas, thumb.image, (x, y, side), height)
            if thumb.box is not None:
                _frame(axes, thumb.image, thumb.box)
        if one.bins is not None:
            _histogram(canvas, one.bins, height)

    return figure(
        draw, height=height, title=one.name, caption=one.said, alt=_alt(one, len(shown)), rows=_rows(one)
    )


def _rows(one: Portrait) -> list[dict[str, Any]]:
    if one.bins is None:
        return []
    low, width = one.bins.low, one.bins.width
    return [
        {"from": low + place * width, "to": low + (place + 1) * width, "inputs": int(count)}
        for place, count in enumerate(one.bins.counts)
    ]


def _alt(one: Portrait, shown: int) -> str:
    parts = [f"{one.name}: "]
    parts += ["a picture made for it and "] if one.made is not None else []
    parts += [f"the {shown} inputs that fire it most" if shown else "no inputs to look at"]
    if one.bins is not None:
        parts += [f"; {one.measured} lies between {number(one.bins.low)} and {number(one.bins.high)}"]
    return "".join(parts) + ". " + one.said


def _picture(canvas: Canvas, image: np.ndarray, place: tuple[float, float, float], height: float) -> Axes:
    """A square picture ``side`` points wide with its lower left corner at (x, y)."""
    x, y, side = place
    axes: Axes = canvas.add_axes((x / WIDTH, y / height, side / WIDTH, side / height))
    pixels = np.asarray(image, float) / (255 if image.dtype == np.uint8 else 1)
    axes.imshow(np.clip(pixels, 0, 1), interpolation="none", aspect="auto")
    axes.set_axis_off()
    return axes


def _frame(axes: Axes, image: np.ndarray, box: tuple[float, float, float, float]) -> None:
    """A white frame with a dark edge, so that it shows on any picture."""
    tall, wide = image.shape[:2]
    x, y, w, h = box[0] * wide, box[1] * tall, box[2] * wide, box[3] * tall
    if w >= 0.98 * wide and h >= 0.98 * tall:
        return
    for colour, thickness in (("black", 2.2), ("white", 1.0)):
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), w, h, fill=False, ec=colour, lw=thickness))


def _histogram(canvas: Canvas, bins: Bins, height: float) -> None:
    axes = canvas.add_axes((0, 16 / height, 1, (BAND - 24) / height))
    axes.set_axis_off()
    tallest = math.log1p(max(bins.counts))
    places = bins.low + bins.width * (np.arange(len(bins.counts)) + 0.5)
    heights = [math.log1p(count) / tallest for count in bins.counts]
    axes.bar(places, heights, width=0.92 * bins.width, color=SERIES[0], lw=0)
    axes.set(xlim=(bins.low, bins.high), ylim=(0, 1))
    axes.axhline(0, color=MUTED, lw=0.6)
    said: dict[str, Any] = {"fontsize": 9, "color": INK, "va": "top"}
    canvas.text(0, 12 / height, number(bins.low), **said)
    canvas.text(1, 12 / height, number(bins.high), ha="right", **said)
    canvas.text(
        0.5, 12 / height, f"{sum(bins.counts):,} inputs by strength", ha="center", **(said | {"color": MUTED})
    )
