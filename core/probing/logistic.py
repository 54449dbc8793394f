"""Logistic regression with an L2 penalty for many labellings at once, the penalty chosen by leaving folds out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from core.probing.descent import minimised
from core.probing.ridge import LARGE
from core.probing.splits import FOLDS, folds

PENALTIES = tuple(float(10.0**power) for power in range(5, -3, -1))
"""From strong to weak: each fit begins where the one before ended."""
ROUGH, FINE = (1e-3, 25), (1e-13, 1000)
"""How near to the least loss fits come, as a share of it, and in how many steps at most: while penalties are compared
(in single precision), and in the end."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """Scores (inputs - mean) @ weights / scale + offset: of yes for two classes (k = 1), of each of k otherwise."""

    weights: Float[np.ndarray, "d k"]
    offset: Float[np.ndarray, "k"]
    mean: Float[np.ndarray, "d"]
    scale: float
    penalty: float

    def predict(self, inputs: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        """The scores of each input; their softmax (for k = 1, sigmoid) are the probabilities."""
        slopes = self.weights / self.scale
        return np.asarray(inputs @ slopes.astype(inputs.dtype) + (self.offset - self.mean @ slopes))


@dataclass(frozen=True, eq=False)
class _Problems:
    """P problems of the same classes: features (n, r) along principal axes and 1, labels (n, P), what counts (n, P)."""

    features: NDArray = field(repr=False)
    squares: NDArray
    labels: NDArray = field(repr=False)
    counts: NDArray = field(repr=False)
    width: int

    def curvature(self, penalty: NDArray) -> NDArray:
        """An upper bound of the loss's second derivative along each axis (r, P), the last one's for the offset."""
        bound = 0.25 if self.width == 1 else 0.5
        slopes = bound * self.squares[:, None] + penalty
        return np.concatenate([slopes, np.full((1, len(penalty)), bound * len(self.features))])

    def loss(self, theta: NDArray) -> tuple[NDArray, NDArray]:
        """Each sample's loss (n, P), and its slopes in the scores (n, P, k)."""
        n, r = self.features.shape
        scores = (self.features @ theta.reshape(r, -1).astype(self.features.dtype)).reshape(n, -1, self.width)
        if self.width == 1:
            signed = np.where(self.labels, -1, 1)[..., None].astype(scores.dtype)
            wrong = np.logaddexp(0, signed * scores)
            return wrong[..., 0], signed * np.exp(signed * scores - wrong)
        scores -= scores.max(2, keepdims=True)
        slopes = np.exp(scores)
        total = slopes.sum(2, keepdims=True)
        slopes /= total
        mine = self.labels[..., None]
        loss = np.log(total[..., 0]) - np.take_along_axis(scores, mine, 2)[..., 0]
        np.put_along_axis(slopes, mine, np.take_along_axis(slopes, mine, 2) - 1, 2)
        return loss, slopes

    def fit(self, theta: NDArray, penalty: NDArray, until: tuple[float, int]) -> NDArray:
        """Coefficients (r, P, k) with the least penalised loss, from ``theta`` on."""
        # Along these axes no second derivative is above 1: one length of step suits all.
        unit = 1 / np.sqrt(self.curvature(penalty))[..., None]
        held = np.concatenate([np.tile(penalty, (len(self.squares), 1)), np.zeros((1, len(penalty)))])

        def objective(scaled: NDArray) -> tuple[NDArray, NDArray]:
            here = scaled * unit
            loss, slopes = self.loss(here)
            slopes *= self.counts[..., None]
            gradient = (self.features.T @ slopes.reshape(len(slopes), -1)).reshape(here.shape)
            weight = held[..., None] * here
            total = (loss * self.counts).sum(0, dtype=np.float64) + (weight * here).sum((0, 2)) / 2
            return total, (gradient + weight) * unit

        single = self.features.dtype == np.float32
        noise, (tolerance, most) = 3e-7 if single else 1e-15, until
        found = minimised(objective, theta / unit, tolerance=tolerance, noise=noise, most=most)
        return np.asarray(found * unit)


