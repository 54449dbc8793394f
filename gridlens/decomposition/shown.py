"""Inputs as small pictures: crops of photographs around a spot with its box, whole states lit where a unit fires."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.receptive import ReceptiveField
from feature_viz.examples.crops import Cell, cut, pictures
from gridlens.decomposition.inputs import Inputs
from reports.decomposition import Thumbnail

DARK = 0.4
"""Brightness of those cells of a state in which a unit does not fire."""

Heat = Callable[[int, Tensor], Float[Tensor, "n h w"]]
"""Of a group's number and inputs: where in them it fires, in [0, 1]."""


def thumbnails(
    inputs: Inputs, seen: ReceptiveField, groups: Mapping[int, Sequence[Cell]], heat: Heat
) -> dict[int, list[Thumbnail]]:
    """Each group's cells as pictures, in order; none where people cannot look at inputs."""
    if not inputs.drawable:
        return {key: [] for key in groups}
    if inputs.world is not None:
        return {key: _states(inputs, seen, key, cells, heat) for key, cells in groups.items() if cells}
    strips = cut(inputs.source, seen, groups)
    return {
        key: [
            Thumbnail(crop, cell.window.box)
            for crop, cell in zip(np.split(strips[key], len(cells), axis=1), cells, strict=True)
        ]
        for key, cells in groups.items()
        if cells
    }


def _states(
    inputs: Inputs, seen: ReceptiveField, key: int, cells: Sequence[Cell], heat: Heat
) -> list[Thumbnail]:
    order = [cell.index for cell in cells]
    drawn = inputs.whole(order)
    found = dict(pictures(inputs.source, order))
    maps = heat(key, torch.stack([found[number] for number in order])).numpy()
    return [Thumbnail(lit(drawn[number], one, seen)) for number, one in zip(order, maps, strict=True)]


def lit(
    image: Float[np.ndarray, "h w 3"], heat: Float[np.ndarray, "a b"], seen: ReceptiveField
) -> Float[np.ndarray, "h w 3"]:
    """The picture with its light where the heat is 1, and a dim one where it is 0; heat of one place lights all.

    Every cell of the input takes the heat of the position that looks at it most straightly.

    >>> field = ReceptiveField("conv", (0.0, 0.0), (1.0, 1.0), (1, 1), (2, 2))
    >>> lit(np.ones((2, 2, 3)), np.array([[1.0, 0.0], [0.0, 0.0]]), field)[0, :, 0].round(1).tolist()
    [1.0, 0.4]
    """
    if heat.size == 1:
        return image
    rows, columns = (_nearest(seen, axis, heat.shape[axis], image.shape[axis]) for axis in (0, 1))
    padded = np.pad(heat, ((0, 1), (0, 1)))  # number -1, which no position looks at, is dark
    shade: np.ndarray = DARK + (1 - DARK) * padded[rows][:, columns, None]
    return image * shade


def _nearest(seen: ReceptiveField, axis: int, count: int, pixels: int) -> np.ndarray:
    """For every pixel of the picture the position whose field's middle lies nearest to its cell; -1 if none does."""
    cell = np.arange(pixels) * seen.image[axis] // pixels
    place = (cell - seen.origin[axis] - (seen.extent[axis] - 1) / 2) / (seen.stride[axis] or 1.0)
    number = np.rint(place).astype(np.int64)
    found: np.ndarray = np.where((number >= 0) & (number < count), number, -1)
    return found
