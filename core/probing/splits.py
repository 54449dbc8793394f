"""Groups that stay together: which samples are fitted and which scored, folds, and labels shuffled between groups."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike, NDArray

from core.errors import BadInput

FITTED = 0.7
"""The share of the groups that probes are fitted to."""
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Split:
    """Samples (n,) by group: ``index`` of each sample's group among ``groups``, and whether it is ``fitted``."""

    index: Int[np.ndarray, "n"] = field(repr=False)
    groups: int
    fitted: NDArray[np.bool_] = field(repr=False)

    @property
    def alone(self) -> bool:
        """Whether every sample is its own group."""
        return self.groups == len(self.index)

    @cached_property
    def held(self) -> Int[np.ndarray, "h"]:
        """The group of each sample that is scored, counted among the groups that are."""
        return np.asarray(np.unique(self.index[~self.fitted], return_inverse=True)[1])


def split(n: int, groups: ArrayLike | None, *, seed: int) -> Split:
    """Seven tenths of the groups to fit to, the others to score; no group is parted.

    Raises
    ------
    BadInput
        if there is not one group for each of the n samples.

    >>> split(4, [7, 7, 3, 3], seed=0).fitted.tolist()
    [False, False, True, True]
    """
    group = np.arange(n) if groups is None else np.asarray(groups)
    if group.shape != (n,):
        raise BadInput(f"groups of shape {group.shape} do not fit {n} samples; give one for each")
    names, index = np.unique(group, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    return Split(index, len(names), np.isin(index, order[: round(len(names) * FITTED)]))


def folds(groups: NDArray, count: int = FOLDS) -> Int[np.ndarray, "n"]:
    """Which of ``count`` folds each sample is in, by its group.

    >>> folds(np.array([5, 5, 8, 9]), 2).tolist()
    [0, 0, 1, 0]
    """
    return np.unique(groups, return_inverse=True)[1] % count


def donors(index: Int[np.ndarray, "n"], *, seed: int) -> Int[np.ndarray, "n"]:
    """From which sample each gets what is another's: its group (``index``, counted from 0) gets another's, in order.

    A group's samples keep their order but begin anywhere, so that what merely changes with time is not kept either.

    >>> donors(np.array([0, 0, 1, 1]), seed=2).tolist()
    [3, 2, 0, 1]
    """
    rng = np.random.default_rng((seed, 1))
    sizes = np.bincount(index)
    ring, giver = rng.permutation(len(sizes)), np.empty(len(sizes), int)
    giver[ring] = np.roll(ring, 1)  # nobody gets its own
    order, starts = np.argsort(index, kind="stable"), np.cumsum(sizes) - sizes
    rank = np.empty(len(index), int)
    rank[order] = np.arange(len(index)) - starts[index[order]]
    donor, begin = giver[index], rng.integers(0, sizes)[index]
    return np.asarray(order[starts[donor] + (rank + begin) % sizes[donor]])
