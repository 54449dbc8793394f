"""Two independent samples, such as the agents of two recipes: the difference of their means, tested by permutation."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import BadInput
from core.paired import DRAWS, LEAST, POWER, Difference
from core.uncertainty import Interval

EXACT = 20_000
"""Ways of parting two samples up to which all of them are gone through."""


def unpaired(
    one: ArrayLike, other: ArrayLike, *, seed: int = 0, alpha: float = 0.05, level: float = 0.95
) -> Difference:
    """The second sample's mean minus the first's, each (n,) of independent values.

    The interval is Welch's [welch1947], which holds with few values too; the p-value that of handing out the values
    to the two samples anew, all ways where there are few [fisher1935].

    Raises
    ------
    BadInput
        if a sample has fewer than two values, or some are not finite.

    >>> found = unpaired([1.0, 2.0, 3.0], [11.0, 12.0, 13.0])
    >>> found.estimate, found.p
    (10.0, 0.1)
    """
    first, second = np.asarray(one, float), np.asarray(other, float)
    for sample in (first, second):
        if sample.ndim != 1 or len(sample) < LEAST or not np.isfinite(sample).all():
            raise BadInput(
                f"a difference of two samples needs at least {LEAST} finite values of each; given {sample.tolist()[:5]}"
            )
    error, freedom = _welch(first, second)
    gap = float(second.mean() - first.mean())
    from scipy.stats import norm, t

    half = float(t.ppf((1 + level) / 2, freedom)) * error
    found = Interval(gap, gap - half, gap + half, min(len(first), len(second)), level)
    detectable = float(t.isf(alpha / 2, freedom) + norm.ppf(POWER)) * error
    return Difference(found, _p(first, second, seed), detectable)


def _welch(one: NDArray, other: NDArray) -> tuple[float, float]:
    """Standard error of the difference, and its degrees of freedom."""
    parts = [sample.var(ddof=1) / len(sample) for sample in (one, other)]
    total = float(sum(parts))
    if total == 0:
        return 0.0, float(len(one) + len(other) - 2)
    below = sum(part**2 / (len(sample) - 1) for part, sample in zip(parts, (one, other), strict=True))
    return float(np.sqrt(total)), float(total**2 / below)


def _p(one: NDArray, other: NDArray, seed: int) -> float:
    from itertools import combinations
    from math import comb

    both, count = np.concatenate([one, other]), len(other)
    ways = comb(len(both), count)
    whole, seen = both.sum(), abs(float(other.mean() - one.mean()))
    if ways <= EXACT:
        sums = both[np.array(list(combinations(range(len(both)), count)))].sum(1)
    else:
        rng = np.random.default_rng((seed, 2))
        sums = rng.permuted(np.tile(both, (DRAWS, 1)), axis=1)[:, :count].sum(1)
    gaps = np.abs(sums / count - (whole - sums) / (len(both) - count))
    reached = int((gaps >= seen * (1 - 1e-9) - 1e-15).sum())
    return reached / ways if ways <= EXACT else (1 + reached) / (1 + DRAWS)
