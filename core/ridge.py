"""Ridge regression for many targets and penalties from one decomposition, the penalty chosen by leaving out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

Parts = tuple[NDArray, NDArray]

PENALTIES = tuple(float(10.0**power) for power in range(-2, 7))


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear map for each of k targets, (inputs - mean) @ weights / scale + offset, and the penalty of each."""

    weights: Float[np.ndarray, "d k"]
    offset: Float[np.ndarray, "k"]
    mean: Float[np.ndarray, "d"]
    scale: Float[np.ndarray, "d"]
    penalty: Float[np.ndarray, "k"]

    def predict(self, inputs: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        """The k targets of each input."""
        return np.asarray((inputs - self.mean) / self.scale @ self.weights + self.offset)


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
    mean = inputs.mean(0)
    # One scale for all inputs: scaled each by itself, a unit that fired once among the samples that are fitted
    # would be blown up where it fires again, and one such sample can spoil every score.
    scale = np.full(inputs.shape[1], np.sqrt(inputs.var(0).mean()) or 1.0)
    standard = (inputs - mean) / scale
    offset = targets.mean(0)
    parts = _decomposed(standard)
    if groups is None:
        error = _left_out_singly(parts, targets - offset, penalties)
    else:
        error = _left_out_in_fifths(standard, targets, groups, penalties)
    shared = np.repeat(np.arange(len(together)), together) if together else np.arange(targets.shape[1])
    error = np.stack([error[:, shared == one].mean(1) for one in shared], 1)
    penalty = np.array(penalties)[error.argmin(0)]
    return Ridge(_solve(standard, parts, targets - offset, penalty), offset, mean, scale, penalty)


def _decomposed(centred: NDArray) -> Parts:
    """Left singular vectors (n, r) and squared singular values (r,), by the smaller of the two Gram matrices."""
    n, d = centred.shape
    if n <= d:
        squares, left = np.linalg.eigh(centred @ centred.T)
        kept = squares > squares[-1] * 1e-12
        return left[:, kept], squares[kept]
    squares, right = np.linalg.eigh(centred.T @ centred)
    kept = squares > squares[-1] * 1e-12
    return centred @ right[:, kept] / np.sqrt(squares[kept]), squares[kept]


def _left_out_singly(parts: Parts, targets: NDArray, penalties: tuple[float, ...]) -> NDArray:
    """Mean squared error (p, k) when each sample is predicted by a fit without it."""
    left, squares = parts
    inside, everything = left**2, left.T @ targets
    errors = []
    for penalty in penalties:
        shrink = squares / (squares + penalty)
        leverage = inside @ shrink + 1 / len(left)
        residual = targets - left @ (shrink[:, None] * everything)
        errors.append(((residual / np.maximum(1 - leverage, 1e-12)[:, None]) ** 2).mean(0))
    return np.array(errors)


def _left_out_in_fifths(
    standard: NDArray, targets: NDArray, groups: NDArray, penalties: tuple[float, ...]
) -> NDArray:
    names, index = np.unique(groups, return_inverse=True)
    fifth = (np.arange(len(names)) % 5)[index]
    errors = np.zeros((len(penalties), targets.shape[1]))
    for fold in range(min(5, len(names))):
        inside, outside = fifth != fold, fifth == fold
        mean, offset = standard[inside].mean(0), targets[inside].mean(0)
        centred = standard[inside] - mean
        parts = _decomposed(centred)
        for row, penalty in enumerate(penalties):
            same = np.full(targets.shape[1], penalty)
            weights = _solve(centred, parts, targets[inside] - offset, same)
            guess = (standard[outside] - mean) @ weights + offset
            errors[row] += ((targets[outside] - guess) ** 2).sum(0)
    return errors


def _solve(centred: NDArray, parts: Parts, targets: NDArray, penalty: NDArray) -> NDArray:
    left, squares = parts
    inner = left.T @ targets / (squares[:, None] + penalty)
    return np.asarray(centred.T @ (left @ inner))
