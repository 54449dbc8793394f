"""Erasure: the least change of a layer after which no linear map reads a concept off it, or reads another sample's."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Erasure:
    """x - (x - mean) @ reading @ pattern: least-squares concept erasure [belrose2023].

    ``reading`` (d, k) is what tells the concept from the others, ``pattern`` (k, d) how the layer moves with it.
    """

    mean: Float[np.ndarray, "d"] = field(repr=False)
    reading: Float[np.ndarray, "d k"] = field(repr=False)
    pattern: Float[np.ndarray, "k d"] = field(repr=False)

    def erased(self, activations: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        """What is to be added so that every sample reads as the mean."""
        return np.asarray(-(activations - self.mean) @ self.reading @ self.pattern)

    def swapped(
        self, activations: Float[np.ndarray, "n d"], others: NDArray[np.integer]
    ) -> Float[np.ndarray, "n d"]:
        """What is to be added so that every sample reads as the one whose row ``others`` (n,) gives."""
        read = activations @ self.reading
        return np.asarray((read[others] - read) @ self.pattern)


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer's samples that erasures are fitted to: centred (n, d), with the axes of their covariance."""

    mean: Float[np.ndarray, "d"]
    centred: Float[np.ndarray, "n d"] = field(repr=False)
    variances: Float[np.ndarray, "d"] = field(repr=False)
    axes: Float[np.ndarray, "d d"] = field(repr=False)


def covaried(activations: Float[np.ndarray, "n d"]) -> Layer:
    """A layer's samples with their covariance decomposed, once for all concepts.

    >>> covaried(np.array([[0.0, 1.0], [2.0, 1.0]])).variances.tolist()
    [0.0, 1.0]
    """
    mean = activations.mean(0)
    centred = activations - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    return Layer(mean, centred, np.maximum(variances, 0), axes)


def erasure(layer: Layer, concept: Float[np.ndarray, "n k"], *, shrink: float = 1e-3) -> Erasure:
    """The erasure of a concept (its columns) from a layer.

    ``shrink``: a share of the mean variance that is added to every direction's, so that directions which hardly
    vary are not what the concept is read by.

    >>> x = np.random.default_rng(0).normal(size=(500, 3))
    >>> gone = erasure(covaried(x), x[:, :1] + x[:, 1:2], shrink=0.0)
    >>> left = x + gone.erased(x)
    >>> bool(abs(np.cov(left[:, 0] + left[:, 1], x[:, 0] + x[:, 1])[0, 1]) < 1e-9)
    True
    """
    covariance = layer.centred.T @ (concept - concept.mean(0)) / len(concept)
    added = max(shrink * float(layer.variances.mean()), 1e-12 * float(layer.variances.max()), 1e-300)
    weights = layer.axes @ ((layer.axes.T @ covariance) / (layer.variances + added)[:, None])
    # The columns of a set of classes hang together: what they span is taken, in whatever terms.
    inner = np.linalg.pinv(covariance.T @ weights, rcond=1e-6, hermitian=True)
    return Erasure(layer.mean, weights @ inner, covariance.T)
