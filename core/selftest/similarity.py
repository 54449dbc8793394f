"""Checks of the activation store, CKA, best buddies, concept vectors and TCAV."""

import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.activations import capture
from core.concept_vectors import concept_vector
from core.selftest.check import Check, Scores
from core.similarity import best_buddies, cka
from core.store import collect, open_store
from core.tcav import TcavResult, TcavSettings, tcav
from core.testing import concept_reader, planted_classifier

QUICK = TcavSettings(runs=3, nulls=50, kind="linear")
KNOWN = 0.9
"""Accuracy from which on a layer knows a concept."""


def _images(seed: int, count: int = 80) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.interpolate(torch.rand(count, 3, 4, 4, generator=generator), size=(12, 12), mode="bilinear")


def _round_trip(seed: int) -> Scores:
    """The largest difference between rows read by chance from the disk and those of the network, and of another."""
    subject, images = planted_classifier(seed=seed), _images(seed)
    with tempfile.TemporaryDirectory() as folder:
        collect(subject, images, ["relu"], Path(folder) / "store", positions=20, seed=seed, batch_size=16)
        store = open_store(Path(folder) / "store", "relu", check=True)
        numbers = np.random.default_rng(seed).integers(0, len(store), 500)
        rows, where = store.rows(numbers), store.origin(numbers)
    differences = []
    for network in (subject, planted_classifier(seed=seed + 1)):
        maps = capture(network, images, ["relu"])["relu"]
        differences.append(float((rows - maps[where.image, :, where.y, where.x]).abs().max()))
    return Scores(*differences)


def _rotated(seed: int) -> Scores:
    """CKA of a layer and its rotation, scaled and shifted; and where the second saw other images."""
    values = capture(planted_classifier(seed=seed), _images(seed), ["pool"])["pool"].flatten(1)
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(len(values[0]), len(values[0]), generator=generator)).Q
    turned = 3 * values @ rotation + 5
    return Scores(cka(values, turned, seed=seed).low, cka(values, turned.flip(0), seed=seed).estimate)


def _buddies(seed: int) -> Scores:
    """The share of planted pairs among all that are found or planted; and where the second layer saw other images."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    one, other = (
        F.interpolate(torch.randn(60, count, 3, 3, generator=generator), size=(6, 6), mode="bilinear")
        for count in (12, 20)
    )
    planted = set(zip(rng.permutation(12)[:8].tolist(), rng.permutation(20)[:8].tolist(), strict=True))
    for i, j in planted:
        other[:, j] = 2 * one[:, i] + other[:, j] - 7
    shares = []
    for second in (other, other.flip(0)):
        found = {(match.a, match.b) for match in best_buddies(one, second, seed=seed).beyond_chance}
        shares.append(len(found & planted) / len(found | planted))
    return Scores(*shares)


def _vector(seed: int) -> Scores:
    """Cosine of a concept's vector and its planted direction; and of one for shuffled labels."""
    planted = concept_reader(seed=seed)
    images = torch.cat([planted.concepts["used"], planted.random])
    values = capture(planted.subject, images, ["mixed"])["mixed"].mean((2, 3))
    labels = np.arange(len(values)) < len(planted.concepts["used"])
    truth = planted.directions["used"].vector
    cosines = []
    for given in (labels, np.random.default_rng(seed).permutation(labels)):
        found = concept_vector(values, given, layer="mixed", concept="used")
        cosines.append(float(F.cosine_similarity(found.vector, truth, 0)))
    return Scores(*cosines)


def _asked(seed: int, *, reads: bool) -> dict[str, TcavResult]:
    planted = concept_reader(seed=seed, reads=reads)
    rows = tcav(
        planted.subject,
        planted.inputs,
        planted.target,
        "mixed",
        concepts=planted.concepts,
        random=planted.random,
        settings=QUICK,
        seed=seed,
    )
    return {row.concept: row for row in rows}


def _used(seed: int) -> Scores:
    """The corrected p-value of the concept that is used; and in a network that knows it and reads others."""
    return Scores(*(_asked(seed, reads=reads)["used"].p_corrected for reads in (True, False)))


def _ignored(seed: int) -> Scores:
    """The slope along a concept that is known and ignored, in units of that along the one that is used."""
    found = _asked(seed, reads=True)
    if found["ignored"].accuracy.estimate < KNOWN:
        return Scores(float("nan"))  # not known: nothing is shown
    slopes = {name: abs(row.sensitivity.estimate) for name, row in found.items()}
    return Scores(slopes["ignored"] / slopes["used"])


CHECKS: tuple[Check, ...] = (
    Check(
        method="activation store",
        truth="a layer's activations, kept on disk",
        measure="largest difference from the network's own",
        run=_round_trip,
        bar=1e-5,
        sense="at most",
        null_bar=0.1,
    ),
    Check(
        method="CKA",
        truth="a layer rotated, scaled and shifted",
        measure="lower end of the interval",
        run=_rotated,
        bar=0.999,
        null_bar=0.3,
    ),
    Check(
        method="best buddies",
        truth="8 of 12 units stand among 20 others, scaled and noisy",
        measure="share of planted pairs among found or planted",
        run=_buddies,
        bar=0.85,
        null_bar=0.1,
    ),
    Check(
        method="concept vector",
        truth="the direction along which a layer knows a concept",
        measure="cosine with it",
        run=_vector,
        bar=0.85,
        null_bar=0.8,
    ),
    Check(
        method="TCAV",
        truth="the network uses a concept",
        measure="corrected p-value",
        run=_used,
        bar=0.05,
        sense="at most",
        null_bar=0.06,
    ),
    Check(
        method="TCAV",
        truth="the network knows a concept and ignores it",
        measure="slope along it, that along the concept used being 1",
        run=_ignored,
        bar=0.3,
        sense="at most",
    ),
)
"""Truths that the store, similarity and concept vectors must find."""
