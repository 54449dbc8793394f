"""Kernel: the linear map from one layer's units to an earlier layer's, composed step by step going back."""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

WIDEST = 15
"""Positions across beyond which a composed kernel is given up: it would say little and cost much."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """Units ``start`` to ``start + n`` of a layer as sums over taps of an earlier one's channels.

    Position (y, x) reads positions ``stride x (y, x) + origin`` and on. While no weight has been crossed, ``mixed`` is
    false and ``weights`` (n, 1, 1, 1) holds each unit's factor on its own channel.
    """

    weights: Float[Tensor, "n c h w"] = field(repr=False)
    start: int = 0
    origin: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)
    mixed: bool = False

    @property
    def channels(self) -> int:
        """Channels of the earlier layer."""
        return self.weights.shape[1 if self.mixed else 0]


def unit_kernel(units: int) -> Kernel:
    """Every unit as itself."""
    return Kernel(torch.ones(units, 1, 1, 1))


def through(
    kernel: Kernel,
    weights: Float[Tensor, "m i a b"],
    *,
    stride: tuple[int, int] = (1, 1),
    origin: tuple[int, int] = (0, 0),
) -> Kernel | None:
    """The kernel on the inputs of a convolution that made its channels; None if it becomes too wide.

    >>> double = through(unit_kernel(3), torch.full((3, 5, 3, 3), 2.0), origin=(-1, -1))
    >>> through(double, torch.ones(5, 4, 1, 1)).weights.shape
    torch.Size([3, 4, 3, 3])
    """
    moved = _moved(kernel, stride, origin)
    if not kernel.mixed:
        return replace(moved, weights=kernel.weights * weights, mixed=True)
    tall, wide = kernel.weights.shape[2:]
    sides = [(n - 1) * s + k for n, s, k in zip((tall, wide), stride, weights.shape[2:], strict=True)]
    if max(sides) > WIDEST:
        return None
    made = kernel.weights.new_zeros(len(kernel.weights), weights.shape[1], *sides)
    flat = weights.flatten(1)
    for y in range(tall):
        for x in range(wide):
            part = (kernel.weights[:, :, y, x] @ flat).unflatten(1, weights.shape[1:])
            down, across = y * stride[0], x * stride[1]
            made[:, :, down : down + weights.shape[2], across : across + weights.shape[3]] += part
    return replace(moved, weights=made)


def scaled(kernel: Kernel, factors: Float[Tensor, "c"]) -> Kernel:
    """The kernel on the inputs of a step that multiplies every channel by its factor."""
    shape = (1, -1, 1, 1) if kernel.mixed else (-1, 1, 1, 1)
    return replace(kernel, weights=kernel.weights * factors.view(shape))


def sampled(kernel: Kernel, *, stride: tuple[int, int], origin: tuple[int, int]) -> Kernel | None:
    """The kernel on the inputs of a step that passes one position in ``stride`` on: pooling, slicing."""
    moved = _moved(kernel, stride, origin)
    tall, wide = ((side - 1) * step + 1 for side, step in zip(kernel.weights.shape[2:], stride, strict=True))
    if max(tall, wide) > WIDEST:
        return None
    apart = kernel.weights.new_zeros(*kernel.weights.shape[:2], tall, wide)
    apart[:, :, :: stride[0], :: stride[1]] = kernel.weights
    return replace(moved, weights=apart)


def of_channels(kernel: Kernel, first: int, last: int) -> Kernel:
    """The part that reads channels ``first`` to ``last``: one branch of a concatenation."""
    if kernel.mixed:
        return replace(kernel, weights=kernel.weights[:, first:last])
    return replace(kernel, weights=kernel.weights[first:last], start=kernel.start + first)


def unflattened(kernel: Kernel, shape: tuple[int, ...]) -> Kernel | None:
    """The kernel on maps (c, h, w) that were flattened into its channels; None for units that are positions."""
    if shape[1] * shape[2] == 1:
        return kernel
    if not kernel.mixed or kernel.weights.shape[2:] != (1, 1) or max(shape[1:]) > WIDEST:
        return None
    return replace(kernel, weights=kernel.weights.flatten(1).unflatten(1, shape), origin=(0, 0))


def added(one: Kernel, other: Kernel, units: int) -> Kernel | None:
    """The sum of two kernels on the same channels, tap on tap; None if they do not step alike."""
    if one.stride != other.stride or one.channels != other.channels:
        return None
    if not one.mixed and not other.mixed and (one.start, one.origin) == (other.start, other.origin):
        return replace(one, weights=one.weights + other.weights)
    low = (min(one.origin[0], other.origin[0]), min(one.origin[1], other.origin[1]))
    ends = [[part.origin[axis] + part.weights.shape[2 + axis] for part in (one, other)] for axis in (0, 1)]
    made = one.weights.new_zeros(units, one.channels, max(ends[0]) - low[0], max(ends[1]) - low[1])
    for part in (one, other):
        weights = (
            part.weights
            if part.mixed
            else torch.diag_embed(part.weights[:, 0].movedim(0, -1)).movedim((-2, -1), (0, 1))
        )
        down, across = part.origin[0] - low[0], part.origin[1] - low[1]
        tall, wide = weights.shape[2:]
        made[part.start : part.start + len(weights), :, down : down + tall, across : across + wide] += weights
    return Kernel(made, 0, low, one.stride, mixed=True)


def strengths(kernel: Kernel, units: int) -> Float[Tensor, "units c"]:
    """One number for every pair of units: the kernel's L2 norm over positions with the sign of its sum.

    The norm, because a sum over positions is zero for all that looks for edges; its sign says whether the one
    mostly excites or inhibits the other [voss2021].

    >>> strengths(through(unit_kernel(1), torch.tensor([[[[3.0, 4.0]], [[0.0, -2.0]]]])), 1).tolist()
    [[5.0, -2.0]]
    """
    sums = kernel.weights.sum((2, 3))
    values = torch.linalg.vector_norm(kernel.weights, dim=(2, 3)) * torch.where(sums < 0, -1.0, 1.0)
    answer: Tensor = values.new_zeros(units, values.shape[1])
    answer[kernel.start : kernel.start + len(values)] = values
    return answer


def _moved(kernel: Kernel, stride: tuple[int, int], origin: tuple[int, int]) -> Kernel:
    """Position arithmetic of a step back: output position q reads stride x q + origin and on."""
    return replace(
        kernel,
        origin=(stride[0] * kernel.origin[0] + origin[0], stride[1] * kernel.origin[1] + origin[1]),
        stride=(stride[0] * kernel.stride[0], stride[1] * kernel.stride[1]),
    )
