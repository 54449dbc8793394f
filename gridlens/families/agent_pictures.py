"""Pictures of an agent's units: which cells of its view raise them and which lower them, plane beside plane."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.artifacts import write_image
from core.subject import Subject
from gridlens.families.pictures import picture_name
from rl.unit_maps import unit_maps

CELL, GAP = 12, 6
"""Pixels of a cell's side and between planes."""

RAISES, LOWERS, NEITHER = (0.0, 0.447, 0.698), (0.835, 0.369, 0.0), (0.97, 0.97, 0.96)
"""Blue, orange and near white, told apart by the colour-blind [okabe2008]."""


def mapped(
    subject: Subject, layer: str, units: Sequence[int], seen: Float[Tensor, "n c h w"], *, folder: Path
) -> None:
    """Write the pictures of some units that are not there yet."""
    missing = [unit for unit in units if not (folder / picture_name(layer, unit)).exists()]
    for unit, one in zip(missing, unit_maps(subject, layer, missing, seen).numpy(), strict=True):
        write_image(folder / picture_name(layer, unit), mosaic(one), quality=95)


def mosaic(planes: Float[np.ndarray, "c h w"]) -> Float[np.ndarray, "3 y x"]:
    """Planes in a square, each cell as large; blue where it raises, orange where it lowers, as strongly as it does.

    >>> mosaic(np.zeros((2, 3, 3))).shape
    (3, 78, 78)
    """
    count, height, width = planes.shape
    abreast = math.ceil(math.sqrt(count))
    side = max(height, width) * CELL
    whole = abreast * side + (abreast - 1) * GAP
    shown = np.ones((3, whole, whole), np.float32)
    strongest = float(np.abs(planes).max()) or 1.0
    for place, plane in enumerate(planes):
        top, left = (place // abreast) * (side + GAP), (place % abreast) * (side + GAP)
        cells = np.kron(plane / strongest, np.ones((CELL, CELL)))
        shown[:, top : top + height * CELL, left : left + width * CELL] = _coloured(cells)
    return shown


def _coloured(values: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "3 h w"]:
    ends = np.where(values[None] > 0, np.array(RAISES)[:, None, None], np.array(LOWERS)[:, None, None])
    share = np.abs(values)[None]
    mixed: np.ndarray = (1 - share) * np.array(NEITHER)[:, None, None] + share * ends
    return mixed.astype(np.float32)
