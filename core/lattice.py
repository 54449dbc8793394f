"""Lattice: the pixels that the positions of a layer are centred on, whatever its weights have learned."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from core.activations import recording, run_until_enough
from core.layers import as_maps
from core.subject import Subject, feed, hooked, layer_named

NORMALISING = (nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d, nn.LocalResponseNorm)
"""Layers that mix what positions or units say for the sake of its size."""

FIRING = 3.0
"""A bias that keeps units above zero."""


@dataclass(frozen=True)
class Lattice:
    """Where the positions of a layer lie in the image: ``start + step x position`` in pixels, vertical, horizontal."""

    start: tuple[float, float]
    step: tuple[float, float]


def lattice(subject: Subject, layer: str, *, size: tuple[int, int]) -> Lattice:
    """The pixels that a layer's positions are centred on, for images of ``size`` (height, width).

    Padding, strides and pooling that rounds up shift them: the middle of a deep map need not be the image's. Found by
    gradients through the same network with kernels that look at their middle alone and pools that average, so that
    neither what was learned nor the border bends them. Tokens and maps with channels last (Swin) are grids of
    patches, each centred on its own. The image's middle for vectors.

    Raises
    ------
    UnknownName
        if the subject has no such layer.

    >>> from core.testing import planted_classifier
    >>> lattice(planted_classifier(seed=0), "conv", size=(12, 12))
    Lattice(start=(0.0, 0.0), step=(1.0, 1.0))
    """
    info = layer_named(subject, layer)
    if not info.spatial:
        return Lattice(((size[0] - 1) / 2, (size[1] - 1) / 2), (0.0, 0.0))
    if info.axes != "chw":
        rows, columns = (side / count for side, count in zip(size, info.grid, strict=True))
        return Lattice(((rows - 1) / 2, (columns - 1) / 2), (rows, columns))
    centres, spots, grid = _centres(subject, layer, size)
    lines = [
        _line([centre[axis] for centre in centres], [spot[axis] for spot in spots], size[axis], grid[axis])
        for axis in (0, 1)
    ]
    (top, down), (left, right) = lines
    return Lattice((top, left), (down, right))


def _line(centres: Sequence[float], spots: Sequence[int], pixels: int, count: int) -> tuple[float, float]:
    """Start and step along one axis from the centres of two positions; both to the half pixel where that is clear."""
    apart = spots[1] - spots[0]
    step = (centres[1] - centres[0]) / apart if apart else 1.0
    if not 0.5 < step * count / pixels < 2:  # what a position sees is all of the image, or nothing
        step = pixels / count
    step = _clear(step)
    return _clear(sum(centres) / 2 - step * sum(spots) / 2), step


def _clear(value: float) -> float:
    return round(2 * value) / 2 if abs(2 * value - round(2 * value)) < 0.2 else value


def _centres(
    subject: Subject, layer: str, size: tuple[int, int]
) -> tuple[list[tuple[float, float]], list[tuple[int, int]], tuple[int, int]]:
    """Where two positions, a third of the map from either border, look; the positions; rows and columns of the map."""
    # 1 once normalised: with kernels above zero all that is not a bias fires too, where there are no biases
    ones = (torch.tensor(subject.spec.mean) + torch.tensor(subject.spec.std)).view(1, -1, 1, 1)
    with torch.enable_grad():
        inputs = ones.repeat(1, 1, *size).to(subject.device).requires_grad_()
        maps = as_maps(_plain(subject, inputs, layer), subject.layers[layer])
        summed = maps.sum(1)
        height, width = summed.shape[1:]
        low = (height - 1) // 3, (width - 1) // 3
        spots = [low, (height - 1 - low[0], width - 1 - low[1])]
        return [_centre(summed[:, row, column], inputs) for row, column in spots], spots, (height, width)


def _plain(subject: Subject, inputs: Float[Tensor, "n c h w"], layer: str) -> Tensor:
    """The layer's output of the network made plain; the subject stays as it is."""
    plain = {
        name: hook
        for name, inner in subject.module.named_modules()
        for kinds, hook in ((nn.MaxPool2d, _averaged), (NORMALISING, _as_given))
        if isinstance(inner, kinds)
    }
    with ExitStack() as undo:
        undo.enter_context(hooked(subject.module, plain, plain.__getitem__))
        kept = undo.enter_context(recording(subject, [layer]))
        run_until_enough(_Plain(subject.module), feed(subject, inputs))
    return kept[layer]


class _Plain(nn.Module):
    """A network called with other weights than its own."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.weights = _plain_weights(module)
        self.call = lambda inputs: functional_call(module, self.weights, (inputs,))

    def forward(self, inputs: Tensor) -> Any:
        return self.call(inputs)


def _averaged(pool: nn.Module, given: Any, _: Any) -> Tensor:
    """What a pool would answer if it took the mean."""
    inner: Any = pool
    return F.avg_pool2d(
        given[0], inner.kernel_size, inner.stride, inner.padding, inner.ceil_mode, count_include_pad=False
    )


def _as_given(_: nn.Module, given: Any, __: Any) -> Tensor:
    """What normalising would answer if it did nothing."""
    found: Tensor = given[0]
    return found


def _plain_weights(module: nn.Module) -> dict[str, Tensor]:
    """Convolutions that look at their middle alone, with biases that keep all units firing; no batch normalisation."""
    found: dict[str, Tensor] = {}
    for name, inner in module.named_modules():
        own = dict(inner.named_parameters(recurse=False))
        if isinstance(inner, nn.Conv2d):
            made = {"weight": _middle(inner.weight), "bias": torch.full((inner.out_channels,), FIRING)}
        elif isinstance(inner, nn.BatchNorm2d):
            made = {
                "weight": torch.ones(inner.num_features),
                "bias": torch.full((inner.num_features,), FIRING),
            }
            for key, value in (("running_mean", 0.0), ("running_var", 1.0)):
                if getattr(inner, key) is not None:
                    found[f"{name}.{key}"] = torch.full_like(getattr(inner, key), value)
        else:
            continue
        found |= {f"{name}.{key}": made[key].to(value) for key, value in own.items() if key in made}
    return found


def _middle(weight: Tensor) -> Tensor:
    """A kernel of positive weights at its middle, two to four pixels where it is even."""
    made = torch.zeros(weight.shape)
    down, right = ((side - 1) // 2 for side in weight.shape[2:])
    generator = torch.Generator().manual_seed(weight.shape[0])
    middle = made[:, :, down : weight.shape[2] - down, right : weight.shape[3] - right]
    across = torch.rand((*weight.shape[:2], 1, 1), generator=generator) / weight.shape[1]
    middle += across / (middle.shape[2] * middle.shape[3])
    return made


def _centre(values: Float[Tensor, "n"], inputs: Float[Tensor, "n c h w"]) -> tuple[float, float]:
    """The centre of the squared gradients, (y, x) in pixels."""
    (gradient,) = torch.autograd.grad(values.sum(), inputs, retain_graph=True)
    energy = gradient.square().sum((0, 1)).double().cpu()
    rows, columns = energy.sum(1), energy.sum(0)
    total = energy.sum().clamp_min(1e-300)
    y = float((rows * torch.arange(len(rows))).sum() / total)
    x = float((columns * torch.arange(len(columns))).sum() / total)
    return y, x
