"""Sheets: many small inputs on one, each around a place that a layer's unit is centred on, and transformed about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.lattice import Lattice, lattice
from core.receptive import receptive_fields
from core.subject import Subject, layer_named
from core.symmetry.groups import Group
from core.symmetry.views import View, Views

ROOM = 1.35
"""How much wider a patch is than the field of a unit (nine tenths and more of what moves it)."""

FADE = 0.12
"""The share of a patch's radius over which it fades into the grey around it."""

GREY = 0.5


@dataclass(frozen=True, eq=False)
class Sheets:
    """Views of ``size`` with one of ``views`` around each of the ``spots`` (row, column, in pixels).

    An element of the group acts on every patch about its own spot, so that what a unit there sees is transformed and
    where it sees it is not: answers need no interpolation, at any angle.
    """

    views: Views
    size: tuple[int, int]
    spots: Float[np.ndarray, "p 2"] = field(repr=False)

    @property
    def group(self) -> Group:
        return self.views.group

    @property
    def places(self) -> Float[np.ndarray, "g 2 2"]:
        return np.tile(np.eye(2), (len(self.group), 1, 1))

    @property
    def valid(self) -> float:
        return 1.0

    @property
    def fingerprint(self) -> str:
        return f"{self.views.fingerprint}-sheets-{self.size[0]}x{self.size[1]}-{len(self.spots)}"

    def __len__(self) -> int:
        return len(self.views) // len(self.spots)

    def batches(self, batch_size: int) -> Iterator[View]:
        """Batches of sheets; what is left over after the last whole sheet is not shown."""
        count = len(self.spots)
        fade, left = _fade(self.views.size), len(self)
        for view in self.views.batches(batch_size * count):
            whole = min(left, batch_size)
            left -= whole
            if not whole:
                return

            def composed(element: int, view: View = view, whole: int = whole) -> Tensor:
                patches = (view(element)[: whole * count] - GREY) * fade
                return _composed(patches.unflatten(0, (whole, count)), self.spots, self.size)

            yield composed


def patch_size(subject: Subject, layer: str) -> int:
    """Pixels of a side that a patch for a layer's units should have: their field and some room, on their lattice.

    >>> from core.testing import planted_classifier
    >>> patch_size(planted_classifier(seed=0), "conv")
    7
    """
    size = subject.spec.shape[1:]
    if not layer_named(subject, layer).spatial:
        return min(size)
    field_ = receptive_fields(subject, [layer], size=size)[layer]
    wanted = min(min(size), int(np.ceil(max(field_.extent) * ROOM)) + 3)
    start = lattice(subject, layer, size=size).start[0]
    odd = float(start).is_integer()  # the middle pixel of an odd patch, between two of an even one
    return wanted if wanted % 2 == odd else wanted - 1


def sheets(views: Views, subject: Subject, layer: str) -> Sheets:
    """``views`` of small inputs (``patch_size``) put together to the subject's size, on the lattice of a layer.

    Raises
    ------
    UnknownName
        if the layer is not the subject's.
    BadInput
        if the views are larger than what the subject takes, or too few for one sheet.

    >>> from core.testing import planted_families, planted_views
    >>> planted = planted_families("rotation", seed=0)
    >>> len(sheets(planted_views(planted, count=20, seed=0), planted.subject, planted.layer))
    20
    """
    size = (subject.spec.shape[1], subject.spec.shape[2])
    if views.size[0] > size[0] or views.size[1] > size[1]:
        raise BadInput(f"patches of {views.size} pixels do not fit {subject.name}, which takes {size}")
    spots = spots_for(subject, layer, views.size)
    if len(views) < len(spots):
        raise BadInput(f"one sheet holds {len(spots)} patches of {views.size} pixels; given {len(views)}")
    return Sheets(views, size, spots)


def spots_for(subject: Subject, layer: str, patch: tuple[int, int]) -> Float[np.ndarray, "p 2"]:
    """The pixels (row, column) around which patches of that size lie on a sheet, row by row.

    >>> from core.testing import planted_classifier
    >>> spots_for(planted_classifier(seed=0), "conv", (5, 5)).tolist()
    [[3.0, 3.0], [3.0, 8.0], [8.0, 3.0], [8.0, 8.0]]
    """
    size = (subject.spec.shape[1], subject.spec.shape[2])
    placed = lattice(subject, layer, size=size)
    rows, columns = (_line(placed, axis, patch[axis], size[axis]) for axis in (0, 1))
    return np.array([(row, column) for row in rows for column in columns])


def _line(placed: Lattice, axis: int, patch: int, length: int) -> Float[np.ndarray, "k"]:
    """Pixels of the lattice along one axis around which patches lie side by side; the middle one if but one does."""
    start, step = placed.start[axis], placed.step[axis] or 1.0
    on = start + step * np.arange(round(length / step) + 1)
    on = on[(on >= patch / 2 - 1) & (on <= length - patch / 2)]
    apart = int(np.ceil(patch / step))
    count = (len(on) - 1) // apart + 1 if len(on) else 0
    if count <= 1:
        near = np.round(((length - 1) / 2 - start) / step)
        return np.array([start + step * near])
    first = (len(on) - 1 - (count - 1) * apart) // 2
    return on[first::apart][:count]


def _fade(size: tuple[int, int]) -> Float[Tensor, "h w"]:
    """1 in the middle, 0 from the rim of the largest disc on."""
    axes = [torch.arange(side) - (side - 1) / 2 for side in size]
    distance = torch.hypot(axes[0][:, None], axes[1]) / (min(size) / 2)
    return 0.5 + 0.5 * torch.cos(np.pi * ((distance - 1 + FADE) / FADE).clamp(0, 1))


def _composed(
    patches: Float[Tensor, "n p c h w"], spots: Float[np.ndarray, "p 2"], size: tuple[int, int]
) -> Float[Tensor, "n c y x"]:
    n, _, c, h, w = patches.shape
    sheet = patches.new_full((n, c, *size), GREY)
    for k, (row, column) in enumerate(spots):
        top, left = int(np.ceil(row - (h - 1) / 2 - 1e-6)), int(np.ceil(column - (w - 1) / 2 - 1e-6))
        y0, x0 = max(0, top), max(0, left)
        y1, x1 = min(size[0], top + h), min(size[1], left + w)
        sheet[:, :, y0:y1, x0:x1] += patches[:, k, :, y0 - top : y1 - top, x0 - left : x1 - left]
    return sheet
