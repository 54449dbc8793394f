"""Lanterns: a linear classifier each of whose classes looks at a square of its own; the true maps are known."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap

SIDE, CLASSES, SQUARE, CHANNELS = 16, 4, 3, 3


class _Lanterns(nn.Module):
    """One number a position, then a weighted sum of them for each class: nothing but weights, nothing bent."""

    def __init__(self, weights: Float[Tensor, "k h w"], colours: Float[Tensor, "c"]) -> None:
        super().__init__()
        self.eye = nn.Conv2d(len(colours), 1, 1, bias=False)
        self.read = nn.Linear(weights[0].numel(), len(weights), bias=False)
        self.eye.weight.data = colours.view(1, -1, 1, 1).clone()
        self.read.weight.data = weights.flatten(1).clone()

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.read(self.eye(inputs).flatten(1))
        return logits


@dataclass(frozen=True, eq=False)
class Lanterns:
    """A subject, dim ``inputs`` (n, c, h, w) in which every class's square is lit, and each class's ``truth``.

    ``truth`` (k, n, h, w) is exactly what every position adds to class k's logit, beside black.
    """

    subject: Subject
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    truth: Float[Tensor, "k n h w"] = field(repr=False)


def lanterns(*, seed: int, n: int = 8) -> Lanterns:
    """Four classes whose squares of 3 x 3 lie, apart, at random places of 16 x 16; weights between 1 and 2 inside.

    >>> from core.subject import run
    >>> made = lanterns(seed=0)
    >>> torch.allclose(made.truth.sum((2, 3)).T, run(made.subject, made.inputs)["class"], atol=1e-4)
    True
    """
    generator = torch.Generator().manual_seed(seed)
    cells = torch.randperm((SIDE // (SQUARE + 1)) ** 2, generator=generator)[:CLASSES].tolist()
    weights = torch.zeros(CLASSES, SIDE, SIDE)
    for weight, cell in zip(weights, cells, strict=True):
        row, column = (
            (SQUARE + 1) * (cell // (SIDE // (SQUARE + 1))),
            (SQUARE + 1) * (cell % (SIDE // (SQUARE + 1))),
        )
        weight[row : row + SQUARE, column : column + SQUARE] = 1 + torch.rand(
            SQUARE, SQUARE, generator=generator
        )
    colours = 0.5 + torch.rand(CHANNELS, generator=generator)
    dim, lit = torch.rand(2, n, CHANNELS, SIDE, SIDE, generator=generator)
    inputs = torch.where(weights.sum(0) > 0, 0.7 + 0.3 * lit, 0.3 * dim)
    spec = InputSpec((CHANNELS, SIDE, SIDE), mean=(0.0,) * CHANNELS, std=(1.0,) * CHANNELS)
    heads = {"class": tuple(map(str, range(CLASSES)))}
    subject = wrap(_Lanterns(weights, colours), name="lanterns", spec=spec, heads=heads)
    seen = torch.einsum("nchw,c->nhw", inputs, colours)
    return Lanterns(subject, inputs, weights[:, None] * seen[None])
