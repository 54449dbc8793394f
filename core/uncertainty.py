"""Intervals: bootstrap over independent groups, and Wilson's for proportions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    values: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    seed: int,
    level: float = 0.95,
    draws: int = 2000,
    expanded: bool = False,
) -> Interval:
    """The mean with its percentile bootstrap interval [efron1994]; whole groups (levels, images) are redrawn.

    With few groups that is too narrow: with five it covers in 83 % of repetitions instead of 95 %. ``expanded``
    takes quantiles further out, by Student's t [hesterberg2015], and covers in 92 %; it needs two groups, and more
    ``draws``.

    >>> bootstrap_interval([1.0, 1.0, 1.0], seed=0)
    Interval(estimate=1.0, low=1.0, high=1.0, n=3, level=0.95)
    """
    array = np.asarray(values, float)
    labels = np.arange(len(array)) if groups is None else np.asarray(groups)
    _, index = np.unique(labels, return_inverse=True)
    sums, counts = np.bincount(index, array), np.bincount(index)
    ratios = _redrawn(sums, counts, seed, draws)
    low, high = np.quantile(
        ratios, tails(level, len(sums)) if expanded else [(1 - level) / 2, (1 + level) / 2]
    )
    return Interval(float(array.mean()), float(low), float(high), len(sums), level)


def ratio_interval(
    above: ArrayLike, below: ArrayLike, *, seed: int, level: float = 0.95, draws: int = 2000
) -> Interval:
    """The sum of ``above`` over that of ``below`` (n,), with its percentile bootstrap interval; pairs are redrawn.

    ``below`` is positive throughout.

    >>> print(ratio_interval([1, 0, 3], [2, 1, 4], seed=0))
    0.571 [0.000, 0.750]
    """
    sums, counts = np.asarray(above, float), np.asarray(below, float)
    low, high = np.quantile(_redrawn(sums, counts, seed, draws), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high), len(sums), level)


def _redrawn(sums: NDArray, counts: NDArray, seed: int, draws: int) -> NDArray:
    """Ratios of sums over counts, n pairs drawn from n again and again.

    Where pairs repeat, how often each comes is drawn at once: the same law, and 25 times faster for 10,000 small
    whole numbers.
    """
    rng, n = np.random.default_rng(seed), len(sums)
    pairs, times = np.unique(np.stack([sums, counts], 1), axis=0, return_counts=True)
    if 4 * len(pairs) <= n:
        drawn = rng.multinomial(n, times / n, draws) @ pairs
        ratios: NDArray = drawn[:, 0] / drawn[:, 1]
        return ratios
    which = rng.integers(0, n, (draws, n))
    ratios = sums[which].sum(1) / counts[which].sum(1)
    return ratios


def tails(level: float, n: int) -> list[float]:
    """The quantiles of n groups' bootstrap that lie as far out as Student's t does [hesterberg2015].

    >>> [round(tail, 4) for tail in tails(0.95, 10)]
    [0.0086, 0.9914]
    """
    from scipy.stats import norm, t

    low = float(norm.cdf(np.sqrt(n / (n - 1)) * t.ppf((1 - level) / 2, n - 1)))
    return [low, 1 - low]


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
