"""sheet(): every kind of stimulus on one picture, along its axis and over its options."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from core.artifacts import as_pixels
from vision.showing import option_sets
from vision.stimuli import RADII, STIMULI, draw, plane
from vision.stimuli.stimulus import Stimulus

ACROSS = 8
"""Pictures of each kind along its axis, and as many over its options."""
GAP, MARGIN, LABEL, BREAK = 4, 10, 160, 16
"""Pixels between pictures, around all, for the names, and between the two halves."""


def sheet(*, tile: int = 48) -> UInt8[np.ndarray, "h w 3"]:
    """A row for each kind: on the left along its axis with the first options, on the right over the options.

    The right half is drawn at 45 degrees, or half the field's radius. ``tile`` is a picture's side in pixels.

    >>> sheet(tile=16).shape
    (236, 512, 3)
    """
    step = tile + GAP
    middle = MARGIN + LABEL + ACROSS * step + BREAK
    canvas = Image.new(
        "RGB", (middle + ACROSS * step - GAP + MARGIN, 2 * MARGIN - GAP + len(STIMULI) * step), "white"
    )
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=13)
    for row, kind in enumerate(STIMULI.values()):
        top = MARGIN + row * step
        pen.text((MARGIN, top + tile / 2), kind.label, fill="black", font=font, anchor="lm")
        for left, pictures in ((MARGIN + LABEL, _along(kind, tile)), (middle, _over(kind, tile))):
            for k, picture in enumerate(pictures):
                canvas.paste(Image.fromarray(picture), (left + k * step, top))
    return np.asarray(canvas)


def _along(kind: Stimulus, tile: int) -> list[np.ndarray]:
    low, high = RADII
    places = [
        low + (high - low) * k / (ACROSS - 1) if kind.period is None else kind.period / ACROSS * k
        for k in range(ACROSS)
    ]
    return [as_pixels(picture) for picture in draw(kind, places, on=plane((tile, tile), reach=tile / 2.6))]


def _over(kind: Stimulus, tile: int) -> list[np.ndarray]:
    """Evenly spread over the sets of options; fewer pictures where there are fewer sets."""
    sets = option_sets(kind)
    picked = [sets[k * len(sets) // min(ACROSS, len(sets))] for k in range(min(ACROSS, len(sets)))]
    at = [0.5 if kind.period is None else 45.0] * len(picked)
    return [
        as_pixels(picture) for picture in draw(kind, at, picked, on=plane((tile, tile), reach=tile / 2.6))
    ]
