"""Crops: the part of a photograph that a unit fired for, with the spot's box, side by side in one strip."""

import urllib.parse
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from core.artifacts import as_pixels
from core.receptive import ReceptiveField
from feature_viz.examples.exemplars import Exemplars, ImageSource
from feature_viz.examples.histogram import Histogram, hashes
from feature_viz.examples.ranking import Ranking

CELL = 72
"""Side of a crop in a strip, in pixels; smaller images keep their own size."""

CONTEXT = 2.0
"""A crop's side as a multiple of the receptive field's."""

SMALLEST = 48
"""No crop is smaller than this many pixels of the photograph, or people cannot tell what they see."""

BOTTOM = 3
"""Cells of a range strip that show the weakest images of all."""

STRETCHES = 6
"""Equal stretches of the activation range that a range strip shows one image of each of."""

Key = TypeVar("Key", bound=Hashable)
Number = int | float | Tensor


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


@dataclass(frozen=True)
class Cell:
    """One crop of a strip: the image's number, the unit's score on it, where in its map it peaked, what to cut."""

    index: int
    score: float
    row: int
    column: int
    window: Window


@dataclass(frozen=True, eq=False)
class UnitStrips:
    """A unit's two strips: ``top`` as ``top_cells``; ``range`` as ``bottom_cells`` and ``range_cells`` after them."""

    top: UInt8[np.ndarray, "h w 3"]
    range: UInt8[np.ndarray, "h v 3"]


def top_cells(field: ReceptiveField, found: Exemplars, unit: int) -> tuple[Cell, ...]:
    """A unit's top images, best first."""
    return _ranked(field, found.top, unit)


def bottom_cells(
    field: ReceptiveField, found: Exemplars, unit: int, *, count: int = BOTTOM
) -> tuple[Cell, ...]:
    """A unit's weakest images, weakest first; their windows show the place where even they peaked."""
    return _ranked(field, found.bottom, unit)[:count]


def range_cells(
    field: ReceptiveField, found: Exemplars, unit: int, *, stretches: int = STRETCHES
) -> tuple[Cell, ...]:
    """One image from each occupied one of ``stretches`` equal stretches of a unit's activation range, low to high.

    None of them is among ``bottom_cells``: a stretch of which only these are kept has no further image.
    Every image of a stretch is as likely as any other to be its example: what the unit answers in between
    says more of its meaning than the top alone [bolukbasi2021].
    """
    held = found.histogram
    index = held.index[:, unit].numpy()
    occupied = (index >= 0).nonzero()[0]
    further = (index >= 0) & ~np.isin(index, [cell.index for cell in bottom_cells(field, found, unit)])
    cells = []
    for bins in np.array_split(np.arange(occupied[0], occupied[-1] + 1), stretches):
        filled = bins[further[bins]]
        if len(filled):
            bin_ = filled[hashes(index[filled]).argmin()]
            cells.append(_cell(field, *(values[bin_, unit] for values in _columns(held))))
    return tuple(cells)


def unit_strips(
    images: ImageSource,
    found: Exemplars,
    field: ReceptiveField,
    units: Sequence[int],
    *,
    most: int = CELL,
    batch_size: int = 32,
) -> Mapping[int, UnitStrips]:
    """Each unit's top strip and range strip, both from one look at the images; ``most`` as of ``cell_size``."""
    wanted = {(unit, "top"): top_cells(field, found, unit) for unit in units}
    for unit in units:
        wanted[unit, "range"] = bottom_cells(field, found, unit) + range_cells(field, found, unit)
    made = cut(images, field, wanted, most=most, batch_size=batch_size)
    return {unit: UnitStrips(made[unit, "top"], made[unit, "range"]) for unit in units}


def cut(
    images: ImageSource,
    field: ReceptiveField,
    wanted: Mapping[Key, Sequence[Cell]],
    *,
    most: int = CELL,
    batch_size: int = 32,
) -> Mapping[Key, UInt8[np.ndarray, "h w 3"]]:
    """Strips of square crops from left to right, ``cell_size`` pixels each; every image is decoded once at most."""
    size = cell_size(field, most)
    sheets = {key: np.zeros((size, size * len(cells), 3), np.uint8) for key, cells in wanted.items()}

    def paste(key: Key, place: int, crop: Tensor) -> None:
        sheets[key][:, place * size : (place + 1) * size] = as_pixels(crop)

    _each_crop(images, wanted, size, batch_size, paste)
    return sheets


