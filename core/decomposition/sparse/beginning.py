"""How atoms begin, and how weak ones begin anew: as directions of rows."""

import numpy as np
import torch
from torch import Tensor

from core.decomposition.learned import unit_rows
from core.decomposition.source import ActivationSource, sample
from core.decomposition.sparse import adam
from core.decomposition.sparse.autoencoder import State

FIRST_LOOK = 8192
"""Rows that scale, bias and first atoms are taken from."""

JITTER = 0.1
"""How far a first atom lies beside its row, so that no two are the same."""

WEAK = 0.1
"""An atom is weak whose codes' mean square is below this share of the mean over atoms."""

PARAMETERS = ("atoms", "encoder", "encoder_bias", "log_threshold")
"""Tensors with a row or a number for each atom that gradients change."""


def first_state(source: ActivationSource, k: int, active: int, seed: int) -> State:
    """Everything that training changes, as tensors by name.

    Rows are scaled so that ``active`` orthogonal atoms with codes near 1 would make one up; the bias is their geometric
    median; atoms are rows seen from there, and the encoder's rows the atoms.
    """
    look = sample(source, FIRST_LOOK, seed)
    scale = ((look - look.mean(0)).square().sum(1).mean() / active).sqrt().clamp_min(1e-12)
    bias = geometric_median(look / scale)
    atoms = _first_atoms(look / scale - bias, k, seed)
    learned = {
        "bias": bias,
        "atoms": atoms,
        "encoder": atoms.clone(),
        "encoder_bias": torch.zeros(k),
        "log_threshold": torch.zeros(k),
    }
    kept = {"scale": scale, "idle": torch.zeros(k), "energy": torch.zeros(k), "lowest": torch.zeros(())}
    return learned | adam.no_moments(learned) | kept


def _first_atoms(centred: Tensor, k: int, seed: int) -> Tensor:
    """Directions of rows, drawn by their squared length."""
    rng = np.random.default_rng(seed)
    weights = centred.double().square().sum(1).numpy() + 1e-12
    drawn = rng.choice(len(centred), k, replace=len(centred) < k, p=weights / weights.sum())
    noise = torch.from_numpy(rng.standard_normal((k, centred.shape[1])).astype(np.float32))
    return unit_rows(unit_rows(centred[torch.from_numpy(drawn)])[0] + JITTER * unit_rows(noise)[0])[0]


def geometric_median(rows: Tensor) -> Tensor:
    """The point whose distances to the rows add up to least, by Weiszfeld's iteration.

    >>> geometric_median(torch.tensor([[0.0], [0.0], [9.0]])).abs().item() < 0.01
    True
    """
    middle = rows.mean(0)
    for _ in range(50):
        weights = 1 / torch.linalg.vector_norm(rows - middle, dim=1).clamp_min(1e-6)
        middle = weights @ rows / weights.sum()
    return middle


def renewed(state: State, rows: Tensor, missed: Tensor, number: int) -> None:
    """Begin weak atoms anew, in place, as rows that are badly explained [bricken2023]: drawn by their error's square.

    Two features that share one atom while another does next to nothing are a trap that gradients alone do not leave.
    """
    weak = (state["energy"] < WEAK * state["energy"].mean()).nonzero()[:, 0]
    if not len(weak):
        return
    chance = missed.square().sum(1).square().cpu() + 1e-12
    generator = torch.Generator().manual_seed(number)
    drawn = torch.multinomial(chance, len(weak), replacement=len(weak) > len(rows), generator=generator)
    fresh = unit_rows((rows - state["bias"])[drawn.to(rows.device)])[0]
    state["atoms"][weak] = state["encoder"][weak] = fresh
    state["encoder_bias"][weak] = 0
    state["log_threshold"][weak] = state["log_threshold"].mean()
    state["energy"][weak] = state["energy"].mean()
    for name in PARAMETERS:
        # Zero would let Adam, late as it is, take steps ten times too long, and the atom would die at once.
        second = state[f"second.{name}"]
        second[weak] = second.mean(0)
        state[f"first.{name}"][weak] = 0
