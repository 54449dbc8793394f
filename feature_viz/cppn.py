"""CPPN: every image is a small network from a pixel's coordinates to its colour, smooth at any size."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from feature_viz.parametrize import Canvas, Parametrisation, Shape

REACH = math.sqrt(3)
"""Coordinates run from minus to plus this along the longer side, so that they have variance 1."""


ODD, EVEN = 0.67, 0.6
"""Lucid divides arc tangents and their squares by these, so that both have about unit variance."""


def cppn(*, width: int = 24, depth: int = 8, sd: float = 0.2, rate: float = 0.008) -> Parametrisation:
    """A compositional pattern producing network for every image [mordvintsev2018]: lines and fields, no grain.

    ``depth`` layers of ``width`` units, each followed by arc tangents and their squares, as in lucid. Lucid begins
    from flat grey, the last layer's weights being zero; ``sd`` scales them here, since grey wakes few ReLUs.

    >>> way, seed = cppn(), torch.Generator().manual_seed(0)
    >>> way.begin([seed], (3, 5, 7), None, torch.device("cpu")).image().shape
    torch.Size([1, 3, 5, 7])
    """

    def begin(
        generators: Sequence[torch.Generator], shape: Shape, given: Tensor | None, device: torch.device
    ) -> Canvas:
        if given is not None:
            raise BadInput("cppn cannot start from a given image; pixels and fourier can")
        drawn = [_drawn(generator, shape[0], width=width, depth=depth, sd=sd) for generator in generators]
        weights = [torch.stack(layer).to(device).requires_grad_() for layer in zip(*drawn, strict=True)]
        biases = [weight.new_zeros(len(drawn), weight.shape[1], 1).requires_grad_() for weight in weights]
        places = coordinates(*shape[1:]).to(device)
        return Canvas([*weights, *biases], lambda: cppn_image(weights, biases, places))

    return Parametrisation(f"cppn({depth} x {width}, sd={sd:g})", begin, rate)


def cppn_image(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    places: Float[Tensor, "h w 2"],
) -> Float[Tensor, "n c h w"]:
    """The images that the networks draw at these places: weights (n, outputs, inputs), biases (n, outputs, 1)."""
    values = places.flatten(0, 1).T.expand(len(weights[0]), -1, -1)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        values = torch.baddbmm(bias, weight, _Bent.apply(values) if layer else values)
    return values.sigmoid().unflatten(2, places.shape[:2])


class _Bent(torch.autograd.Function):
    """Arc tangents and their squares, in lucid's scales, with a gradient that keeps little and copies less."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        width = values.shape[1]
        outputs = values.new_empty((values.shape[0], 2 * width, values.shape[2]))
        torch.atan(values, out=outputs[:, :width])
        torch.square(outputs[:, :width], out=outputs[:, width:])
        outputs[:, :width] /= ODD
        outputs[:, width:] /= EVEN
        ctx.save_for_backward(values, outputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        values, outputs = ctx.saved_tensors
        width = values.shape[1]
        odd, even = gradients[0][:, :width], gradients[0][:, width:]
        pull = (outputs[:, :width] * even).mul_(2 * ODD / EVEN).add_(odd, alpha=1 / ODD)
        return pull.div_(values.square().add_(1))


def coordinates(height: int, width: int) -> Float[Tensor, "h w 2"]:
    """Row and column of every pixel, the longer side from -sqrt(3) to sqrt(3).

    >>> coordinates(3, 3)[0, 1].tolist()
    [-1.7320507764816284, 0.0]
    """
    longer = max(height, width)
    rows = torch.linspace(-REACH, REACH, height) * (height / longer)
    columns = torch.linspace(-REACH, REACH, width) * (width / longer)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), 2)


def _drawn(
    generator: torch.Generator, channels: int, *, width: int, depth: int, sd: float
) -> list[Float[Tensor, "o i"]]:
    """One network's weights: variance 1 / inputs, the last layer's ``sd`` times that deviation."""
    ins = [2, *[2 * width] * (depth - 1)]
    outs = [*[width] * (depth - 1), channels]
    scales = [*[1.0] * (depth - 1), sd]
    return [
        torch.randn((o, i), generator=generator) * (scale / math.sqrt(i))
        for i, o, scale in zip(ins, outs, scales, strict=True)
    ]
