"""Groups of independent subjects, such as the agents of several recipes: how much lies between them, by permutation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, factorial, prod

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from core.errors import BadInput

DRAWS, EXACT = 9_999, 20_000
"""Labellings that are drawn; labellings of two groups up to which all are gone through."""
LEAST = 2
"""Subjects that a group needs."""


@dataclass(frozen=True)
class Between:
    """One measure of all subjects: ``share`` of its variance that lies between groups (0 to 1), and p-values.

    The share is that of the variance components, with what chance gives taken off; ``p`` is by permutation of subjects,
    ``p_corrected`` over all measures that were tested together. ``least`` is the smallest p that so few could have.
    """

    share: float
    p: float
    p_corrected: float
    least: float


def between(
    values: Float[np.ndarray, "subjects measures"], groups: Int[np.ndarray, "subjects"], *, seed: int = 0
) -> list[Between]:
    """For every measure whether groups differ: F ratios against those of subjects handed out to the groups anew.

    Corrected by the largest F of each permutation [westfall1993]: by chance, a corrected p below alpha turns up in no
    more than alpha of such sets of measures, however they hang together.

    Raises
    ------
    BadInput
        if there are fewer than two groups, a group has fewer than two subjects, or a value is not finite.

    >>> rng = np.random.default_rng(1)
    >>> apart = np.stack([np.r_[rng.normal(0, 1, 6), rng.normal(9, 1, 6)], rng.normal(0, 1, 12)], 1)
    >>> first, second = between(apart, np.repeat([0, 1], 6))
    >>> first.p_corrected < 0.01, second.p_corrected > 0.1, first.share > 0.9
    (True, True, True)
    """
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    if len(sizes) < 2 or sizes.min() < LEAST:
        raise BadInput(
            f"groups are told apart by at least two of at least {LEAST} subjects; given sizes {sizes.tolist()}"
        )
    if values.shape[0] != len(index) or not np.isfinite(values).all():
        raise BadInput(f"values of {len(index)} subjects must be finite, one row each; given {values.shape}")
    seen, share = _ratios(values, index, sizes), shares(values, index)
    reached, largest, count = np.zeros(len(seen)), np.zeros(len(seen)), 0
    for labels in _labellings(index, sizes, seed):
        ratios = _ratios(values, labels, sizes)
        reached += ratios >= seen * (1 - 1e-9)
        largest += ratios.max(initial=0.0) >= seen * (1 - 1e-9)
        count += 1
    exact = _exact(sizes)
    p, corrected = (
        (hits if exact else hits + 1) / (count if exact else count + 1) for hits in (reached, largest)
    )
    least = least_p(sizes.tolist())
    return [
        Between(float(s), float(a), float(b), least)
        for s, a, b in zip(share, p, np.maximum(corrected, p), strict=True)
    ]


def least_p(sizes: Sequence[int]) -> float:
    """The smallest p-value that a permutation of groups of these sizes can have.

    >>> least_p([3, 3]), round(least_p([5, 5]), 4)
    (0.1, 0.0079)
    """
    ways = factorial(sum(sizes)) // prod(factorial(size) for size in sizes)
    alike = prod(factorial(sizes.count(size)) for size in set(sizes))
    return max(alike / ways, 1 / (1 + DRAWS) if not _exact(np.array(sizes)) else 0.0)


def shares(values: Float[np.ndarray, "subjects measures"], groups: NDArray) -> Float[np.ndarray, "measures"]:
    """The part of the variance that lies between groups: its component over both, 0 where chance gives as much.

    >>> shares(np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 0, 1, 1])).tolist()
    [1.0]
    """
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    n, k = len(index), len(sizes)
    among, within = _squares(values, index, sizes)
    inner = within / max(1, n - k)
    size = (n - (sizes**2).sum() / n) / (k - 1)
    outer = np.maximum(0.0, (among / (k - 1) - inner) / size)
    total = outer + inner
    found: NDArray = np.where(total > 1e-24, outer / np.where(total > 1e-24, total, 1.0), 0.0)
    return found


def _squares(values: NDArray, index: NDArray, sizes: NDArray) -> tuple[NDArray, NDArray]:
    """Sums of squares between groups and within."""
    centred = values - values.mean(0)
    sums = np.zeros((len(sizes), values.shape[1]))
    np.add.at(sums, index, centred)
    among = (sums**2 / sizes[:, None]).sum(0)
    whole = (centred**2).sum(0)
    return among, np.maximum(whole - among, 0.0)


def _ratios(values: NDArray, index: NDArray, sizes: NDArray) -> NDArray:
    """F ratios; a millionth of the whole is added below, so that groups without any spread have one too."""
    n, k = len(index), len(sizes)
    among, within = _squares(values, index, sizes)
    below = within / max(1, n - k) + 1e-6 * (among + within) + 1e-300
    found: NDArray = among / (k - 1) / below
    return found


def _exact(sizes: NDArray) -> bool:
    return len(sizes) == 2 and comb(int(sizes.sum()), int(sizes[0])) <= EXACT


def _labellings(index: NDArray, sizes: NDArray, seed: int) -> Iterator[NDArray]:
    """All ways to hand out the labels where there are two groups and few ways, else drawn ones."""
    if _exact(sizes):
        for chosen in combinations(range(len(index)), int(sizes[1])):
            labels = np.zeros(len(index), int)
            labels[list(chosen)] = 1
            yield labels
        return
    rng = np.random.default_rng((seed, 3))
    for _ in range(DRAWS):
        yield rng.permutation(index)


def closer_within(
    distances: Float[np.ndarray, "subjects subjects"], groups: NDArray, *, seed: int = 0
) -> tuple[float, float, float]:
    """Mean distance of two subjects of one group, of two of different groups, and the p-value of the difference.

    Subjects are handed out to the groups anew [anderson2001], the distances staying theirs.

    >>> far = np.array([[0, 1, 5, 5], [1, 0, 5, 5], [5, 5, 0, 1], [5, 5, 1, 0]], float)
    >>> within, across, p = closer_within(far, np.array([0, 0, 1, 1]))
    >>> within, across, round(p, 3)
    (1.0, 5.0, 0.333)
    """
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    upper = np.triu_indices(len(index), 1)
    flat = distances[upper]

    def gap(labels: NDArray) -> float:
        same = labels[upper[0]] == labels[upper[1]]
        return float(flat[~same].mean() - flat[same].mean())

    seen, hits, count = gap(index), 0, 0
    for labels in _labellings(index, sizes, seed):
        hits += gap(labels) >= seen - 1e-12
        count += 1
    same = index[upper[0]] == index[upper[1]]
    p = hits / count if _exact(sizes) else (hits + 1) / (count + 1)
    return float(flat[same].mean()), float(flat[~same].mean()), p
