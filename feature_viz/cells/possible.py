"""possible(): which inputs made of cells there may be, learned from many that there were."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.errors import BadInput
from core.provenance import fingerprint

SURE = 8.0
"""A content is held to be impossible at a cell where it never lay although so many were to be expected there."""

PLANES = 62
"""Planes whose contents fit one whole number."""


@dataclass(frozen=True, eq=False)
class Possible:
    """What a cell may hold, where, and how often; planes are 0 or 1 in every cell.

    ``contents`` are the combinations of planes that were seen together in a cell, bare (or else the commonest) first;
    ``allowed`` where each may lie. An input has at most ``most`` cells of each plane; that there are always some is not
    asked for, so that what an input lacks can mean that it does not matter. The last planes, ``gauges``, are no things
    but counts: their first cells are 1, row by row, as many as are held, at most ``fullest``.
    """

    contents: Float[Tensor, "k c"] = field(repr=False)
    allowed: Bool[Tensor, "k h w"] = field(repr=False)
    most: Int[Tensor, "c"]
    fullest: tuple[int, ...] = ()

    @property
    def gauges(self) -> int:
        return len(self.fullest)

    @property
    def fingerprint(self) -> str:
        """Two of the same fingerprint allow the same."""
        parts = [self.contents, self.allowed, self.most, torch.tensor(self.fullest)]
        return fingerprint(*(part.numpy() for part in parts))


def possible(seen: Float[Tensor, "n c h w"], *, gauges: int = 0) -> Possible:
    """What the cells of some inputs hold; ``gauges`` is how many of the last planes are counts.

    Raises
    ------
    BadInput
        if there are no inputs, or they hold anything but 0 and 1.

    >>> seen = torch.zeros(50, 2, 3, 3)
    >>> seen[:, 0, 0] = 1
    >>> seen[torch.arange(50), 1, 1 + torch.arange(50) % 2, torch.arange(50) % 3] = 1
    >>> found = possible(seen)
    >>> found.contents.tolist(), found.most.tolist(), found.allowed[1].all(1).tolist()
    ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [3, 1], [True, False, False])
    """
    things = seen.shape[1] - gauges
    if not len(seen) or not bool(((seen == 0) | (seen == 1)).all()):
        raise BadInput("contents of cells are learned from inputs of 0 and 1, at least one; these are others")
    if things > PLANES:
        raise BadInput(f"inputs have {things} planes; contents of cells are learned of {PLANES} at most")
    planes = seen[:, :things].numpy().astype(np.int64)
    codes = (planes << np.arange(things)[:, None, None]).sum(1)
    values, counts = np.unique(codes, return_counts=True)
    order = np.lexsort((-counts, values != 0))
    values, counts = values[order], counts[order]
    lay = np.stack([(codes == value).any(0) for value in values])
    allowed = lay | (counts / codes[0].size < SURE)[:, None, None]
    held = seen[:, :things].sum((2, 3)).long()
    return Possible(
        torch.from_numpy((values[:, None] >> np.arange(things)) & 1).float(),
        torch.from_numpy(allowed),
        held.amax(0),
        tuple(int(seen[:, things + gauge].sum((1, 2)).max()) for gauge in range(gauges)),
    )


def filled(count: int, height: int, width: int) -> Float[Tensor, "count_1 h w"]:
    """A gauge's plane for every number from 0 to ``count``.

    >>> filled(2, 1, 3).tolist()
    [[[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], [[1.0, 1.0, 0.0]]]
    """
    places = torch.arange(height * width).view(1, height, width)
    return (places < torch.arange(count + 1)[:, None, None]).float()
