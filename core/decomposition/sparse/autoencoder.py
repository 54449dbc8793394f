"""The autoencoder's step: codes, reconstruction and gradients, for the three ways of being sparse."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.decomposition.sparse.products import compressed, dense_gradients, pays, sparse_gradients

Kind = Literal["topk", "batchtopk", "jumprelu"]
State = dict[str, Tensor]

BANDWIDTH = 0.2
"""Width of the window around a threshold in which JumpReLU learns where it should lie; codes are near 1."""

PRESSURE = 1.0
"""Weight of (L0 / active - 1)^2 beside the mean squared error."""

DEAD_WEIGHT = 1 / 32
"""Weight of the auxiliary loss [gao2024]."""

MOST_REVIVED = 64
"""Dead atoms that explain what is missed of a row, at most."""


@dataclass(frozen=True, eq=False)
class Step:
    """A batch's gradients by parameter, what the encoder said (b, k), the codes kept of it, the error (b, c)."""

    gradients: State
    before: Tensor
    codes: Tensor
    missed: Tensor


def gradients(rows: Tensor, state: State, kind: Kind, active: int, dead: Tensor) -> Step:
    """One batch there and back.

    The loss is the share of variance that is missed, plus the auxiliary one, in which dead atoms are to
    explain what the living miss [gao2024]; JumpReLU adds (L0 / active - 1)^2, its threshold's gradient by a
    rectangular kernel [rajamanoharan2024].
    """
    atoms, centred = state["atoms"], rows - state["bias"]
    before = torch.addmm(state["encoder_bias"], centred, state["encoder"].T)
    codes = kept_codes(before, state, kind, active)
    kept = compressed(codes) if pays(len(codes), len(atoms), active, codes.device) else None
    missed = (codes if kept is None else kept) @ atoms - centred
    back = missed * (2 / (active * len(missed)))
    found: State = {}
    if kept is None or kind == "jumprelu":
        to_codes = back @ atoms.T
    if kind == "jumprelu":
        found["log_threshold"] = _to_threshold(before, to_codes, codes, state, active)
    through = (
        dense_gradients(codes, to_codes, back, centred)
        if kept is None
        else sparse_gradients(kept, back, centred, atoms)
    )
    found |= through._asdict()
    if len(dead):
        _revive(found, before[:, dead].relu(), missed, centred, atoms, dead)
    found["bias"] = back.sum(0) - found["encoder_bias"] @ state["encoder"]
    return Step(found, before, codes, missed)


def kept_codes(before: Tensor, state: State, kind: Kind, active: int) -> Tensor:
    """Codes (b, k) from what the encoder's product says, while training."""
    if kind == "jumprelu":
        return before * (before > state["log_threshold"].exp())
    positive = before.relu()
    if kind == "topk":
        kept, index = positive.topk(active, dim=1, sorted=False)
        return torch.zeros_like(positive).scatter_(1, index, kept)
    return positive * (positive >= at_work(before, active))


def at_work(before: Tensor, active: int) -> Tensor:
    """The smallest of a batch's ``active`` largest codes a row, at least 0."""
    count = min(active * len(before), before.numel())
    return before.flatten().topk(count, sorted=False).values.amin().clamp_min(0)


def _to_threshold(before: Tensor, to_codes: Tensor, codes: Tensor, state: State, active: int) -> Tensor:
    """Gradient by log threshold: what codes near it would change of the error, and of how many there are."""
    threshold = state["log_threshold"].exp()
    near = ((before - threshold).abs() < BANDWIDTH / 2) / BANDWIDTH
    counted = (codes > 0).sum() / len(codes)
    pressure = 2 * PRESSURE * (counted / active - 1) / active / len(codes)
    return -(near * (threshold * to_codes + pressure)).sum(0) * threshold


def _revive(
    found: State, positive: Tensor, missed: Tensor, centred: Tensor, atoms: Tensor, dead: Tensor
) -> None:
    """Add the auxiliary loss's gradients for dead atoms: the error of explaining ``-missed`` by them."""
    largest, index = positive.topk(min(MOST_REVIVED, len(dead)), dim=1, sorted=False)
    codes = torch.zeros_like(positive).scatter_(1, index, largest)
    left = torch.addmm(missed, codes, atoms[dead])
    back = left * (2 * DEAD_WEIGHT / missed.square().sum().clamp_min(1e-12))
    extra = dense_gradients(codes, back @ atoms[dead].T, back, centred)
    for name, values in extra._asdict().items():
        found[name][dead] += values
