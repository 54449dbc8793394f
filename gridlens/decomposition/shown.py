"""Inputs as small pictures: crops of photographs around a spot with its box, whole states lit where a unit fires."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from feature_viz.examples.crops import Cell, cut, pictures
from feature_viz.examples.receptive import ReceptiveField
from gridlens.decomposition.inputs import Inputs
from reports.decomposition import Thumbnail

DARK = 0.3
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
        return {key: _states(inputs, key, cells, heat) for key, cells in groups.items() if cells}
    strips = cut(inputs.source, seen, groups)
    return {
        key: [
            Thumbnail(crop, cell.window.box)
            for crop, cell in zip(np.split(strips[key], len(cells), axis=1), cells, strict=True)
        ]
        for key, cells in groups.items()
        if cells
    }


def _states(inputs: Inputs, key: int, cells: Sequence[Cell], heat: Heat) -> list[Thumbnail]:
    order = [cell.index for cell in cells]
    drawn = inputs.whole(order)
    found = dict(pictures(inputs.source, order))
    maps = heat(key, torch.stack([found[number] for number in order])).numpy()
    return [Thumbnail(lit(drawn[number], one)) for number, one in zip(order, maps, strict=True)]


def lit(image: Float[np.ndarray, "h w 3"], heat: Float[np.ndarray, "a b"]) -> Float[np.ndarray, "h w 3"]:
    """The picture with its light where the heat is 1, and a dim one where it is 0; heat of one place lights all.

    >>> lit(np.ones((2, 2, 3)), np.array([[1.0, 0.0]]))[0, :, 0].round(1).tolist()
    [1.0, 0.3]
    """
    if heat.size == 1:
        return image
    rows = np.arange(image.shape[0]) * heat.shape[0] // image.shape[0]
    columns = np.arange(image.shape[1]) * heat.shape[1] // image.shape[1]
    shade: np.ndarray = DARK + (1 - DARK) * heat[rows][:, columns, None]
    return image * shade