def logistic(
    inputs: Float[np.ndarray, "n d"],
    labels: Sequence[Int[np.ndarray, "n"]],
    *,
    groups: NDArray | None = None,
    penalties: tuple[float, ...] = PENALTIES,
) -> list[Logistic]:
    """One model for each labelling (whole numbers from 0), on inputs of zero mean and unit mean variance.

    The sum of losses plus half the ``penalty`` times the squared weights is least; the offset is not penalised. For
    each labelling the penalty is the one whose fits to four fifths of the samples, or with ``groups`` (n,) of the
    groups, lose least on the other. scikit-learn's ``LogisticRegression`` with C = 1 / penalty has the same weights.

    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> (model,) = logistic(x, [(x[:, 0] > 0).astype(int)], penalties=(1.0,))
    >>> bool(((model.predict(x)[:, 0] > 0) == (x[:, 0] > 0)).mean() > 0.97)
    True
    """
    n, d = inputs.shape
    kind = np.float32 if n * d * min(n, d) > LARGE else np.float64
    mean = inputs.mean(0, dtype=np.float64)
    standard = np.subtract(inputs, mean, dtype=kind)
    scale = float(np.sqrt(np.vdot(standard, standard) / (n * d))) or 1.0
    standard /= kind(scale)
    squares, axes = _axes(standard)
    features = np.concatenate([standard @ axes, np.ones((n, 1), kind)], 1)
    fold = folds(np.arange(n) if groups is None else groups)
    found: dict[int, Logistic] = {}
    sizes = [int(one.max()) + 1 for one in labels]
    for size in sorted(set(sizes)):
        chosen = [i for i, one in enumerate(sizes) if one == size]
        theta, penalty = _chosen(features, squares, np.stack([labels[i] for i in chosen], 1), fold, penalties)
        for place, i in enumerate(chosen):
            slopes, offset = axes.astype(np.float64) @ theta[:-1, place], theta[-1, place]
            strength = float(penalty[place])
            found[i] = Logistic(slopes, offset - offset.mean() * (size > 2), mean, scale, strength)
    return [found[i] for i in range(len(labels))]


def _axes(standard: NDArray) -> tuple[NDArray, NDArray]:
    """Squared lengths (r,) along the principal axes (d, r), by the smaller of the two Gram matrices."""
    n, d = standard.shape
    gram = standard.T @ standard if n > d else standard @ standard.T
    squares, vectors = np.linalg.eigh(gram.astype(np.float64))
    kept = squares > squares[-1] * (1e-12 if standard.dtype == np.float64 else 1e-6)
    squares, vectors = squares[kept], vectors[:, kept]
    if n <= d:
        vectors = standard.T @ (vectors / np.sqrt(squares))
    return squares, vectors.astype(standard.dtype)


def _chosen(
    features: NDArray, squares: NDArray, labels: NDArray, fold: NDArray, penalties: tuple[float, ...]
) -> tuple[NDArray, NDArray]:
    """Coefficients (r, L, k) of L labellings with the penalty (L,) that is best for each."""
    many, width = labels.shape[1], max(int(labels.max()) + 1, 2)
    width = 1 if width == 2 else width
    whole = np.ones(labels.shape, bool)
    problems = _Problems(features, squares, labels, whole, width)
    start = np.zeros((features.shape[1], many, width))
    if len(penalties) == 1:
        penalty = np.full(many, penalties[0])
        return problems.fit(start, penalty, FINE), penalty
    count = min(FOLDS, int(fold.max()) + 1)
    inside = np.concatenate([np.tile((fold != one)[:, None], many) for one in range(count)], 1)
    trials = _Problems(features.astype(np.float32), squares, np.tile(labels, count), inside, width)
    theta, errors, starts = np.tile(start, (1, count, 1)), [], []
    for strength in penalties:
        theta = trials.fit(theta, np.full(many * count, strength), ROUGH)
        lost = (trials.loss(theta)[0] * ~inside).sum(0, dtype=np.float64)
        errors.append(lost.reshape(count, many).sum(0))
        starts.append(theta[:, :many])
        if len(errors) > 2 and (np.array(errors[-2:]).min(0) > np.min(errors[:-2], 0)).all():
            break  # weaker penalties only lose more
    best = np.argmin(errors, 0)
    start = np.stack([starts[one][:, place] for place, one in enumerate(best)], 1)
    penalty = np.array(penalties)[best]
    return problems.fit(start, penalty, FINE), penalty
