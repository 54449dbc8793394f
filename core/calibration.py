"""Calibration: whether a classifier that is 80 % sure is right in 80 % of cases, beside chance; and two compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from core.errors import BadInput
from core.paired import Difference, smallest_found
from core.uncertainty import Interval, proportion_interval

BINS = 15
"""Equal steps of confidence, as in [guo2017]."""

DRAWS = 4000
"""Of bootstraps, of chance, and of swaps: p-values go down to one in so many."""

BLOCK = 2**22
"""Numbers drawn at once."""


@dataclass(frozen=True)
class Bin:
    """The inputs answered with a confidence from ``low`` to ``high``: their mean confidence and the share right.

    ``chance`` is the range that holds 95 % of shares if every confidence is true [brocker2007].
    """

    low: float
    high: float
    confidence: float
    accuracy: Interval
    chance: tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error (0 to 1), what chance gives a calibrated classifier, and the bins that hold inputs.

    ``chance`` is the range of 95 % of errors if every confidence is true; ``lean`` the mean confidence minus accuracy.
    """

    error: Interval
    chance: tuple[float, float]
    lean: float
    bins: tuple[Bin, ...] = field(repr=False)


def calibration(
    confidence: Float[np.ndarray, "n"], right: Bool[np.ndarray, "n"], *, seed: int = 0
) -> Calibration:
    """Expected calibration error [guo2017] of answers given with a ``confidence`` in [0, 1], over ``BINS`` steps.

    The interval is a bootstrap over inputs. The error of a perfectly calibrated classifier is not 0 but ``chance``:
    answers are drawn right with the probability of their confidence [brocker2007].

    Raises
    ------
    BadInput
        if there are no inputs, or a confidence lies outside [0, 1].

    >>> sure = np.full(400, 0.9)
    >>> found = calibration(sure, np.arange(400) % 2 == 0)
    >>> round(found.error.estimate, 6), found.error.low > found.chance[1]
    (0.4, True)
    """
    if not len(confidence) or not ((confidence >= 0) & (confidence <= 1)).all():
        raise BadInput(
            f"calibration needs confidences from 0 to 1; given {len(confidence)}, "
            f"from {confidence.min(initial=1):.3g} to {confidence.max(initial=0):.3g}"
        )
    rng = np.random.default_rng((seed, 3))
    n = len(confidence)
    gaps, places = _gaps(confidence, right), _one_hot(confidence)
    errors = _error(np.concatenate([drawn @ gaps for drawn in _redrawn(n, rng)]), n)
    guesses = np.concatenate(
        [((rng.random((rows, n)) < confidence) - confidence) @ places for rows in _blocks(n)]
    )
    by_chance = _error(guesses, n)
    low, high = np.quantile(errors, [0.025, 0.975])
    error = Interval(float(np.abs(gaps.sum(0)).sum() / n), float(low), float(high), n)
    chance = tuple(float(end) for end in np.quantile(by_chance, [0.025, 0.975]))
    lean = float(confidence.mean() - right.mean())
    return Calibration(error, (chance[0], chance[1]), lean, _bins(confidence, right, guesses))


def calibration_difference(
    one: tuple[NDArray, NDArray], other: tuple[NDArray, NDArray], *, seed: int = 0, alpha: float = 0.05
) -> Difference:
    """How much larger the other's calibration error is: each (confidence, right) of the same n inputs.

    The p-value is that of swapping the two classifiers' answers input by input, at random.

    >>> sure, right = np.full(200, 0.9), np.arange(200) % 10 > 0
    >>> calibration_difference((sure, right), (sure, right)).p
    1.0
    """
    first, second = _gaps(*one), _gaps(*other)
    n = len(first)
    rng = np.random.default_rng((seed, 4))
    both = [(_error(drawn @ first, n), _error(drawn @ second, n)) for drawn in _redrawn(n, rng)]
    redrawn = np.concatenate([other - one for one, other in both])
    gap = float(_error(second.sum(0), n) - _error(first.sum(0), n))
    moved = np.concatenate(
        [rng.integers(0, 2, (rows, n)).astype(float) @ (second - first) for rows in _blocks(n)]
    )
    turned = _error(second.sum(0) - moved, n) - _error(first.sum(0) + moved, n)
    reached = int((np.abs(turned) >= abs(gap) * (1 - 1e-9)).sum())
    low, high = np.quantile(redrawn, [0.025, 0.975])
    from scipy.stats import norm

    spread = float(redrawn.std())
    size = (
        float(norm.isf(alpha / 2) + norm.ppf(0.8)) * spread
        if spread
        else smallest_found(np.zeros(n), alpha=alpha)
    )
    return Difference(Interval(gap, float(low), float(high), n), min(1.0, (1 + reached) / (1 + DRAWS)), size)


def expected_error(confidence: Float[np.ndarray, "n"], right: Bool[np.ndarray, "n"]) -> float:
    """The expected calibration error alone.

    >>> round(expected_error(np.full(4, 0.9), np.array([True, True, False, False])), 6)
    0.4
    """
    return float(_error(_gaps(confidence, right).sum(0), len(confidence)))


def _error(sums: NDArray, n: int) -> Any:
    """The calibration error of the summed gaps of the bins, the last axis."""
    return np.abs(sums).sum(-1) / n


def _blocks(n: int) -> Iterator[int]:
    """``DRAWS`` in parts that fit into memory."""
    most = max(1, BLOCK // n)
    for start in range(0, DRAWS, most):
        yield min(most, DRAWS - start)


def _redrawn(n: int, rng: np.random.Generator) -> Iterator[NDArray]:
    """How often each of n inputs is drawn, in blocks of bootstraps."""
    for rows in _blocks(n):
        yield rng.multinomial(n, np.full(n, 1 / n), rows)


def _places(confidence: NDArray) -> NDArray:
    found: NDArray = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return found


def _one_hot(confidence: NDArray) -> NDArray:
    found: NDArray = np.eye(BINS)[_places(confidence)]
    return found


def _gaps(confidence: NDArray, right: NDArray) -> NDArray:
    """Confidence minus being right, (n, bins), in the bin of the confidence and 0 elsewhere."""
    gaps: NDArray = _one_hot(confidence) * (confidence - right)[:, None]
    return gaps


def _bins(confidence: NDArray, right: NDArray, guesses: NDArray) -> tuple[Bin, ...]:
    places = _places(confidence)
    found = []
    for place in range(BINS):
        held = places == place
        if not held.any():
            continue
        shares = guesses[:, place] / held.sum() + confidence[held].mean()
        low, high = np.quantile(shares, [0.025, 0.975])
        found.append(
            Bin(
                place / BINS,
                (place + 1) / BINS,
                float(confidence[held].mean()),
                proportion_interval(int(right[held].sum()), int(held.sum())),
                (float(low), float(high)),
            )
        )
    return tuple(found)


def labelled_bins(bins: Sequence[Bin]) -> list[dict[str, float]]:
    """Bins as rows of a table."""
    return [
        {
            "from": one.low,
            "to": one.high,
            "confidence": one.confidence,
            "accuracy": one.accuracy.estimate,
            "low": one.accuracy.low,
            "high": one.accuracy.high,
            "n": one.accuracy.n,
            "chance low": one.chance[0],
            "chance high": one.chance[1],
        }
        for one in bins
    ]
