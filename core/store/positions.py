"""Which positions of a map are kept: drawn by seed and image, the same on every machine and in every batch."""

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

_GOLDEN, _FIRST, _SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


def chosen_positions(
    images: Int[np.ndarray, "n"], cells: int, count: int, seed: int
) -> Int[np.ndarray, "n count"]:
    """``count`` different ones of ``cells`` positions for each image number, rising; all where ``count`` is as many.

    An image's positions depend on seed and image number alone, so layers with equal maps keep the same ones.

    >>> chosen_positions(np.array([5, 6]), 4, 4, seed=0).tolist()
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    if count == cells:
        return np.broadcast_to(np.arange(cells), (len(images), cells))
    with np.errstate(over="ignore"):
        start = _mixed(np.array([seed % 2**64], np.uint64) * _GOLDEN + _GOLDEN)
        rows = _mixed(start + images.astype(np.uint64) * _GOLDEN)[:, None]
        keys = _mixed(rows + np.arange(cells, dtype=np.uint64) * _GOLDEN)
    return np.sort(np.argsort(keys, axis=1, kind="stable")[:, :count], axis=1)


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finish: words that differ by one bit come out unalike [steele2014]."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))
