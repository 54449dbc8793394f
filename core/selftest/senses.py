"""Checks of taken_apart(): a unit that adds up two detectors comes apart, a unit of one detector stays whole."""

from core.selftest.check import Check, Scores
from core.senses import strongest, taken_apart
from core.targets import Unit
from core.testing import two_senses


def _parted(seed: int, *, randomised: bool) -> float:
    """How well the senses of the unit of two detectors tell which of the two fired it: adjusted Rand index."""
    from sklearn.metrics import adjusted_rand_score

    planted = two_senses(seed=seed, randomised=randomised)
    unit = Unit("units", 0)
    spots = strongest(planted.subject, [planted.inputs], unit)
    found = taken_apart(planted.subject, unit, spots, seed=seed).found
    return float(adjusted_rand_score(planted.causes[spots.index].numpy(), found.labels))


def _whole(seed: int) -> Scores:
    planted = two_senses(seed=seed)
    unit = Unit("units", 1)
    spots = strongest(planted.subject, [planted.inputs], unit)
    return Scores(float(len(taken_apart(planted.subject, unit, spots, seed=seed).senses)))


def _comes_apart(seed: int) -> Scores:
    return Scores(_parted(seed, randomised=False), _parted(seed, randomised=True))


CHECKS: tuple[Check, ...] = (
    Check(
        method="senses",
        truth="a unit adds up two unrelated detectors",
        measure="adjusted Rand index of its senses and what fired it",
        run=_comes_apart,
        bar=0.95,
        null_bar=0.6,
    ),
    Check(
        method="senses",
        truth="a unit answers to one detector",
        measure="senses found",
        run=_whole,
        bar=1.0,
        sense="at most",
    ),
)
"""Truths that senses must find."""
