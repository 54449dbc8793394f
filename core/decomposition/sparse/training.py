"""Training of sparse autoencoders: one loop for the three kinds, broken off and gone on with at any step."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.decomposition.learned import Learned, unit_rows
from core.decomposition.source import ActivationSource, finite_batches, sample
from core.decomposition.sparse import adam
from core.decomposition.sparse.autoencoder import Kind, Sparsity, State, gradients
from core.progress import Progress, silent

FIRST_LOOK = 8192
"""Rows that scale, bias and first atoms are taken from."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: ``steps`` of ``batch_size`` rows; the rate falls to 0 over the last fifth.

    An atom is dead that no row of the last ``patience`` had.
    """

    steps: int = 4000
    batch_size: int = 512
    rate: float = 3e-3
    patience: int = 20_000


def topk_sae(
    source: ActivationSource,
    *,
    k: int,
    active: int | None = None,
    seed: int = 0,
    schedule: Schedule = Schedule(),
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
) -> Learned:
    """TopK [gao2024]: a row keeps its ``active`` largest codes."""
    return _learn("topk", source, k, active, seed, schedule, checkpoint, progress)


def batchtopk_sae(
    source: ActivationSource,
    *,
    k: int,
    active: int | None = None,
    seed: int = 0,
    schedule: Schedule = Schedule(),
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
) -> Learned:
    """BatchTopK [bussmann2024]."""
    return _learn("batchtopk", source, k, active, seed, schedule, checkpoint, progress)


def jumprelu_sae(
    source: ActivationSource,
    *,
    k: int,
    active: int | None = None,
    seed: int = 0,
    schedule: Schedule = Schedule(),
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
) -> Learned:
    """JumpReLU [rajamanoharan2024]."""
    return _learn("jumprelu", source, k, active, seed, schedule, checkpoint, progress)


def _learn(
    kind: Kind,
    source: ActivationSource,
    k: int,
    active: int | None,
    seed: int,
    schedule: Schedule,
    checkpoint: str | Path | None,
    progress: Progress,
) -> Learned:
    active = active or max(1, min(k // 8, 8))
    sparsity = Sparsity(kind, active)
    look = sample(source, FIRST_LOOK, seed)
    scale = (look - look.mean(0)).square().mean().sqrt().clamp_min(1e-12)
    state = first_state(kind, look / scale, k, seed)
    moments = adam.no_moments(state)
    idle = torch.zeros(k)
    lowest = torch.zeros(())
    for number, rows in enumerate(stream(source, schedule, seed), 1):
        dead = (idle > schedule.patience).nonzero()[:, 0]
        found, codes, _ = gradients(rows / scale, state, sparsity, dead)
        atoms = state["atoms"]
        found["atoms"] -= (found["atoms"] * atoms).sum(1, keepdim=True) * atoms
        left = (schedule.steps - number + 1) / schedule.steps
        adam.step(state, found, moments, number, schedule.rate * min(1.0, 5 * left))
        state["atoms"].copy_(unit_rows(state["atoms"])[0])
        idle = torch.where((codes > 0).any(0), 0.0, idle + len(rows))
        if kind == "batchtopk" and (codes > 0).any():
            lowest = lowest.lerp(codes[codes > 0].min(), 0.01 if number > 1 else 1.0)
        progress(number, schedule.steps, "sparse autoencoder")
    parts = {
        "bias": state["bias"] * scale,
        "encoder": state["encoder"],
        "encoder_bias": state["encoder_bias"] * scale,
    }
    if kind == "topk":
        parts["active"] = torch.tensor(active)
    else:
        threshold = lowest.expand(k) if kind == "batchtopk" else state["log_threshold"].exp()
        parts["threshold"] = threshold * scale
    return Learned(state["atoms"], parts, {"active": active})


def first_state(kind: Kind, look: Tensor, k: int, seed: int) -> State:
    bias = geometric_median(look)
    rng = np.random.default_rng(seed)
    centred = look - bias
    lengths = centred.norm(dim=1)
    share = (lengths.square() / lengths.square().sum()).double().numpy()
    chosen = rng.choice(len(look), k, replace=len(look) < k, p=share / share.sum())
    noise = torch.randn(k, look.shape[1], generator=torch.Generator().manual_seed(seed))
    atoms, _ = unit_rows(unit_rows(centred[torch.from_numpy(chosen)])[0] + 0.1 * unit_rows(noise)[0])
    state = {"bias": bias, "atoms": atoms, "encoder": atoms.clone(), "encoder_bias": torch.zeros(k)}
    if kind == "jumprelu":
        state["log_threshold"] = torch.full((k,), 0.1).log()
    return state


def geometric_median(rows: Tensor) -> Tensor:
    middle = rows.mean(0)
    for _ in range(30):
        weights = 1 / (rows - middle).norm(dim=1).clamp_min(1e-6)
        middle = weights @ rows / weights.sum()
    return middle


def stream(source: ActivationSource, schedule: Schedule, seed: int) -> Iterator[Tensor]:
    number = 0
    epoch = 0
    while number < schedule.steps:
        turn = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
        for rows in finite_batches(source, schedule.batch_size, turn):
            if number < schedule.steps:
                yield rows
                number += 1
        epoch += 1
