"""The autoencoder's step: codes, reconstruction and gradients, for the three ways of being sparse."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["topk", "batchtopk", "jumprelu"]
State = dict[str, Tensor]

BANDWIDTH = 0.1
"""Width of the window around a threshold in which JumpReLU learns where it should lie; inputs are of unit variance."""

DEAD_WEIGHT = 1 / 32
"""Weight of the auxiliary loss [gao2024]."""

MOST_REVIVED = 64
"""Dead atoms that explain what is missed of a row, at most."""


@dataclass(frozen=True)
class Sparsity:
    """The way of being sparse, and how many atoms a row is to have."""

    kind: Kind
    active: int
    weight: float = 1.0


def chosen(before: Tensor, state: State, sparsity: Sparsity) -> Tensor:
    """Codes (b, k) from what the encoder's product says, while training."""
    if sparsity.kind == "jumprelu":
        return before * (before > state["log_threshold"].exp())
    positive = before.relu()
    if sparsity.kind == "topk":
        kept, index = positive.topk(sparsity.active, dim=1, sorted=False)
        return torch.zeros_like(positive).scatter_(1, index, kept)
    count = min(sparsity.active * len(positive), positive.numel())
    lowest = positive.flatten().topk(count, sorted=False).values.amin()
    return positive * (positive >= lowest)


def gradients(rows: Tensor, state: State, sparsity: Sparsity, dead: Tensor) -> tuple[State, Tensor, float]:
    """Gradients of a batch's loss by parameter, the codes, and the share of variance that is missed.

    The loss is the mean squared error in units of the rows' variance, plus the auxiliary one, in which dead atoms
    are to explain what the living miss [gao2024]; JumpReLU adds (L0 / active - 1)^2, its threshold's gradient by a
    rectangular kernel [rajamanoharan2024].
    """
    centred = rows - state["bias"]
    before = torch.addmm(state["encoder_bias"], centred, state["encoder"].T)
    codes = chosen(before, state, sparsity)
    missed = torch.addmm(-centred, codes, state["atoms"])
    scale = 2 / missed.numel()
    back = missed * scale
    to_codes = back @ state["atoms"].T
    to_before = to_codes * (codes > 0)
    found: State = {}
    if sparsity.kind == "jumprelu":
        found["log_threshold"] = _to_threshold(before, to_codes, codes, state, sparsity)
    found["atoms"] = codes.T @ back
    if len(dead):
        _revive(found["atoms"], to_before, before, missed, state, dead)
    found["encoder"] = to_before.T @ centred
    found["encoder_bias"] = to_before.sum(0)
    found["bias"] = back.sum(0) - found["encoder_bias"] @ state["encoder"]
    return found, codes, missed.square().mean().item()


def _to_threshold(
    before: Tensor, to_codes: Tensor, codes: Tensor, state: State, sparsity: Sparsity
) -> Tensor:
    threshold = state["log_threshold"].exp()
    near = ((before - threshold).abs() < BANDWIDTH / 2) / BANDWIDTH
    counted = (codes > 0).sum().item() / len(codes)
    pressure = 2 * sparsity.weight * (counted / sparsity.active - 1) / sparsity.active / len(codes)
    return -(near * (threshold * to_codes + pressure)).sum(0) * threshold


def _revive(
    to_atoms: Tensor, to_before: Tensor, before: Tensor, missed: Tensor, state: State, dead: Tensor
) -> None:
    """Add the auxiliary loss's gradients for dead atoms."""
    positive = before[:, dead].relu()
    count = min(MOST_REVIVED, len(dead))
    kept, index = positive.topk(count, dim=1, sorted=False)
    codes = torch.zeros_like(positive).scatter_(1, index, kept)
    left = torch.addmm(missed, codes, state["atoms"][dead])
    back = left * (2 * DEAD_WEIGHT / missed.square().sum().clamp_min(1e-12))
    to_atoms[dead] += codes.T @ back
    to_before[:, dead] += (back @ state["atoms"][dead].T) * (codes > 0)
