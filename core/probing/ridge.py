"""Ridge regression for many targets and penalties from one decomposition, the penalty chosen by leaving groups out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

PENALTIES = tuple(float(10.0**power) for power in range(-2, 7))
LARGE = 10**9
"""Samples times inputs squared above which products are taken in single precision: twice as fast, right to five
digits."""
BLOCK = 4096
LEFT_OUT = 2000
"""Samples that are enough to choose a penalty by; of more, groups are left out until so many have been."""
LEAST_GROUPS = 100


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


@dataclass(frozen=True, eq=False)
class _Rotated:
    """The problem along the inputs' principal axes: ``squares`` (r,), targets on them (r, k), and the way back (d, r).

    ``rows`` (s, r) are the samples that are left out, as they lie along the axes.
    """

    squares: NDArray
    cross: NDArray
    back: NDArray
    rows: NDArray


def ridge(
    inputs: Float[np.ndarray, "n d"],
    targets: Float[np.ndarray, "n k"],
    *,
    groups: NDArray | None = None,
    together: Sequence[int] = (),
    penalties: tuple[float, ...] = PENALTIES,
) -> Ridge:
    """Ridge on inputs of zero mean and unit mean variance; for each target the penalty with the least error left out.

    The offset is not penalised. Left out, in closed form, is one sample at a time, or with ``groups`` (n,) one group;
    of more than 2,000 samples, as many groups as hold so many. ``together``: how many targets in a row share a
    penalty (the columns of one set of classes). scikit-learn's ``RidgeCV`` gives the same numbers.

    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> found = ridge(x, x @ np.array([[1.0], [3.0], [2.0]]))
    >>> (found.weights[:, 0] / found.scale).round(2).tolist()
    [1.0, 3.0, 2.0]
    """
    n, d = inputs.shape
    kind = np.float32 if n * d * min(n, d) > LARGE else np.float64
    mean, offset = inputs.mean(0, dtype=np.float64), targets.mean(0, dtype=np.float64)
    standard = np.subtract(inputs, mean, dtype=kind)
    # One scale for all inputs: scaled each by itself, a unit that fired once among the samples that are fitted
    # would be blown up where it fires again, and one such sample can spoil every score.
    scale = float(np.sqrt(np.vdot(standard, standard) / (n * d))) or 1.0
    standard /= kind(scale)
    centred = (targets - offset).astype(kind)
    blocks = list(_left_out(np.arange(n) if groups is None else groups))
    chosen = np.concatenate([block.ravel() for block in blocks])
    problem = _rotated(standard, centred, chosen)
    error = _errors(problem, centred[chosen], [block.shape for block in blocks], n, penalties)
    shared = np.repeat(np.arange(len(together)), together) if together else np.arange(targets.shape[1])
    sums = np.stack([error[:, shared == one].sum(1) for one in range(shared[-1] + 1)], 1)
    penalty = np.array(penalties)[sums.argmin(0)][shared]
    inner = problem.cross / (problem.squares[:, None] + penalty)
    return Ridge(problem.back @ inner, offset, mean, scale, penalty)


def _left_out(groups: NDArray) -> Iterator[NDArray]:
    """The samples of the groups that are left out, (b, m) for the b groups of each size m."""
    names, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order, starts = np.argsort(index, kind="stable"), np.cumsum(sizes) - sizes
    # Spread evenly over the groups, as far as they are needed.
    spread = np.argsort(np.arange(len(names)) * 0.6180339887 % 1)
    enough = max(int(np.searchsorted(np.cumsum(sizes[spread]), LEFT_OUT)) + 1, LEAST_GROUPS)
    chosen = np.sort(spread[:enough])
    for size in np.unique(sizes[chosen]):
        begin = starts[chosen[sizes[chosen] == size]]
        yield order[begin[:, None] + np.arange(size)]


def _rotated(standard: NDArray, targets: NDArray, chosen: NDArray) -> _Rotated:
    """By the smaller of the two Gram matrices."""
    n, d = standard.shape
    if n > d:
        squares, axes = np.linalg.eigh(_product(standard, standard))
        squares = np.maximum(squares, 0)
        rows = standard[chosen] @ axes.astype(standard.dtype)
        return _Rotated(squares, axes.T @ _product(standard, targets), axes, rows)
    squares, left = np.linalg.eigh((standard @ standard.T).astype(np.float64))
    kept = squares > squares[-1] * (1e-12 if standard.dtype == np.float64 else 1e-6)
    squares, left = squares[kept], left[:, kept]
    rows = left * np.sqrt(squares)
    back = standard.T @ (left / np.sqrt(squares)).astype(standard.dtype)
    return _Rotated(squares, rows.T @ targets, back, rows[chosen])


def _product(first: NDArray, second: NDArray) -> NDArray:
    """first.T @ second, single blocks added up in double precision."""
    total = np.zeros((first.shape[1], second.shape[1]))
    for start in range(0, len(first), BLOCK):
        total += first[start : start + BLOCK].T @ second[start : start + BLOCK]
    return total


def _errors(
    problem: _Rotated,
    targets: NDArray,
    shapes: Sequence[tuple[int, ...]],
    n: int,
    penalties: tuple[float, ...],
) -> NDArray:
    """Summed squared error (p, k) when each group is predicted by a fit without it: H = rows inner rows' + 1/n.

    What a fit to the others misses of a group is (1 - H)^-1 of what the fit to all misses.
    """
    rows, errors = problem.rows, np.zeros((len(penalties), targets.shape[1]))
    ends = np.cumsum([count * size for count, size in shapes])
    for number, penalty in enumerate(penalties):
        inner = 1 / (problem.squares + penalty)
        missed = targets - rows @ (problem.cross * inner[:, None]).astype(rows.dtype)
        weighted = rows * np.sqrt(inner).astype(rows.dtype)
        for (count, size), end in zip(shapes, ends, strict=True):
            part = slice(end - count * size, end)
            errors[number] += _missed(weighted[part], missed[part], size, n)
    return errors


def _missed(rows: NDArray, missed: NDArray, size: int, n: int) -> NDArray:
    if size == 1:
        left = np.maximum(1 - np.einsum("sr,sr->s", rows, rows) - 1 / n, 1e-12)
        return np.asarray(np.square(missed / left[:, None]).sum(0, dtype=np.float64))
    stacked = rows.reshape(-1, size, rows.shape[1])
    left = np.eye(size) - (stacked @ stacked.transpose(0, 2, 1)).astype(np.float64) - 1 / n
    found = np.linalg.solve(left, missed.reshape(len(left), size, -1).astype(np.float64))
    return np.asarray(np.square(found).sum((0, 1)))
