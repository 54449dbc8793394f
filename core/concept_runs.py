"""What the vectors of a concept come to, run by run, each fitted against another draw of random images."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from core.activations import capture
from core.attribution.site import room
from core.concept_vectors import separating
from core.errors import NotFinite
from core.layers import as_maps
from core.subject import Subject, layer_named

HELD_OUT = 1 / 3
"""Share of the examples on which a vector's accuracy is measured, and which it is not fitted to."""


@dataclass(frozen=True)
class TcavSettings:
    """``runs`` vectors a concept, each against another draw of random images; ``nulls`` random concepts, as many each.

    ``kind`` of vector as in ``core.concept_vectors``. ``over`` the layer's "channels", averaged over positions, or the
    "whole" of it, as published: with thousands of numbers, random concepts' vectors are noise that no gradient follows,
    and the faintest trace of a concept counts as more. ``alpha`` is how often one of all concepts may be called
    significant where none matters; without ``nulls`` there are 100, or as many as that takes.
    """

    runs: int = 10
    nulls: int | None = None
    kind: str = "logistic"
    over: str = "channels"
    alpha: float = 0.05


@dataclass(frozen=True)
class Runs:
    """What the vectors of one concept came to, run by run; ``coefficients`` (examples,) are the mean vector's."""

    score: NDArray
    sensitivity: NDArray
    accuracy: NDArray
    coefficients: NDArray


@dataclass(frozen=True)
class Examples:
    """All examples' activations (n, d) without the random ones' mean, products with one another and with the slopes.

    ``places`` has each concept's rows, ``pool`` those of the random images.
    """

    activations: Tensor
    shape: tuple[int, ...]
    products: Float[np.ndarray, "n n"]
    along: Float[np.ndarray, "inputs n"]
    places: Mapping[str, NDArray]
    pool: NDArray


def gathered(
    subject: Subject,
    layer: str,
    slopes: Tensor,
    *,
    concepts: Mapping[str, Float[Tensor, "_ c _ _"]],
    random: Float[Tensor, "m c _ _"],
    over: str,
) -> Examples:
    """The examples of all concepts and the random ones at a layer, with the target's ``slopes`` there (inputs, ...).

    Raises
    ------
    NotFinite
        if a slope or an activation is NaN or infinite.
    """
    info = layer_named(subject, layer)
    parts = [
        capture(subject, images, [layer], batch_size=room(images))[layer]
        for images in (*concepts.values(), random)
    ]
    shape = tuple(parts[-1].shape[1:])
    if over == "channels":
        slopes, shape = as_maps(slopes, info).sum((2, 3)), (info.channels,)
        parts = [as_maps(part, info).mean((2, 3)) for part in parts]
    activations = torch.cat(parts).flatten(1)
    activations = activations - activations[-len(random) :].mean(0)
    products = (activations @ activations.T).double().cpu().numpy()
    along = (slopes.flatten(1) @ activations.T).double().cpu().numpy()
    if not np.isfinite(along).all():
        raise NotFinite(f"slopes or activations at layer {layer!r} of {subject.name} are not finite")
    ends = np.cumsum([len(part) for part in parts])
    places = [np.arange(end - len(part), end) for end, part in zip(ends, parts, strict=True)]
    return Examples(
        activations, shape, products, along, dict(zip(concepts, places, strict=False)), places[-1]
    )


def runs_of(
    examples: Examples, have: NDArray, pool: NDArray, settings: TcavSettings, rng: np.random.Generator
) -> Runs:
    """Vectors of the examples ``have`` against as many of ``pool``, drawn anew each run."""
    rows = []
    for _ in range(settings.runs):
        one, other = rng.permutation(have), rng.choice(pool, len(have), replace=False)
        kept = len(have) - round(len(have) * HELD_OUT)
        train, test = np.concatenate([one[:kept], other[:kept]]), np.concatenate([one[kept:], other[kept:]])
        has = np.arange(len(train)) < kept
        coefficients, offset = separating(examples.products[np.ix_(train, train)], has, settings.kind)
        said = examples.products[np.ix_(test, train)] @ coefficients + offset > 0
        slopes = examples.along[:, train] @ coefficients
        spread = np.zeros(len(examples.products))
        spread[train] = coefficients
        right = (said == (np.arange(len(test)) < len(have) - kept)).mean()
        rows.append(((slopes > 0).mean(), slopes.mean(), right, spread))
    score, sensitivity, accuracy, spread = (np.array(column) for column in zip(*rows, strict=True))
    return Runs(score, sensitivity, accuracy, spread.mean(0))
