"""Intervals: bootstrap over independent groups, and Wilson's for proportions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Interval:
    """An estimate with the interval that covers the truth in ``level`` of repetitions, from ``n`` groups."""

    estimate: float
    low: float
    high: float
    n: int
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_interval(
    values: ArrayLike, *, groups: ArrayLike | None = None, seed: int, level: float = 0.95, draws: int = 2000
) -> Interval:
    """The mean with its percentile bootstrap interval [efron1994]; whole groups (levels, images) are redrawn.

    >>> bootstrap_interval([1.0, 1.0, 1.0], seed=0)
    Interval(estimate=1.0, low=1.0, high=1.0, n=3, level=0.95)
    """
    array = np.asarray(values, float)
    labels = np.arange(len(array)) if groups is None else np.asarray(groups)
    _, index = np.unique(labels, return_inverse=True)
    sums, counts = np.bincount(index, array), np.bincount(index)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (draws, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(array.mean()), float(low), float(high), len(sums), level)


def proportion_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Wilson's score interval [wilson1927]: right even at 0 and n successes, where the bootstrap has no width.

    >>> print(proportion_interval(10, 10))
    1.000 [0.722, 1.000]
    """
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half), n, level)
