"""Parts: what an input is made of - squares, objects, numbers, units - for methods that take parts away."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from core.errors import BadInput
from core.layers import LayerInfo, as_maps

ACROSS = 7
"""Squares along the shorter side of a picture, unless another side is asked for."""


@dataclass(frozen=True, eq=False)
class Parts:
    """To which part each value of an input belongs: ``labels`` 0 is none, k is part k, whose name is ``names[i][k-1]``.

    Values of no part are never taken away. Inputs may have different parts, and different numbers of them.

    Raises
    ------
    BadInput
        if a label has no name.
    """

    labels: Int[Tensor, "n c h w"] = field(repr=False)
    names: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.labels):
            raise BadInput(f"parts have labels for {len(self.labels)} inputs and names for {len(self.names)}")
        for i, (label, names) in enumerate(zip(self.labels, self.names, strict=True)):
            if int(label.min()) < 0 or int(label.max()) > len(names):
                raise BadInput(
                    f"labels of input {i} run from {int(label.min())} to {int(label.max())}; "
                    f"expected 0 to {len(names)}, the number of its parts' names"
                )

    @property
    def count(self) -> int:
        """The most parts that an input has."""
        return max((len(names) for names in self.names), default=0)


def squares(inputs: Float[Tensor, "n c h w"], side: int | None = None) -> Parts:
    """Squares of ``side`` pixels, all channels together; those at the right and lower edge may be cut.

    Without a side, seven of them along the shorter side of the picture.

    Raises
    ------
    BadInput
        for a side below 1.

    >>> squares(torch.rand(1, 3, 4, 6), 2).names[0][:4]
    ('0,0', '0,1', '0,2', '1,0')
    """
    n, c, h, w = inputs.shape
    side = -(-min(h, w) // ACROSS) if side is None else side
    if side < 1:
        raise BadInput(f"squares have a side of at least one pixel; got {side}")
    rows, columns = torch.arange(h) // side, torch.arange(w) // side
    across = int(columns[-1]) + 1
    label = rows[:, None] * across + columns + 1
    names = tuple(f"{row},{column}" for row in range(int(rows[-1]) + 1) for column in range(across))
    return Parts(label.expand(n, c, h, w), (names,) * n)


def numbers(inputs: Float[Tensor, "n c h w"], names: Sequence[str]) -> Parts:
    """Every channel a part: what an input that is a list of numbers is made of.

    >>> numbers(torch.rand(2, 2, 1, 1), ("angle", "speed")).labels.flatten(1).tolist()
    [[1, 2], [1, 2]]
    """
    n, c, h, w = inputs.shape
    label = torch.arange(1, c + 1).view(1, c, 1, 1)
    return Parts(label.expand(n, c, h, w), (tuple(names),) * n)


def default_parts(values: Float[Tensor, "n ..."], layer: LayerInfo | None, channels: Sequence[str]) -> Parts:
    """Squares of a picture, the numbers of a list, the units of a layer."""
    if layer is not None:
        maps = as_maps(values, layer)
        return numbers(maps, [str(channel) for channel in range(maps.shape[1])])
    return squares(values) if max(values.shape[2:]) > 1 else numbers(values, channels)


def laid_out(maps: Shaped[Tensor, "n c h w"], layer: LayerInfo | None, shape: Sequence[int]) -> Tensor:
    """Maps, of labels or of values, in the order of a layer's own axes; 0 at tokens in front of the grid.

    >>> tokens = LayerInfo("block", "Block", (5, 2), axes="tc", extra=1)
    >>> laid_out(torch.ones(1, 2, 2, 2, dtype=torch.long), tokens, (1, 5, 2))[0, :, 0].tolist()
    [0, 1, 1, 1, 1]
    """
    if layer is None or layer.axes == "chw":
        return maps
    if layer.axes == "c":
        return maps[:, :, 0, 0]
    if layer.axes == "hwc":
        return maps.movedim(1, -1)
    out = maps.new_zeros(tuple(shape))
    out[:, layer.extra :] = maps.flatten(2).transpose(1, 2)
    return out


def spread(part_values: Float[Tensor, "n k"], labels: Int[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
    """Each part's value divided evenly among its cells, so that the cells sum to the parts.

    >>> spread(torch.tensor([[6.0, 1.0]]), torch.tensor([[0, 1, 1, 2]])).tolist()
    [[0.0, 3.0, 3.0, 1.0]]
    """
    flat = labels.flatten(1).to(part_values.device)
    padded = torch.cat([torch.zeros_like(part_values[:, :1]), part_values], 1)
    cells = torch.zeros_like(padded).scatter_add_(1, flat, torch.ones_like(flat, dtype=padded.dtype))
    return (padded / cells.clamp(min=1)).gather(1, flat).view(labels.shape)
