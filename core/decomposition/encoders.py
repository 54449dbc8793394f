"""From activations to codes: one function a kind of code, one table of them."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Parts = Mapping[str, Tensor]
"""What an encoder needs beside the atoms: ``bias`` (c,), and by kind ``encoder`` (k, c), ``encoder_bias`` (k,) ..."""

ITERATIONS = 200
"""Most steps of non-negative least squares."""

TOLERANCE = 1e-5
"""Non-negative least squares ends when no code moves by more than this share of the largest."""


def linear(rows: Tensor, atoms: Tensor, parts: Parts) -> Tensor:
    """A product with the encoder's rows; signed."""
    return torch.nn.functional.linear(rows - parts["bias"], parts["encoder"], parts["encoder_bias"])


def topk(rows: Tensor, atoms: Tensor, parts: Parts) -> Tensor:
    """The ``active`` largest of the linear codes, where they are positive; all others are 0 [gao2024]."""
    codes = linear(rows, atoms, parts)
    count = int(parts["active"])
    if count >= len(atoms):
        return torch.relu(codes)
    lowest = codes.detach().topk(count + 1, dim=-1).values[..., -1:]
    return _above(codes, lowest.clamp_min(0))


def threshold(rows: Tensor, atoms: Tensor, parts: Parts) -> Tensor:
    """Linear codes where they exceed the atom's threshold, else 0 [rajamanoharan2024]."""
    return _above(linear(rows, atoms, parts), parts["threshold"])


def nearest(rows: Tensor, atoms: Tensor, parts: Parts) -> Tensor:
    """How far a row goes along the atom of the nearest centre; one atom at most is not 0."""
    along = (rows - parts["bias"]) @ atoms.T
    close = along * parts["lengths"] - parts["lengths"].square() / 2
    behind = close - close.amax(-1, keepdim=True)
    return torch.relu(torch.where(behind == 0, along, behind))


def _above(codes: Tensor, lowest: Tensor) -> Tensor:
    """Codes above a bar, else 0: written as a ReLU, so that what follows the gradients of dead ReLUs follows these."""
    over = torch.relu(codes - lowest)
    return over + (codes - over).detach() * (over > 0)


def non_negative(rows: Tensor, atoms: Tensor, parts: Parts) -> Tensor:
    """Non-negative least squares on the atoms; differentiable."""
    target = (rows - parts["bias"]) @ atoms.T
    gram = atoms @ atoms.T
    codes: Tensor = _NonNegative.apply(target, gram)
    # An atom that is not used would rather be negative; what it lacks is what a dead one has to make up for.
    return torch.relu(torch.where(codes > 0, codes, target - codes.detach() @ gram))


class _NonNegative(torch.autograd.Function):
    """argmin over codes >= 0 of |rows - codes @ atoms|^2, by accelerated projected gradients [beck2009].

    Where a code is positive it solves a linear system with the other positive ones; going backward solves it again.
    """

    @staticmethod
    def forward(ctx: Any, target: Tensor, gram: Tensor) -> Tensor:
        codes = _descend(target, gram, torch.relu)
        ctx.save_for_backward(codes > 0, gram)
        return codes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        free, gram = ctx.saved_tensors
        return _descend(gradients[0] * free, gram, lambda values: values * free), None


def _descend(target: Tensor, gram: Tensor, project: Callable[[Tensor], Tensor]) -> Tensor:
    """The projected solution of codes @ gram = target; momentum starts anew where it overshoots."""
    step = 1 / torch.linalg.matrix_norm(gram, 2).clamp_min(1e-12)
    codes = ahead = torch.zeros_like(target)
    pace = 1.0
    for _ in range(ITERATIONS):
        following = project(ahead + step * (target - ahead @ gram))
        moved = following - codes
        if (moved.abs().amax() <= TOLERANCE * following.abs().amax()).item():
            return following
        if ((ahead - following) * moved).sum() > 0:
            pace, ahead = 1.0, following
        else:
            quicker = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
            ahead = following + (pace - 1) / quicker * moved
            pace = quicker
        codes = following
    return codes


Encoder = Callable[[Tensor, Tensor, Parts], Tensor]

ENCODERS: Mapping[str, Encoder] = {
    "linear": linear,
    "topk": topk,
    "threshold": threshold,
    "nearest": nearest,
    "non-negative": non_negative,
}
"""Kind of code to ``encoder(rows (*n, c), atoms (k, c), parts) -> codes (*n, k)``."""


def codes_of(
    rows: Float[Tensor, "*n c"], atoms: Float[Tensor, "k c"], kind: str, parts: Parts
) -> Float[Tensor, "*n k"]:
    """Codes of a kind; gradients flow to the rows where a code is not 0."""
    return ENCODERS[kind](rows, atoms, parts)
