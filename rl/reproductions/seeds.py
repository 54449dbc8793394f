"""Intervals over agents that were trained independently: means, differences, trends, spread beyond noise, slopes.

With three or five seeds a percentile bootstrap is too narrow; means and differences are given Student's t intervals
(Welch's for two groups), which are right at any number of seeds if the seeds spread about normally. What is no mean is
bootstrapped over whole agents.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import BadInput
from core.uncertainty import Interval

DRAWS = 1000
LEVEL = 0.95


def mean_over(values: ArrayLike, *, share: bool = False) -> Interval:
    """The mean over agents with Student's interval, for ``share`` cut to [0, 1]; of one agent alone it has no bounds.

    >>> print(mean_over([0.8, 0.9, 1.0]))
    0.900 [0.652, 1.148]
    >>> print(mean_over([0.8, 0.9, 1.0], share=True))
    0.900 [0.652, 1.000]
    """
    array = _some(values)
    n = len(array)
    half = _t(n - 1) * array.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return _around(float(array.mean()), float(half), n, (0.0, 1.0) if share else (-np.inf, np.inf))


def difference(first: ArrayLike, second: ArrayLike) -> Interval:
    """Mean of the first group of agents less mean of the second, with Welch's interval.

    >>> print(difference([3.0, 4.0, 5.0], [1.0, 2.0, 3.0]))
    2.000 [-0.267, 4.267]
    """
    one, two = _some(first), _some(second)
    gap, n = float(one.mean() - two.mean()), len(one) + len(two)
    if min(len(one), len(two)) < 2:
        return Interval(gap, np.nan, np.nan, n)
    errors = np.array([one.var(ddof=1) / len(one), two.var(ddof=1) / len(two)])
    if errors.sum() == 0:
        return Interval(gap, gap, gap, n)
    freedom = errors.sum() ** 2 / (errors**2 / (np.array([len(one), len(two)]) - 1)).sum()
    return _around(gap, float(_t(freedom) * np.sqrt(errors.sum())), n, (-np.inf, np.inf))


def trend(groups: Sequence[tuple[float | int, ArrayLike]], *, seed: int = 0) -> Interval:
    """Spearman's rank correlation of a dial with what its agents did; agents are redrawn within each value of it.

    ``groups``: each value of the dial with one number an agent.

    >>> trend([(0, [5.0, 6.0]), (1, [3.0, 4.0]), (2, [1.0, 2.0])]).estimate < -0.9
    True
    """
    arrays = [_some(values) for _, values in groups]
    x = np.repeat([value for value, _ in groups], [len(array) for array in arrays])
    rng = np.random.default_rng(seed)
    drawn = [array[rng.integers(0, len(array), (DRAWS, len(array)))] for array in arrays]
    found = _spearman(x, np.concatenate(drawn, 1))
    return _quantiles(float(_spearman(x, np.concatenate(arrays)[None])[0]), found, len(x))


def excess_spread(shares: ArrayLike, levels: int) -> float:
    """The standard deviation of agents' true shares: the spread of those measured less the noise of ``levels`` draws.

    >>> noise = np.random.default_rng(0).binomial(1000, 0.8, 400) / 1000
    >>> excess_spread(noise, 1000) < 0.01 < excess_spread([0.1, 0.9, 0.5, 0.8], 1000)
    True
    """
    array = _some(shares)
    noise = (array * (1 - array)).mean() / max(levels - 1, 1)
    return float(np.sqrt(max(array.var(ddof=1) - noise, 0.0))) if len(array) > 1 else np.nan


def slope(x: ArrayLike, y: ArrayLike) -> float:
    """The slope of the least squares line of y on x; NaN where x does not vary."""
    one, two = np.asarray(x, float), np.asarray(y, float)
    spread = ((one - one.mean()) ** 2).sum()
    return float(((one - one.mean()) * (two - two.mean())).sum() / spread) if spread > 0 else np.nan


def over_agents(statistic: Callable[[NDArray], float], table: ArrayLike, *, seed: int = 0) -> Interval:
    """A statistic of a table, one row an agent, with its percentile bootstrap over agents.

    >>> over_agents(lambda rows: rows[:, 0].max(), [[1.0], [2.0], [3.0]]).estimate
    3.0
    """
    rows = np.asarray(table, float)
    rng = np.random.default_rng(seed)
    found = np.array([statistic(rows[rng.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)])
    return _quantiles(float(statistic(rows)), found[~np.isnan(found)], len(rows))


def _spearman(x: NDArray, y: NDArray) -> NDArray:
    """Rank correlations of x (n,) with each row of y (draws, n); NaN where a row does not vary."""
    from scipy.stats import rankdata

    one, two = rankdata(x), rankdata(y, axis=1)
    one, two = one - one.mean(), two - two.mean(1, keepdims=True)
    length = np.sqrt((one**2).sum() * (two**2).sum(1))
    return np.divide(two @ one, length, out=np.full(len(two), np.nan), where=length > 0)


def _quantiles(estimate: float, draws: NDArray, n: int) -> Interval:
    if n < 2 or not len(draws):
        return Interval(estimate, np.nan, np.nan, n)
    low, high = np.nanquantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(estimate, float(low), float(high), n)


def _around(estimate: float, half: float, n: int, bounds: tuple[float, float]) -> Interval:
    low, high = np.clip([estimate - half, estimate + half], *bounds)
    return Interval(estimate, float(low), float(high), n)


def _t(freedom: float | int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, freedom))


def _some(values: ArrayLike) -> NDArray:
    array = np.asarray(values, float)
    if not len(array):
        raise BadInput("an interval over agents needs at least one agent; got none")
    return array
