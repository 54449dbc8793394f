"""Scores of held-out guesses with intervals over groups: R2 and accuracy by one bootstrap for all, AUC by DeLong."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from core.uncertainty import Interval, proportion_interval

DRAWS = 1000


def redrawn(groups: int, *, seed: int, draws: int = DRAWS) -> Float[np.ndarray, "b g"]:
    """How often each group is in each bootstrap sample; the first row has each once.

    Summed by group, all that is scored is redrawn by one product with this matrix.

    >>> redrawn(3, seed=0, draws=2).sum(1).tolist()
    [3.0, 3.0, 3.0]
    """
    which = np.random.default_rng(seed).integers(0, groups, (draws, groups))
    which += groups * np.arange(draws)[:, None]
    times = np.bincount(which.ravel(), minlength=draws * groups).reshape(draws, groups)
    return np.concatenate([np.ones((1, groups)), times])


def by_group(values: Float[np.ndarray, "n k"], index: Int[np.ndarray, "n"]) -> Float[np.ndarray, "g k"]:
    """Sums over each group's samples."""
    if len(index) and (np.diff(index) > 0).all():
        return np.asarray(values, float)
    return np.stack([np.bincount(index, column, index.max() + 1) for column in values.T], 1)


def variation(
    truth: Float[np.ndarray, "n c"], index: Int[np.ndarray, "n"], drawn: Float[np.ndarray, "b g"]
) -> Float[np.ndarray, "b"]:
    """The summed squared distance of the truth from its mean, over all columns, in every bootstrap sample."""
    centred = truth - truth.mean(0)
    ones = np.ones((len(truth), 1))
    sums = drawn @ by_group(np.concatenate([(centred**2).sum(1, keepdims=True), ones, centred], 1), index)
    return np.asarray(sums[:, 0] - (sums[:, 2:] ** 2).sum(1) / sums[:, 1])


def r2_intervals(
    errors: Float[np.ndarray, "g m"], variations: Float[np.ndarray, "b m"], drawn: Float[np.ndarray, "b g"]
) -> list[Interval]:
    """R2 of m guesses from their squared errors summed by group.

    >>> drawn = redrawn(2, seed=0, draws=4)
    >>> truth, index = np.array([[0.0], [2.0], [1.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> print(*r2_intervals(np.array([[0.5], [0.5]]), variation(truth, index, drawn)[:, None], drawn))
    0.800 [0.750, 0.796]
    """
    return _intervals(1 - drawn @ errors / np.maximum(variations, 1e-12), errors.shape[0])


def accuracy_intervals(
    hits: Float[np.ndarray, "g m"], counts: Float[np.ndarray, "g"], drawn: Float[np.ndarray, "b g"]
) -> list[Interval]:
    """Accuracy of m guesses from their hits and the samples, counted by group.

    >>> print(*accuracy_intervals(np.array([[1.0], [1.0]]), np.ones(2), redrawn(2, seed=0)))
    1.000 [1.000, 1.000]
    """
    return _intervals(drawn @ hits / (drawn @ counts)[:, None], len(counts))


def _intervals(ratios: Float[np.ndarray, "b m"], groups: int) -> list[Interval]:
    low, high = np.quantile(ratios[1:], [0.025, 0.975], axis=0)
    return [
        Interval(float(estimate), float(least), float(most), groups)
        for estimate, least, most in zip(ratios[0], low, high, strict=True)
    ]


def auc_interval(
    truth: NDArray[np.bool_], guess: Float[np.ndarray, "n"], index: Int[np.ndarray, "n"]
) -> Interval:
    """The area under the ROC curve: how likely a sample that is guesses above one that is not.

    The interval is DeLong's [delong1988], its variance between groups [obuchowski1997], on the logit scale; where no
    pair is out of order, and no variance seen, it is Wilson's for as many groups as the rarer side is met in. Where
    the samples are all of one side nothing is known: a half, between 0 and 1.

    >>> print(auc_interval(np.array([True, True, False, False]), np.array([3.0, 1.0, 2.0, 0.0]), np.arange(4)))
    0.750 [0.128, 0.984]
    """
    groups = len(np.unique(index))
    if truth.all() or not truth.any():
        return Interval(0.5, 0.0, 1.0, groups)
    share = _placements(truth, guess)
    area = float(share[truth].mean())
    pull = np.where(truth, (share - area) / truth.sum(), (share - area) / (~truth).sum())
    pulls = np.bincount(index, pull)[np.unique(index)]
    error = float(np.sqrt(groups / max(groups - 1, 1) * (pulls**2).sum()))
    if area in (0.0, 1.0) or error == 0:
        rarer = min(len(np.unique(index[truth])), len(np.unique(index[~truth])))
        wilson = proportion_interval(round(area * rarer), rarer)
        return Interval(area, min(wilson.low, area), max(wilson.high, area), groups)
    logit, width = np.log(area / (1 - area)), 1.96 * error / (area * (1 - area))
    low, high = 1 / (1 + np.exp(-np.clip([logit - width, logit + width], -500, 500)))
    return Interval(area, float(low), float(high), groups)


def _placements(truth: NDArray[np.bool_], guess: NDArray) -> NDArray:
    """Of each sample the share of the other side's that it is in right order with; ties count half."""
    shares = np.empty(len(guess))
    for side, sign in ((truth, 1.0), (~truth, -1.0)):
        others = np.sort(sign * guess[~side])
        mine = sign * guess[side]
        below = np.searchsorted(others, mine, "left") + np.searchsorted(others, mine, "right")
        shares[side] = below / (2 * len(others))
    return shares


def majority(labels: NDArray, fitted: NDArray[np.bool_]) -> float:
    """The accuracy of always guessing what is most frequent among the samples that are fitted."""
    names, counts = np.unique(labels[fitted], return_counts=True)
    return float((labels[~fitted] == names[counts.argmax()]).mean())
