"""Sites: the units, positions, or both, of a layer's activations one by one; how one is exchanged."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, UnknownName
from core.layers import LayerInfo, as_maps

By = Literal["unit", "position", "unit and position", "layer"]
"""What is patched at once: one unit at all positions, all units at one position, one number, or everything."""


def checked_by(by: str, layer: LayerInfo) -> By:
    """``by`` itself, if the layer can be taken apart in that way.

    >>> checked_by("position", LayerInfo("fc", "Linear", (8,), axes="c"))
    Traceback (most recent call last):
    ...
    core.errors.BadInput: layer 'fc' is a vector of 8 units without positions; patch it by unit or by layer
    """
    choices: tuple[By, ...] = get_args(By)
    for choice in choices:
        if choice == by:
            if "position" in by and layer.axes == "c":
                raise BadInput(
                    f"layer {layer.name!r} is a vector of {layer.channels} units without positions; "
                    "patch it by unit or by layer"
                )
            return choice
    raise UnknownName("way to take a layer apart", by, choices)


def units_first(activations: Float[Tensor, "n ..."], layer: LayerInfo) -> Float[Tensor, "n c p"]:
    """Activations as units by positions, tokens in front of a grid among them: a view of contiguous ones.

    >>> units_first(torch.zeros(2, 197, 192), LayerInfo("block", "Block", (197, 192), axes="tc")).shape
    torch.Size([2, 192, 197])
    """
    if layer.axes == "c":
        return activations.unsqueeze(2)
    moved = activations.movedim(-1, 1) if layer.axes in ("hwc", "tc") else activations
    return moved.flatten(2)


def count(by: By, shape: Sequence[int], layer: LayerInfo) -> int:
    """How many sites activations of ``shape`` (without the inputs' axis) have.

    >>> count("unit and position", (4, 6, 6), LayerInfo("conv", "Conv2d", (4, 6, 6)))
    144
    """
    units, positions = units_first(torch.empty(1, *shape, device="meta"), layer).shape[1:]
    return {"unit": units, "position": positions, "unit and position": units * positions, "layer": 1}[by]


def repeated(base: Float[Tensor, "1 ..."], times: int, layer: LayerInfo) -> Float[Tensor, "b ..."]:
    """``base`` so many times, each a row of its own, in the memory layout of ``base``."""
    last = layer.axes == "chw" and base.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if last else torch.contiguous_format
    rows = torch.empty((times, *base.shape[1:]), dtype=base.dtype, device=base.device, memory_format=layout)
    return rows.copy_(base)


def exchange(
    rows: Float[Tensor, "b ..."], source: Float[Tensor, "1 ..."], sites: range, by: By, layer: LayerInfo
) -> None:
    """In each of ``rows``, one for every site of the range, take that site from ``source``.

    >>> fc = LayerInfo("fc", "Linear", (3,), axes="c")
    >>> rows = torch.zeros(2, 3)
    >>> exchange(rows, torch.ones(1, 3), range(1, 3), "unit", fc)
    >>> rows.tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    into, given = units_first(rows, layer), units_first(source, layer)[0]
    which, row = torch.tensor(sites, device=rows.device), torch.arange(len(sites), device=rows.device)
    if by == "unit":
        into[row, which] = given[which]
    elif by == "position":
        into[row, :, which] = given[:, which].T
    elif by == "unit and position":
        unit, position = which // given.shape[1], which % given.shape[1]
        into[row, unit, position] = given[unit, position]
    else:
        into[row] = given


def arranged(
    values: Float[Tensor, "n s"], by: By, shape: Sequence[int], layer: LayerInfo
) -> tuple[Tensor, Tensor | None]:
    """A number for every site as (n, c), (n, h, w), (n, c, h, w) or (n,); and those of the tokens in front of a grid.

    The second is (n, extra) or (n, c, extra), or None where there are none.

    >>> grid, extra = arranged(torch.zeros(2, 197), "position", (197, 192), LayerInfo("b", "B", (197, 192), 1, "tc", 1))
    >>> grid.shape, extra.shape
    (torch.Size([2, 14, 14]), torch.Size([2, 1]))
    """
    if by == "layer":
        return values[:, 0], None
    if by == "unit":
        return values, None
    units, positions = units_first(torch.empty(1, *shape, device="meta"), layer).shape[1:]
    wide = values.view(len(values), units if by == "unit and position" else 1, positions)
    front = wide[:, :, : layer.extra] if layer.axes == "tc" and layer.extra else None
    if layer.axes == "tc":
        maps = as_maps(wide.transpose(1, 2), layer)
    else:
        grid = shape[1:] if layer.axes == "chw" else shape[:2]
        maps = wide.reshape(*wide.shape[:2], *grid)
    if by == "position":
        return maps[:, 0], None if front is None else front[:, 0]
    return maps, front
