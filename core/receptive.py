"""Receptive fields: which pixels a position of a layer looks at, and is centred on, measured by gradients on noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.layers import as_maps
from core.subject import Subject, layer_named

PROBES = 4
"""Noise images that the gradients are averaged over."""


@dataclass(frozen=True)
class ReceptiveField:
    """Boxes in pixels: position (row, column) sees ``extent`` pixels from ``origin + stride x position`` on.

    Every pair is vertical, horizontal; ``image`` is the size of image that this holds for.
    """

    layer: str
    origin: tuple[float, float]
    stride: tuple[float, float]
    extent: tuple[int, int]
    image: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Top, left, height and width in pixels, cut off at the image's border.

        >>> ReceptiveField("conv", (-1.0, -1.0), (2.0, 2.0), (3, 3), (12, 12)).box(0, 5)
        (0, 9, 2, 3)
        """
        top, height = _cut(self.origin[0] + self.stride[0] * row, self.extent[0], self.image[0])
        left, width = _cut(self.origin[1] + self.stride[1] * column, self.extent[1], self.image[1])
        return top, left, height, width


def receptive_fields(
    subject: Subject, layers: Sequence[str], *, size: tuple[int, int], coverage: float = 0.95
) -> Mapping[str, ReceptiveField]:
    """The field of every layer for images of ``size`` (height, width).

    Counts the pixels, along each axis, that hold a share ``coverage`` of the squared gradient of the middle
    position on uniform noise: the effective field, which is what a viewer should be shown, as the theoretical
    one (``coverage=1``) of deep layers is mostly empty [luo2016]. The whole image for layers without maps.

    >>> from core.testing import planted_classifier
    >>> receptive_fields(planted_classifier(seed=0), ["conv"], size=(12, 12), coverage=1.0)["conv"].box(5, 5)
    (4, 4, 3, 3)
    """
    noise = _noise(subject, PROBES, size)
    spatial = [name for name in layers if layer_named(subject, name).spatial]
    whole = {name: ReceptiveField(name, (0.0, 0.0), (0.0, 0.0), size, size) for name in layers}
    return whole | {name: _measured(subject, name, noise, coverage) for name in spatial}


def _measured(subject: Subject, layer: str, noise: Tensor, coverage: float) -> ReceptiveField:
    energies, spots, grid = _energies(subject, layer, noise)
    axes = [
        _axis([energy.sum(1 - axis) for energy in energies], [spot[axis] for spot in spots], count, coverage)
        for axis, count in enumerate(grid)
    ]
    (top, down, tall), (left, right, wide) = axes
    return ReceptiveField(layer, (top, left), (down, right), (tall, wide), (noise.shape[2], noise.shape[3]))


def _noise(subject: Subject, count: int, size: tuple[int, int]) -> Float[Tensor, "n c h w"]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((count, subject.spec.shape[0], *size), generator=generator)


def _energies(
    subject: Subject, layer: str, noise: Tensor
) -> tuple[list[Tensor], list[tuple[int, int]], tuple[int, int]]:
    """Squared gradients (h, w) of three positions, those positions, and the size of the map."""
    with torch.enable_grad():
        inputs = noise.to(subject.device).requires_grad_()
        maps = as_maps(capture(subject, inputs, [layer], grad=True)[layer], subject.layers[layer])
        signs = (-1.0) ** torch.arange(
            maps.shape[1], device=maps.device
        )  # so that opposite units do not cancel
        summed = (maps * signs.view(1, -1, 1, 1)).sum(1)
        height, width = summed.shape[1:]
        spots = [(height // 4, width // 4), (height // 2, width // 2), (height * 3 // 4, width * 3 // 4)]
        return [_energy(summed[:, row, column], inputs) for row, column in spots], spots, (height, width)


def _energy(values: Float[Tensor, "n"], inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "h w"]:
    (gradient,) = torch.autograd.grad(values.sum(), inputs, retain_graph=True)
    return gradient.square().sum((0, 1)).double().cpu()


def _axis(
    profiles: Sequence[Tensor], spots: Sequence[int], count: int, coverage: float
) -> tuple[float, float, int]:
    """Origin, stride and extent along one axis of ``count`` positions, from three positions' profiles."""
    stride = _step(profiles, spots, count)
    low, high = _interval(profiles[1], coverage)
    return low - stride * spots[1], stride, high - low


def _step(profiles: Sequence[Tensor], spots: Sequence[int], count: int) -> float:
    first, last = _centre(profiles[0]), _centre(profiles[2])
    even = len(profiles[0]) / count
    step = (last - first) / max(1, spots[2] - spots[0])
    if abs(step - round(step)) < 0.1 and round(step) > 0:
        return float(round(step))
    if abs(step - even) > 0.25 * even:  # fields so wide that the border bends them, or a dead probe
        return even
    return (
        float(max(1, round(even))) if even >= 1 else step
    )  # strides are whole pixels, whatever the noise says


def _centre(profile: Tensor) -> float:
    places = torch.arange(len(profile), dtype=profile.dtype)
    return float((profile * places).sum() / profile.sum().clamp_min(1e-300))


def _interval(profile: Tensor, coverage: float) -> tuple[int, int]:
    """First pixel and the one after the last, leaving out at most half of the rest at either end."""
    if not profile.sum() > 0:
        return 0, len(profile)
    shares = (profile / profile.sum()).cumsum(0)
    rest = (1 - coverage) / 2
    low = int((shares <= rest + 1e-12).sum()) if rest else int(profile.nonzero()[0])
    high = int((shares < 1 - rest).sum()) + 1 if rest else int(profile.nonzero()[-1]) + 1
    return low, min(high, len(profile))


def _cut(start: float, extent: int, limit: int) -> tuple[int, int]:
    low = max(0, min(round(start), limit - 1))
    high = max(low + 1, min(round(start) + extent, limit))
    return low, high - low
