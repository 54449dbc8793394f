"""Concept activation vectors: the direction of a layer along which examples of a concept part from others."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from core.errors import BadInput, NotFinite, UnknownName
from core.targets import Direction

LEAST = 10
"""Examples of a concept, and as many others, that a vector is fitted to at least."""

Plane = tuple[Float[np.ndarray, "r"], float]
"""Weights in the space of the examples, and the offset."""


def concept_vector(
    activations: Float[Tensor, "n ..."],
    labels: ArrayLike,
    *,
    layer: str,
    concept: str,
    kind: str = "logistic",
) -> Direction:
    """The concept's direction in a layer, of length 1, towards the examples that have it [kim2018].

    ``activations`` are (n, c), which gives a direction over channels, or have the layer's whole shape; ``labels``
    (n,) say which examples have the concept. ``kind``: normal of a separating plane, "logistic" (regression) or
    "linear" (support vectors), both of scikit-learn with C = 1 for activations of mean variance 1; or the difference
    of the two "means".

    Raises
    ------
    BadInput
        if there are fewer than ten examples with or without the concept.
    NotFinite
        if an activation is NaN or infinite.

    >>> x = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    >>> found = concept_vector(x + 4 * torch.eye(5)[2] * (torch.arange(60) < 30)[:, None], np.arange(60) < 30,
    ...                        layer="fc", concept="third")
    >>> int(found.vector.argmax()), round(float(found.vector.norm()), 5)
    (2, 1.0)
    """
    flat = activations.detach().flatten(1).double().cpu().numpy()
    has = np.asarray(labels).astype(bool)
    if has.shape != (len(flat),):
        raise BadInput(
            f"every example has one label; given {len(flat)} examples and labels of shape {has.shape}"
        )
    enough(f"concept {concept!r}", int(has.sum()))
    enough(f"what concept {concept!r} is compared with", int((~has).sum()))
    if not np.isfinite(flat).all():
        raise NotFinite(f"activations of layer {layer!r} for concept {concept!r} hold NaN or infinity")
    centred = flat - flat.mean(0)
    weights, _ = separating(centred @ centred.T, has, kind)
    vector = torch.from_numpy(weights @ centred).float().view(activations.shape[1:])
    return Direction(layer, vector / vector.norm(), concept)


def enough(what: str, count: int) -> None:
    """Raise BadInput, with the number, if there are too few examples."""
    if count < LEAST:
        raise BadInput(f"{what} has {count} examples; at least {LEAST} are needed")


def separating(
    products: Float[np.ndarray, "n n"], has: Bool[np.ndarray, "n"], kind: str = "logistic"
) -> tuple[Float[np.ndarray, "n"], float]:
    """The plane between examples that have a concept and others, from their inner products alone.

    Gives coefficients a, adding up to 0, and an offset b: the normal is the sum of a_i times example i, of length 1,
    and example x lies ``normal @ x + b`` before the plane. A plane that is held small lies in the examples' span
    [scholkopf2001], so a layer's width costs nothing.

    Raises
    ------
    UnknownName
        if there is no such kind of plane.
    BadInput
        if all examples are the same.

    >>> x = np.array([[0.0, 0], [0, 1], [4, 0], [4, 1]])
    >>> a, b = separating(x @ x.T, np.array([False, False, True, True]))
    >>> abs(a @ x).round(3).tolist(), round(-b, 3)
    ([1.0, 0.0], 2.0)
    """
    if kind not in PLANES:
        raise UnknownName("kind of concept vector", kind, PLANES)
    mean = products.mean(0)
    centred = products - mean - mean[:, None] + mean.mean()
    squares, axes = np.linalg.eigh(centred)
    kept = squares > max(float(squares[-1]) * 1e-10, 1e-30)
    if not kept.any():
        raise BadInput("all examples have the same activations; no direction parts them")
    axes, lengths = axes[:, kept], np.sqrt(squares[kept])
    places = axes * lengths  # every example, centred, along the axes of their span
    scale = float(np.sqrt((places**2).mean()))
    weights, offset = PLANES[kind](places / scale, has)
    size = float(np.linalg.norm(weights))
    if size == 0:
        return np.zeros(len(products)), 0.0
    coefficients = axes @ (weights / size / lengths)
    coefficients -= coefficients.mean()
    return coefficients, offset * scale / size - float(coefficients @ mean)


def _logistic(places: NDArray, has: NDArray[np.bool_]) -> Plane:
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(solver="newton-cholesky").fit(places, has)
    return found.coef_[0], float(found.intercept_[0])


def _linear(places: NDArray, has: NDArray[np.bool_]) -> Plane:
    from sklearn.svm import SVC

    found = SVC(kernel="linear").fit(places, has)
    return found.coef_[0], float(found.intercept_[0])


def _means(places: NDArray, has: NDArray[np.bool_]) -> Plane:
    one, other = places[has].mean(0), places[~has].mean(0)
    weights = one - other
    return weights, -float(weights @ (one + other) / 2)


PLANES: Mapping[str, Callable[[NDArray, NDArray[np.bool_]], Plane]] = {
    "logistic": _logistic,
    "linear": _linear,
    "means": _means,
}
"""Kind to what fits a plane to examples (n, r) and which of them have the concept."""
