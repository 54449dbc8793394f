"""Ridge regression for many targets and penalties from one decomposition, the penalty chosen by leaving out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.probing.splits import FOLDS, folds

Parts = tuple[NDArray, NDArray, NDArray]

PENALTIES = tuple(float(10.0**power) for power in range(-2, 7))
LARGE = 10**9
"""Products of samples and inputs squared above which products are taken in single precision: twice as fast, and right
to five digits."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear map for each of k targets, (inputs - mean) @ weights / scale + offset, and the penalty of each."""

    weights: Float[np.ndarray, "d k"]
    offset: Float[np.ndarray, "k"]
    mean: Float[np.ndarray, "d"]
    scale: float
    penalty: Float[np.ndarray, "k"]

    def predict(self, inputs: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        """The k targets of each input."""
        slopes = self.weights / self.scale
        return np.asarray(inputs @ slopes.astype(inputs.dtype) + (self.offset - self.mean @ slopes))


def ridge(
    inputs: Float[np.ndarray, "n d"],
    targets: Float[np.ndarray, "n k"],
    *,
    groups: NDArray | None = None,
    together: Sequence[int] = (),
    penalties: tuple[float, ...] = PENALTIES,
) -> Ridge:
    """Ridge on inputs of zero mean and unit mean variance; for each target the penalty with the least error left out.

    The offset is not penalised.

    Left out is one sample at a time (in closed form), or with ``groups`` (n,) a fifth of the groups at a time.
    ``together``: how many targets in a row share a penalty (the columns of one set of classes). scikit-learn's
    ``RidgeCV`` gives the same numbers.

    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> found = ridge(x, x @ np.array([[1.0], [3.0], [2.0]]))
    >>> (found.weights[:, 0] / found.scale).round(2).tolist()
    [1.0, 3.0, 2.0]
    """
    n, d = inputs.shape
    kind = np.float32 if n * d * min(n, d) > LARGE else np.float64
    mean, offset = inputs.mean(0, dtype=np.float64), targets.mean(0, dtype=np.float64)
    standard = (inputs - mean.astype(inputs.dtype)).astype(kind)
    # One scale for all inputs: scaled each by itself, a unit that fired once among the samples that are fitted
    # would be blown up where it fires again, and one such sample can spoil every score.
    scale = float(np.sqrt(np.vdot(standard, standard) / (n * d))) or 1.0
    standard /= kind(scale)
    centred = (targets - offset).astype(kind)
    parts = _decomposed(standard)
    if groups is None:
        error = _left_out_singly(parts, centred, penalties)
    else:
        error = _left_out_in_folds(standard, centred, folds(groups), penalties)
    shared = np.repeat(np.arange(len(together)), together) if together else np.arange(targets.shape[1])
    sums = np.stack([error[:, shared == one].sum(1) for one in range(shared[-1] + 1)], 1)
    penalty = np.array(penalties)[sums.argmin(0)][shared]
    return Ridge(_weights(standard, parts, centred, penalty), offset, mean, scale, penalty)


def _decomposed(centred: NDArray) -> Parts:
    """Left singular vectors (n, r), squared singular values (r,), and right ones (d, r) if n > d: else none."""
    n, d = centred.shape
    gram = centred @ centred.T if n <= d else centred.T @ centred
    squares, vectors = np.linalg.eigh(gram.astype(np.float64))
    kept = squares > squares[-1] * (1e-12 if centred.dtype == np.float64 else 1e-7)
    squares, vectors = squares[kept], vectors[:, kept].astype(centred.dtype)
    if n <= d:
        return vectors, squares, np.empty((0, 0))
    return (centred @ vectors) / np.sqrt(squares).astype(centred.dtype), squares, vectors


def _left_out_singly(parts: Parts, targets: NDArray, penalties: tuple[float, ...]) -> NDArray:
    """Summed squared error (p, k) when each sample is predicted by a fit without it."""
    left, squares, _ = parts
    shrink = (squares[:, None] / (squares[:, None] + np.array(penalties))).astype(left.dtype)
    leverage = left**2 @ shrink + 1 / len(left)
    everything, errors = left.T @ targets, []
    for column in range(len(penalties)):
        residual = targets - left @ (shrink[:, column, None] * everything)
        residual /= np.maximum(1 - leverage[:, column], 1e-12)[:, None]
        errors.append(np.einsum("nk,nk->k", residual, residual, dtype=np.float64))
    return np.array(errors)


def _left_out_in_folds(
    standard: NDArray, targets: NDArray, fold: NDArray, penalties: tuple[float, ...]
) -> NDArray:
    """Summed squared error (p, k) when each fold is predicted by a fit to the others."""
    errors = np.zeros((len(penalties), targets.shape[1]))
    for one in range(min(FOLDS, fold.max() + 1)):
        inside, outside = standard[fold != one], standard[fold == one]
        mean, offset = inside.mean(0), targets[fold != one].mean(0)
        inside, outside = inside - mean, outside - mean
        known, wanted = targets[fold != one] - offset, targets[fold == one] - offset
        parts = _decomposed(inside)
        for row, penalty in enumerate(penalties):
            guess = outside @ _weights(inside, parts, known, np.full(targets.shape[1], penalty))
            errors[row] += np.square(wanted - guess).sum(0, dtype=np.float64)
    return errors


def _weights(centred: NDArray, parts: Parts, targets: NDArray, penalty: NDArray) -> NDArray:
    left, squares, right = parts
    inner = (left.T @ targets).astype(np.float64) / (squares[:, None] + penalty)
    if right.size:
        return np.asarray(right.astype(np.float64) @ (np.sqrt(squares)[:, None] * inner))
    return np.asarray(centred.T.astype(np.float64) @ (left @ inner))
