"""Checks of families: planted copies of filters are found, as families and in order; nothing where there are none."""

from functools import lru_cache

import numpy as np

from core.faithfulness.randomisation import randomised
from core.selftest.check import Check, Scores
from core.symmetry.families import Families, find
from core.symmetry.likeness import likenesses
from core.symmetry.null import shuffled
from core.symmetry.scores import adjusted_rand, order_error, pair_scores
from core.testing.families import PlantedFamilies, planted_families, planted_views

NOISE = 0.1
"""Of every filter's norm, in every layer."""

VIEWS = 24

Case = tuple[str, int, int | None]
"""Kind, depth and steps."""

ONE_LAYER: tuple[Case, ...] = (("rotation", 1, 8), ("scale", 1, 5), ("hue x rotation", 1, 4))
TWO_LAYERS: tuple[Case, ...] = (("rotation", 2, 6), ("reflection", 2, None))
EMPTIED = (ONE_LAYER[0], *TWO_LAYERS)
"""What is also searched with all weights drawn anew, or shuffled within filters."""


@lru_cache(maxsize=16)
def _planted(case: Case, seed: int) -> PlantedFamilies:
    kind, depth, steps = case
    return planted_families(kind, seed=seed, noise=NOISE, depth=depth, steps=steps, alone=12)


@lru_cache(maxsize=64)
def _found(case: Case, seed: int, network: str) -> Families:
    """Families in a planted network, or in the same one when it is emptied of them."""
    planted = _planted(case, seed)
    subject = planted.subject
    if network == "shuffled":
        subject = shuffled(subject, seed=seed)
    if network == "untrained":
        subject = randomised(subject, seed=seed)
    views = planted_views(planted, count=VIEWS, seed=seed)
    seen, null = (
        likenesses(each, [planted.layer], views, seed=seed)[planted.layer]
        for each in (subject, shuffled(subject, seed=seed + 1))
    )
    return find(seen, null=null)


def _pairs(seed: int) -> Scores:
    """The lowest F1 over pairs of units; and the highest in untrained networks."""
    return Scores(
        min(_f1(case, seed, "planted") for case in ONE_LAYER),
        max(_f1(case, seed, "untrained") for case in ONE_LAYER if case in EMPTIED),
    )


def _f1(case: Case, seed: int, network: str) -> float:
    return pair_scores(_planted(case, seed).family, _found(case, seed, network).labels).f1


def _partition(seed: int) -> Scores:
    """The lowest adjusted Rand index; and the highest in untrained networks."""
    return Scores(
        min(_rand(case, seed, "planted") for case in TWO_LAYERS),
        max(_rand(case, seed, "untrained") for case in TWO_LAYERS),
    )


def _rand(case: Case, seed: int, network: str) -> float:
    return adjusted_rand(_planted(case, seed).family, _found(case, seed, network).labels)


def _order(seed: int) -> Scores:
    """Steps that the worst placed member is off, each family up to where it starts; and with places dealt out anew."""
    rng = np.random.default_rng(seed)
    off, dealt = [], []
    for case in (*ONE_LAYER, TWO_LAYERS[0]):
        planted, found = _planted(case, seed), _found(case, seed, "planted")
        for family, stabiliser in enumerate(planted.stabilisers):
            units = np.flatnonzero((planted.family == family) & (found.places >= 0))
            true, given = planted.place[units], found.places[units]
            if len(units) < 2:
                return Scores(float("nan"))  # a family that was not found has no order
            off.append(order_error(planted.group, true, given, stabiliser=stabiliser).worst)
            dealt.append(
                order_error(planted.group, true, rng.permutation(given), stabiliser=stabiliser).worst
            )
    return Scores(max(off), max(dealt))


def _claimed(seed: int) -> Scores:
    """Of all units of networks without families, the share that is put in one; and of planted networks."""
    networks = ("shuffled", "untrained")
    empty = [_found(case, seed, network).labels >= 0 for case in EMPTIED for network in networks]
    full = [_found(case, seed, "planted").labels >= 0 for case in EMPTIED]
    return Scores(float(np.concatenate(empty).mean()), float(np.concatenate(full).mean()))


CHECKS: tuple[Check, ...] = (
    Check(
        method="families",
        truth="filters turned, scaled, recoloured, with 10 % noise, among strangers and copies",
        measure="F1 over pairs of units",
        run=_pairs,
        bar=0.95,
        null_bar=0.3,
    ),
    Check(
        method="families",
        truth="filters turned and mirrored upon a layer of such filters",
        measure="adjusted Rand index",
        run=_partition,
        bar=0.95,
        null_bar=0.3,
    ),
    Check(
        method="families",
        truth="the places of a family's members on its orbit",
        measure="steps that the worst member is off; beside places dealt out by chance",
        run=_order,
        bar=1.0,
        sense="at most",
        null_bar=1.0,
    ),
    Check(
        method="families",
        truth="networks of random and of shuffled weights, which have no families",
        measure="share of units claimed; beside that in planted networks",
        run=_claimed,
        bar=0.05,
        sense="at most",
        null_bar=0.3,
    ),
)
"""Truths that the search for families must find."""
