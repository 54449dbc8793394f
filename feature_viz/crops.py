"""Crops: the part of a photograph that a unit fired for, with the spot's box, side by side in one strip."""

import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from core.artifacts import as_pixels
from feature_viz.exemplars import Exemplars, ImageSource
from feature_viz.receptive import ReceptiveField

CELL = 72
"""Side of a crop in a strip, in pixels; smaller images keep their own size."""

CONTEXT = 2.0
"""A crop's side as a multiple of the receptive field's."""

SMALLEST = 48
"""No crop is smaller than this many pixels of the photograph, or people cannot tell what they see."""


@dataclass(frozen=True)
class Window:
    """A square part of an image: its top, left and side in pixels, and the spot's box within it as shares.

    ``box`` is left, top, width, height, each in [0, 1] of the window's side, ready for CSS percentages.
    """

    top: int
    left: int
    side: int
    box: tuple[float, float, float, float]


def window(field: ReceptiveField, row: int, column: int) -> Window:
    """Where to crop for the position (row, column) of a layer's map.

    >>> field = ReceptiveField("conv", (0.0, 0.0), (4.0, 4.0), (8, 8), (64, 64))
    >>> window(field, 8, 15)
    Window(top=12, left=16, side=48, box=(0.9167, 0.4167, 0.0833, 0.1667))
    """
    top, left, height, width = field.box(row, column)
    largest = min(field.image)
    side = min(largest, max(SMALLEST, round(CONTEXT * max(field.extent))))
    up = _within(top + height / 2 - side / 2, field.image[0] - side)
    across = _within(left + width / 2 - side / 2, field.image[1] - side)
    first_x, last_x = _shares(left - across, width, side)
    first_y, last_y = _shares(top - up, height, side)
    box = (first_x, first_y, last_x - first_x, last_y - first_y)
    return Window(up, across, side, (round(box[0], 4), round(box[1], 4), round(box[2], 4), round(box[3], 4)))


def windows(field: ReceptiveField, found: Exemplars, unit: int) -> tuple[Window, ...]:
    """The windows of a unit's top images, best first."""
    rows, columns = found.top.row[:, unit].tolist(), found.top.column[:, unit].tolist()
    return tuple(window(field, row, column) for row, column in zip(rows, columns, strict=True))


def strips(
    images: ImageSource,
    found: Exemplars,
    field: ReceptiveField,
    units: Sequence[int],
    *,
    batch_size: int = 32,
) -> Mapping[int, UInt8[np.ndarray, "h w 3"]]:
    """Each unit's top crops, best first from left to right, in one more pass over the images."""
    cell = cell_size(field)
    ranks = len(found.top.index)
    sheets = {unit: np.zeros((cell, cell * ranks, 3), np.uint8) for unit in units}
    views = {unit: windows(field, found, unit) for unit in units}
    wanted: dict[int, list[tuple[int, int]]] = {}
    for unit in units:
        for rank, index in enumerate(found.top.index[:, unit].tolist()):
            wanted.setdefault(index, []).append((unit, rank))
    first = 0
    for batch in images.batches(batch_size):
        for place, image in enumerate(batch):
            for unit, rank in wanted.get(first + place, ()):
                sheets[unit][:, rank * cell : (rank + 1) * cell] = _cut_out(image, views[unit][rank], cell)
        first += len(batch)
    return sheets


def cell_size(field: ReceptiveField) -> int:
    """Side of a crop in a strip, in pixels.

    >>> cell_size(ReceptiveField("conv", (0.0, 0.0), (1.0, 1.0), (3, 3), (32, 32)))
    32
    """
    return min(CELL, *field.image)


def folder_name(layer: str) -> str:
    """A layer's name as one part of a path.

    >>> folder_name("features.3"), folder_name("a/b")
    ('features.3', 'a%2Fb')
    """
    return urllib.parse.quote(layer, safe="")


def _cut_out(image: Float[Tensor, "c h w"], view: Window, cell: int) -> UInt8[np.ndarray, "s s 3"]:
    part = image[None, :, view.top : view.top + view.side, view.left : view.left + view.side]
    if view.side != cell:
        part = F.interpolate(part.cpu(), size=(cell, cell), mode="bicubic", antialias=True)
    return as_pixels(part[0].clamp(0, 1))


def _within(start: float, last: int) -> int:
    return max(0, min(round(start), last))


def _shares(start: int, extent: int, side: int) -> tuple[float, float]:
    return max(0.0, start / side), min(1.0, (start + extent) / side)
