"""Training of sparse autoencoders: one loop for the three kinds, broken off and gone on with at any step."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.decomposition.learned import Learned, unit_rows
from core.decomposition.source import ActivationSource, checked_finite
from core.decomposition.sparse import adam
from core.decomposition.sparse.autoencoder import Kind, State, Step, at_work, gradients
from core.decomposition.sparse.beginning import first_state, renewed
from core.decomposition.sparse.checkpoint import Checkpoint
from core.decomposition.sparse.room import refuse_too_wide
from core.decomposition.sparse.settings import Settings, settings
from core.progress import Progress, silent

WARM = 0.5
"""Share of the steps that every kind learns as TopK does, which gets stuck least."""

RENEWED = 0.9
EVERY = 50
"""Weak atoms are begun anew up to this share of the steps, so many steps apart."""

NOTICED = 0.03
"""How quickly an atom's energy follows its codes: weakness shows after some hundred batches."""

FOLLOWING = 0.01
"""How quickly BatchTopK's threshold follows the smallest code that a batch kept."""

LOWEST = 1e-3
"""JumpReLU's thresholds begin no lower; codes are near 1."""


def topk_sae(
    source: ActivationSource,
    *,
    k: int,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
    **given: Any,
) -> Learned:
    """TopK [gao2024]: each row keeps its ``active`` largest codes. ``given`` are ``Settings``.

    With ``checkpoint``, a folder, the state is kept there every few seconds; a call that was broken off, killed even,
    is gone on with and ends with the same bytes. The caller removes the folder.

    Raises
    ------
    BadInput, UnknownName
        if a setting is out of bounds or unknown, or so many atoms do not fit into memory.
    NotFinite
        if an activation is NaN or infinite.
    """
    return _learned("topk", source, k, seed, settings(k, given), folder=checkpoint, progress=progress)


def batchtopk_sae(
    source: ActivationSource,
    *,
    k: int,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
    **given: Any,
) -> Learned:
    """BatchTopK [bussmann2024]: a batch keeps its ``active`` largest codes a row, so some rows more and some fewer.

    Afterwards a code counts above the mean, late in training, of the smallest one that was kept. Else as ``topk_sae``.
    """
    return _learned("batchtopk", source, k, seed, settings(k, given), folder=checkpoint, progress=progress)


def jumprelu_sae(
    source: ActivationSource,
    *,
    k: int,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
    **given: Any,
) -> Learned:
    """JumpReLU [rajamanoharan2024]: a threshold for each atom, learned so that ``active`` codes a row exceed theirs.

    Else as ``topk_sae``.
    """
    return _learned("jumprelu", source, k, seed, settings(k, given), folder=checkpoint, progress=progress)


def _learned(
    kind: Kind,
    source: ActivationSource,
    k: int,
    seed: int,
    plan: Settings,
    *,
    folder: str | Path | None,
    progress: Progress,
) -> Learned:
    refuse_too_wide(k, source.channels, plan.batch_size, plan.device)
    kept = Checkpoint(folder, kind, k, seed, plan, source)
    state, number = kept.recalled() or (first_state(source, k, plan.active, seed), 0)
    state = {name: values.to(plan.device) for name, values in state.items()}
    for rows in _stream(source, plan, seed, number):
        number += 1
        _step(kind, state, checked_finite(rows, f"step {number}, ").to(plan.device), number, plan)
        kept.write(state, number)
        progress(number, plan.steps, "sparse autoencoder")
    return _answer(kind, {name: values.cpu() for name, values in state.items()}, plan)


def _step(kind: Kind, state: State, rows: Tensor, number: int, plan: Settings) -> None:
    """One step of Adam on one batch, in place; atoms keep length 1 and learn only across it."""
    warm = number <= WARM * plan.steps
    scaled = rows / state["scale"]
    dead = (state["idle"] > plan.patience).nonzero()[:, 0]
    step = gradients(scaled, state, "topk" if warm else kind, plan.active, dead)
    atoms = state["atoms"]
    step.gradients["atoms"] -= (step.gradients["atoms"] * atoms).sum(1, keepdim=True) * atoms
    rise, fall = number / (0.05 * plan.steps), (plan.steps - number + 1) / (0.5 * plan.steps)
    adam.step(state, step.gradients, number, plan.rate * min(1.0, rise, fall))
    atoms.copy_(unit_rows(atoms)[0])
    state["idle"] += len(rows)
    state["idle"][(step.codes > 0).any(0)] = 0
    state["energy"].lerp_(step.codes.square().mean(0), max(NOTICED, 1 / number))
    if number % EVERY == 0 and number < RENEWED * plan.steps:
        renewed(state, scaled, step.missed, number)
    _follow_thresholds(kind, state, step, number, plan)


def _follow_thresholds(kind: Kind, state: State, step: Step, number: int, plan: Settings) -> None:
    """JumpReLU's thresholds begin where the warm steps end; BatchTopK's is followed from there on."""
    last = int(WARM * plan.steps)
    if kind == "jumprelu" and number == max(1, last):
        lowest = at_work(step.before, plan.active).clamp_min(LOWEST)
        state["log_threshold"].fill_(lowest.log().item())
    if kind == "batchtopk" and number > last:
        lowest = torch.where(step.codes > 0, step.codes, torch.inf).amin()
        if torch.isfinite(lowest):
            state["lowest"].lerp_(lowest, max(FOLLOWING, 1 / (number - last)))


def _answer(kind: Kind, state: State, plan: Settings) -> Learned:
    """The trained state in the layer's own units."""
    scale = state["scale"]
    parts = {
        "bias": state["bias"] * scale,
        "encoder": state["encoder"],
        "encoder_bias": state["encoder_bias"] * scale,
    }
    if kind == "topk":
        parts["active"] = torch.tensor(plan.active)
    elif kind == "batchtopk":
        parts["threshold"] = state["lowest"].expand(len(state["atoms"])) * scale
    else:
        parts["threshold"] = state["log_threshold"].exp() * scale
    notes = {name: value for name, value in asdict(plan).items() if name != "device"}
    return Learned(state["atoms"], parts, notes)


def _stream(source: ActivationSource, plan: Settings, seed: int, start: int) -> Iterator[Tensor]:
    """Batches number ``start`` to ``steps``: epoch after epoch, each in an order of its own."""
    epoch, skip = divmod(start, -(-len(source) // plan.batch_size))
    number = start
    while number < plan.steps:
        turn = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
        for rows in islice(source.batches(plan.batch_size, turn), skip, skip + plan.steps - number):
            yield rows
            number += 1
        epoch, skip = epoch + 1, 0
