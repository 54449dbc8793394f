"""Check: one method asked about a planted truth, on seeds that it was not tuned on; Outcome: how it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.progress import Progress, silent

Sense = Literal["at least", "at most"]


@dataclass(frozen=True)
class Scores:
    """What a method scored where the truth is planted, and (where that makes sense) in a randomised network."""

    planted: float
    randomised: float | None = None


@dataclass(frozen=True)
class Check:
    """A method, the truth that is planted for it, the measure of its answer, and what it has to reach.

    ``run(seed)`` builds the planted subject from the seed, asks the method, and scores the answer. ``bar`` is for
    the planted score; ``null_bar`` is on the other side of it, for the same score in a randomised network.
    """

    method: str
    truth: str
    measure: str
    run: Callable[[int], Scores]
    bar: float
    sense: Sense = "at least"
    null_bar: float | None = None


@dataclass(frozen=True)
class Outcome:
    """The worst scores of a check over its seeds, and whether they hold."""

    check: Check
    planted: float
    randomised: float | None
    seeds: tuple[int, ...]
    passed: bool


def examine(check: Check, *, seeds: Sequence[int]) -> Outcome:
    """A check on every seed; it passes if its worst scores do.

    >>> always = Check("guess", "a coin", "hits", lambda seed: Scores(1.0, 0.5), bar=0.9, null_bar=0.6)
    >>> examine(always, seeds=[1, 2]).passed
    True
    """
    scores = [check.run(seed) for seed in seeds]
    worst, kindest = (np.min, np.max) if check.sense == "at least" else (np.max, np.min)  # NaN is worst
    planted = float(worst([score.planted for score in scores]))
    nulls = [score.randomised for score in scores if score.randomised is not None]
    null = float(kindest(nulls)) if nulls else None
    passed = _reaches(planted, check.bar, check.sense)
    if check.null_bar is not None:
        passed = passed and null is not None and not _beyond(null, check.null_bar, check.sense)
    return Outcome(check, planted, null, tuple(seeds), passed)


def examine_all(
    checks: Sequence[Check], *, seeds: Sequence[int], progress: Progress = silent
) -> tuple[Outcome, ...]:
    """Every check in turn.

    >>> examine_all([], seeds=[0])
    ()
    """
    outcomes = []
    for number, check in enumerate(checks):
        progress(number, len(checks), f"{check.method}: {check.truth}")
        outcomes.append(examine(check, seeds=seeds))
    progress(len(checks), len(checks), "checks")
    return tuple(outcomes)


def _reaches(score: float, bar: float, sense: Sense) -> bool:
    return score >= bar if sense == "at least" else score <= bar  # NaN reaches nothing


def _beyond(score: float, bar: float, sense: Sense) -> bool:
    return not (score <= bar if sense == "at least" else score >= bar)
