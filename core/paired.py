"""Two subjects on the same inputs: the mean difference, its interval, a permutation test, and what it could show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import BadInput
from core.uncertainty import Interval, bootstrap_interval

DRAWS = 10_000
"""Permutations, where they are drawn: p-values go down to one in so many."""

POWER = 0.8
"""How often a difference that counts as detectable would have been found."""

LEAST = 2
"""Independent groups that a difference needs."""

BLOCK = 2**23
"""Signs drawn at once."""


@dataclass(frozen=True)
class Difference:
    """The second subject's mean minus the first's.

    ``p`` is two-sided, from permutations. ``detectable`` is the smallest true difference that would have been found
    in ``POWER`` of repetitions at the level asked for, as large as these data vary.
    """

    interval: Interval
    p: float
    detectable: float

    @property
    def estimate(self) -> float:
        return self.interval.estimate


def paired(
    one: ArrayLike,
    other: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
    alpha: float = 0.05,
    level: float = 0.95,
) -> Difference:
    """The difference of two subjects' values (n,) of the same inputs, in the values' own unit.

    ``groups`` (n,) says which inputs belong together (one level, one image): they are redrawn and their signs turned
    as one. The p-value is that of turning signs at random [fisher1935], counted with the data themselves
    [phipson2010]; for two subjects that are right or wrong it is exact, McNemar's [mcnemar1947].

    ``alpha`` is the level that ``detectable`` is for: divide it by the number of tests that are made.

    Raises
    ------
    BadInput
        if there are not as many values in both, fewer than two groups, or some are not finite.

    >>> right, wrong = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    >>> found = paired(right, wrong)
    >>> round(found.estimate, 3), found.p
    (-0.6, 0.03125)
    >>> paired(right, right).p
    1.0
    """
    first, second = np.asarray(one, float), np.asarray(other, float)
    if first.shape != second.shape or first.ndim != 1:
        raise BadInput(f"paired values are of the same inputs; given {first.shape} and {second.shape}")
    _refuse_infinite(first, second)
    labels = np.arange(len(first)) if groups is None else np.asarray(groups)
    _, index = np.unique(labels, return_inverse=True)
    gaps = second - first
    sums = np.bincount(index, gaps) if len(gaps) else np.empty(0)
    if len(sums) < LEAST:
        raise BadInput(f"a difference needs at least {LEAST} independent inputs; given {len(sums)}")
    found = bootstrap_interval(gaps, groups=labels, seed=seed, level=level)
    # Groups of unequal size: what each adds to the mean.
    parts = sums * len(sums) / len(gaps)
    return Difference(found, sign_p(parts, seed=seed), smallest_found(parts, alpha=alpha))


def sign_p(gaps: ArrayLike, *, seed: int = 0) -> float:
    """How often the mean of gaps (n,) with their signs turned at random is as far from 0 as it is; 1 where all are 0.

    Exact where all that are not 0 are of one size, drawn otherwise.

    >>> sign_p([1, 1, 1, 1, 1, 1, 0])
    0.03125
    """
    array = np.asarray(gaps, float)
    sizes = np.abs(array[array != 0])
    if not len(sizes):
        return 1.0
    total = abs(float(array.sum()))
    if np.ptp(sizes) <= 1e-12 * sizes.max():
        from scipy.stats import binomtest

        return float(binomtest(int((array > 0).sum()), len(sizes)).pvalue)
    turned = _turned(sizes, np.random.default_rng((seed, 1)))
    reached = int((np.abs(turned) >= total * (1 - 1e-9)).sum())
    return (1 + reached) / (1 + DRAWS)


def _turned(sizes: NDArray, rng: np.random.Generator) -> NDArray:
    """Sums of sizes with random signs, ``DRAWS`` of them; equal sizes are drawn together."""
    values, times = np.unique(sizes, return_counts=True)
    if 4 * len(values) <= len(sizes):
        sums: NDArray = (2 * rng.binomial(times, 0.5, (DRAWS, len(times))) - times) @ values
        return sums
    found = []
    for start in range(0, DRAWS, max(1, BLOCK // len(sizes))):
        rows = min(max(1, BLOCK // len(sizes)), DRAWS - start)
        signs = rng.integers(0, 2, (rows, len(sizes)), np.int8)
        found.append((2.0 * signs - 1) @ sizes)
    return np.concatenate(found)


def smallest_found(gaps: ArrayLike, *, alpha: float = 0.05, power: float = POWER) -> float:
    """The smallest mean of gaps that a test at ``alpha`` would find in ``power`` of repetitions, if they vary as here.

    Where hardly any gap is not 0, the smallest that signs can tell at all: with ``alpha`` 0.05 six of one sign.

    >>> round(smallest_found([0.0] * 200), 3)
    0.03
    """
    from scipy.stats import norm

    array = np.asarray(gaps, float)
    spread = float(array.std(ddof=1)) if len(array) > 1 else 0.0
    by_spread = float(norm.isf(alpha / 2) + norm.ppf(power)) * spread / np.sqrt(len(array))
    sizes = np.abs(array[array != 0])
    size = float(np.median(sizes)) if len(sizes) else 1.0
    needed = int(np.ceil(np.log2(2 / alpha)))
    return max(float(by_spread), min(needed / len(array), 1.0) * size)


def _refuse_infinite(*values: NDArray) -> None:
    wrong = sum(int((~np.isfinite(array)).sum()) for array in values)
    if wrong:
        raise BadInput(f"{wrong} values are NaN or infinite; a difference needs numbers")