def crops(
    images: ImageSource,
    wanted: Sequence[Sequence[Cell]],
    *,
    size: int,
    batch_size: int = 32,
) -> Float[Tensor, "n k c s s"]:
    """As many crops for each of ``n`` units, for networks to look at: float32 in [0, 1], of ``size`` pixels.

    Where a unit has fewer than the others, black is left.
    """
    most = max(map(len, wanted), default=0)
    made: dict[tuple[int, int], Tensor] = {}
    by_unit = dict(enumerate(wanted))
    _each_crop(images, by_unit, size, batch_size, lambda key, place, crop: made.update({(key, place): crop}))
    channels = next(iter(made.values())).shape[0] if made else 3
    answer = torch.zeros(len(wanted), most, channels, size, size)
    for spot, crop in made.items():
        answer[spot] = crop
    return answer


def pictures(
    images: ImageSource, indices: Sequence[int], *, batch_size: int = 32
) -> Iterator[tuple[int, Float[Tensor, "c h w"]]]:
    """Some images with their numbers, in rising order: singly where the source can (``at``), else up to the last."""
    order = sorted(set(indices))
    if (at := getattr(images, "at", None)) is not None:
        yield from zip(order, at(order), strict=True)
        return
    first, wanted = 0, iter(order)
    following = next(wanted, None)
    for batch in images.batches(batch_size) if order else ():
        while following is not None and following < first + len(batch):
            yield following, batch[following - first]
            following = next(wanted, None)
        if following is None:
            return
        first += len(batch)


def _each_crop(
    images: ImageSource,
    wanted: Mapping[Key, Sequence[Cell]],
    size: int,
    batch_size: int,
    use: Callable[[Key, int, Tensor], None],
) -> None:
    by_image: dict[int, list[tuple[Key, int, Window]]] = {}
    for key, cells in wanted.items():
        for place, cell in enumerate(cells):
            by_image.setdefault(cell.index, []).append((key, place, cell.window))
    for index, image in pictures(images, list(by_image), batch_size=batch_size):
        for key, place, view in by_image[index]:
            use(key, place, _cut_out(image, view, size))


def _ranked(field: ReceptiveField, ranking: Ranking, unit: int) -> tuple[Cell, ...]:
    columns = (values[:, unit].tolist() for values in _columns(ranking))
    return tuple(_cell(field, *values) for values in zip(*columns, strict=True))


def _columns(held: Ranking | Histogram) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return held.index, held.score, held.row, held.column


def _cell(field: ReceptiveField, index: Number, score: Number, row: Number, column: Number) -> Cell:
    return Cell(int(index), float(score), int(row), int(column), window(field, int(row), int(column)))


def cell_size(field: ReceptiveField, most: int = CELL) -> int:
    """Side of a crop in a strip, in pixels: ``most``, or the image's own side.

    >>> cell_size(ReceptiveField("conv", (0.0, 0.0), (1.0, 1.0), (3, 3), (32, 32)))
    32
    """
    return min(most, *field.image)


def folder_name(layer: str) -> str:
    """A layer's name as one part of a path.

    >>> folder_name("features.3"), folder_name("a/b")
    ('features.3', 'a%2Fb')
    """
    return urllib.parse.quote(layer, safe="")


def _cut_out(image: Float[Tensor, "c h w"], view: Window, size: int) -> Float[Tensor, "c s s"]:
    part = image[None, :, view.top : view.top + view.side, view.left : view.left + view.side]
    if view.side != size:
        part = F.interpolate(part.cpu(), size=(size, size), mode="bicubic", antialias=True)
    return part[0].clamp(0, 1)


def _within(start: float, last: int) -> int:
    return max(0, min(round(start), last))


def _shares(start: int, extent: int, side: int) -> tuple[float, float]:
    return max(0.0, start / side), min(1.0, (start + extent) / side)
