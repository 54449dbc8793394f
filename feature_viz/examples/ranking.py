"""Ranking: the images that drive every unit most or least, kept exactly while scores stream past."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from feature_viz.examples.histogram import Places


@dataclass(frozen=True, eq=False)
class Ranking:
    """For every unit its ``k`` images, the most extreme first: index, score, and where in the map it peaked."""

    index: Int64[Tensor, "k c"]
    score: Float32[Tensor, "k c"]
    row: Int64[Tensor, "k c"]
    column: Int64[Tensor, "k c"]


def no_ranking(units: int) -> Ranking:
    """The ranking of no images."""
    none = torch.zeros(0, units, dtype=torch.long)
    return Ranking(none, torch.zeros(0, units), none, none)


def merged(
    held: Ranking,
    scores: Float32[np.ndarray, "n c"],
    first: int,
    k: int,
    places: Places,
    *,
    largest: bool,
) -> Ranking:
    """The best ``k`` of a ranking and of the images from number ``first`` on; equal scores rank by index.

    Only units of which an image gets in are sorted, and only newcomers' places are asked for.

    >>> ranking = merged(no_ranking(1), np.array([[1.0], [5.0], [5.0]], np.float32), 0, 2,
    ...                  lambda image, unit: (image, unit), largest=True)
    >>> ranking.index.flatten().tolist()
    [1, 2]
    """
    old = [getattr(held, name).numpy() for name in ("index", "score", "row", "column")]
    units = _entered(old[1], scores, k, largest)
    if not len(units):
        return held
    sign = -1 if largest else 1
    score = np.concatenate([old[1][:, units], scores[:, units]])
    order = np.argsort(sign * score, axis=0, kind="stable")[:k]
    numbers = np.arange(first, first + len(scores))[:, None].repeat(len(units), 1)
    blank = np.zeros_like(numbers)
    joined = [np.concatenate([values[:, units], blank]) for values in (old[2], old[3])]
    index = np.concatenate([old[0][:, units], numbers])
    best = [np.take_along_axis(values, order, 0) for values in (index, score, *joined)]
    rank, unit = (order >= len(old[1])).nonzero()
    best[2][rank, unit], best[3][rank, unit] = places(best[0][rank, unit], units[unit])
    if len(units) == scores.shape[1]:
        return Ranking(*map(torch.from_numpy, best))
    after = [values.copy() for values in old]  # all units hold k by now, or all would have been entered
    for values, new in zip(after, best, strict=True):
        values[:, units] = new
    return Ranking(*map(torch.from_numpy, after))


def _entered(held: np.ndarray, scores: np.ndarray, k: int, largest: bool) -> np.ndarray:
    """The units of which at least one new score gets in: all while there is room."""
    if len(held) < k:
        return np.arange(scores.shape[1])
    better = scores.max(0) > held[-1] if largest else scores.min(0) < held[-1]
    entered: np.ndarray = better.nonzero()[0]
    return entered
