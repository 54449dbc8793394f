"""How well classifiers answer: accuracy whole and by class, calibration, agreement; and what differs, tested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.calibration import Calibration, calibration, calibration_difference, expected_error
from core.paired import paired
from core.uncertainty import Interval, bootstrap_interval, proportion_interval
from gridlens.comparing.answers import Answers, agree, total_variation
from gridlens.comparing.lineup import Lineup
from reports.comparing.correction import ALPHA, Tested

LEAST = 6
"""Images of a class below which no test of it can show anything, even if one were always right and one never."""

MOST = 40
"""Classes that are tested one by one."""


@dataclass(frozen=True, eq=False)
class Skill:
    """How well one classifier does on the labelled images: accuracy, by class, calibration."""

    accuracy: Interval
    by_class: Mapping[str, Interval]
    calibration: Calibration = field(repr=False)


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two classifiers, image by image: how often they agree, and ``by_chance`` if errors fell independently.

    ``counts``: both right, only the one, only the other, neither; None without labels. ``kappa`` is 0 for
    independent errors and 1 for the same ones [geirhos2020]. ``distance`` (n,) is the total variation.
    """

    one: str
    other: str
    share: Interval
    counts: tuple[int, int, int, int] | None
    kappa: float | None
    distance: NDArray = field(repr=False)


def skills(found: Lineup, given: Mapping[str, Answers], *, seed: int) -> dict[str, Skill]:
    """Every classifier on the labelled images; empty where there are none."""
    known = labelled(found)
    if known is None:
        return {}
    truth = known[1]
    made = {}
    for name, each in given.items():
        right = each.choice[known[0]] == truth
        by_class = {
            label: proportion_interval(int(right[truth == place].sum()), int((truth == place).sum()))
            for place, label in enumerate(found.classes)
            if (truth == place).any()
        }
        made[name] = Skill(
            proportion_interval(int(right.sum()), len(right)),
            by_class,
            calibration(each.confidence[known[0]], right, seed=seed),
        )
    return made


def labelled(found: Lineup) -> tuple[NDArray, NDArray] | None:
    """The numbers of the images whose class is known and common, and that class."""
    if found.truth is None:
        return None
    rows = np.flatnonzero(found.truth >= 0)
    return (rows, found.truth[rows]) if len(rows) >= LEAST else None


def differences(
    found: Lineup, given: Mapping[str, Answers], *, seed: int, alpha: float = ALPHA
) -> list[Tested]:
    """Every pair: accuracy, calibration error, and accuracy of each class."""
    known = labelled(found)
    if known is None:
        return []
    rows, truth = known
    tested = tested_classes(found, truth)
    made = []
    for one, other in found.pairs:
        right = [given[name].choice[rows] == truth for name in (one, other)]
        made.append(_accuracy("accuracy", (one, other), right, seed=seed, alpha=alpha))
        made.append(
            _calibration(
                (one, other), [given[name].confidence[rows] for name in (one, other)], right, seed, alpha
            )
        )
        for place in tested:
            held = truth == place
            label = found.classes[place]
            part = [each[held] for each in right]
            made.append(_accuracy(f"accuracy on {label}", (one, other), part, seed=seed, alpha=alpha))
    return made


def counted(found: Lineup) -> int:
    """How many tests that makes."""
    known = labelled(found)
    return 0 if known is None else len(found.pairs) * (2 + len(tested_classes(found, known[1])))


def tested_classes(found: Lineup, truth: NDArray) -> list[int]:
    """The classes with enough images for a test; of many those with the most images."""
    counts = np.bincount(truth, minlength=len(found.classes))
    enough = np.flatnonzero(counts >= LEAST)
    largest = enough[np.argsort(-counts[enough], kind="stable")][:MOST]
    return sorted(int(place) for place in largest)


def _accuracy(
    what: str, names: tuple[str, str], right: Sequence[NDArray], *, seed: int, alpha: float
) -> Tested:
    whole = what == "accuracy"
    on = "" if whole else what.removeprefix("accuracy")
    return Tested(
        what,
        *names,
        (float(right[0].mean()), float(right[1].mean())),
        paired(right[0].astype(float), right[1].astype(float), seed=seed, alpha=alpha),
        more=f"{{high}} is right more often than {{low}}{on}",
        part="" if whole else f"classes of {names[0]} and {names[1]}",
    )


def _calibration(
    names: tuple[str, str], sure: Sequence[NDArray], right: Sequence[NDArray], seed: int, alpha: float
) -> Tested:
    sides = [(confidence, hit) for confidence, hit in zip(sure, right, strict=True)]
    errors = [expected_error(*side) for side in sides]
    return Tested(
        "calibration error",
        *names,
        (errors[0], errors[1]),
        calibration_difference(sides[0], sides[1], seed=seed, alpha=alpha),
        more="{high} is worse calibrated than {low}",
    )


def agreements(found: Lineup, given: Mapping[str, Answers]) -> list[Agreement]:
    """Every pair, image by image."""
    known = labelled(found)
    made = []
    for one, other in found.pairs:
        same = agree(given[one], given[other])
        counts = kappa = None
        if known is not None:
            right = [given[name].choice[known[0]] == known[1] for name in (one, other)]
            counts = _crossed(right[0], right[1])
            kappa = error_consistency(right[0], right[1])
        share = proportion_interval(int(same.sum()), len(same))
        made.append(Agreement(one, other, share, counts, kappa, total_variation(given[one], given[other])))
    return made


def _crossed(one: NDArray, other: NDArray) -> tuple[int, int, int, int]:
    both = (one & other, one & ~other, ~one & other, ~one & ~other)
    a, b, c, d = (int(each.sum()) for each in both)
    return a, b, c, d


def error_consistency(one: NDArray, other: NDArray) -> float | None:
    """Cohen's kappa of being right [geirhos2020]; None where both are always right, or always wrong.

    >>> error_consistency(np.array([True, False]), np.array([True, False]))
    1.0
    """
    expected = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
    if expected == 1:
        return None
    return float(((one == other).mean() - expected) / (1 - expected))


def mean_distance(agreement: Agreement, *, seed: int) -> Interval:
    """The mean total variation, over images."""
    return bootstrap_interval(agreement.distance, seed=seed)
