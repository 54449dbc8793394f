"""Checks of decompositions: each method finds the atoms that its own kind of mixture is made of, and none elsewhere."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor

from core.activations import capture
from core.decomposition import as_rows, fit
from core.decomposition.stability import mean_max_cosine
from core.selftest.check import Check, Scores
from core.testing.mixtures import (
    Mixture,
    independent_sources,
    non_negative_parts,
    orthogonal_components,
    separated_clusters,
    shuffled,
)
from core.testing.superposition import superposed_network, superposition

MEASURE = "mean over true atoms of the best cosine"

FEATURES, CHANNELS, ACTIVE = 40, 32, 1.2
"""Superposition that a few seconds suffice for; up to four times as many as channels are in the slow tests."""

QUICK: Mapping[str, Any] = {"steps": 800, "batch_size": 256, "rate": 6e-3, "active": 2}

BRIEF: Mapping[str, Any] = {"steps": 300, "starts": 1}
"""For the control, where longer finds no more."""

DENSE = 8.0
"""Features that are on together, of so many, where a linear encoder cannot tell them apart."""


def _mixture(seed: int, *, method: str, mixture: Callable[..., Mixture]) -> Scores:
    """The true atoms among those found, and among those found where every channel is reordered."""
    truth = mixture(seed=seed)

    def score(rows: Tensor) -> float:
        found = fit(rows, layer="rows", method=method, k=len(truth.atoms), seed=seed)
        return mean_max_cosine(truth.atoms, found.atoms, signed=method in ("pca", "ica"))

    return Scores(score(truth.rows), score(shuffled(truth.rows, seed=seed)))


def _sparse(rows: Tensor, atoms: Tensor, method: str, seed: int, starts: int = 2, **options: Any) -> float:
    """Of two starts the one that keeps more of unseen rows: short trainings get stuck now and then."""
    chosen = {**QUICK, **options}
    fits = [
        fit(rows, layer="rows", method=method, k=len(atoms), seed=seed + 100_000 * start, **chosen)
        for start in range(starts)
    ]
    best = max(fits, key=lambda found: found.quality.r2.estimate)
    return mean_max_cosine(atoms, best.atoms)


def _superposition(seed: int, *, method: str) -> Scores:
    made = superposition(seed=seed, features=FEATURES, channels=CHANNELS, active=ACTIVE, samples=10_000)
    mixed = shuffled(made.rows, seed=seed)
    return Scores(
        _sparse(made.rows, made.atoms, method, seed), _sparse(mixed, made.atoms, method, seed, **BRIEF)
    )


def _network(seed: int) -> Scores:
    made = superposed_network(seed=seed, features=FEATURES, channels=CHANNELS, active=ACTIVE)
    hidden = capture(made.subject, made.inputs, ["hidden"])["hidden"]
    rows = as_rows(hidden, made.subject.layers["hidden"])
    return Scores(
        _sparse(rows, made.atoms, "topk-sae", seed),
        _sparse(shuffled(rows, seed=seed), made.atoms, "topk-sae", seed, **BRIEF),
    )


def _dense(seed: int) -> Scores:
    made = superposition(seed=seed, features=FEATURES, channels=CHANNELS, active=DENSE, samples=10_000)
    return Scores(_sparse(made.rows, made.atoms, "topk-sae", seed, starts=1))


def _check(method: str, truth: str, run: Callable[[int], Scores], bar: float, null_bar: float) -> Check:
    return Check(method=method, truth=truth, measure=MEASURE, run=run, bar=bar, null_bar=null_bar)


_SPARSE = f"{FEATURES} sparse features in {CHANNELS} channels"

CHECKS: tuple[Check, ...] = (
    _check(
        "pca",
        "orthogonal components, variances 16 to 1",
        partial(_mixture, method="pca", mixture=orthogonal_components),
        0.99,
        0.6,
    ),
    _check(
        "nmf",
        "non-negative parts that overlap",
        partial(_mixture, method="nmf", mixture=non_negative_parts),
        0.98,
        0.85,
    ),
    _check(
        "ica",
        "independent heavy-tailed sources",
        partial(_mixture, method="ica", mixture=independent_sources),
        0.98,
        0.75,
    ),
    _check(
        "k-means",
        "eight separated clusters",
        partial(_mixture, method="k-means", mixture=separated_clusters),
        0.98,
        0.8,
    ),
    *(
        _check(f"{kind}-sae", _SPARSE, partial(_superposition, method=f"{kind}-sae"), 0.95, 0.7)
        for kind in ("topk", "batchtopk", "jumprelu")
    ),
    _check("topk-sae", f"{_SPARSE} of a network's layer", _network, 0.95, 0.7),
    Check(
        method="topk-sae",
        truth=f"{DENSE:g} of {FEATURES} features at once: too many to be told apart",
        measure=MEASURE,
        run=_dense,
        bar=0.9,
        sense="at most",
    ),
)
"""Truths that decompositions must find, and one that they cannot."""
