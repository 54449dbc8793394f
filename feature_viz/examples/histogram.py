"""Histograms that grow: counts of every unit's scores in bins that double in width, one image kept from each."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int32, Int64
from torch import Tensor

BINS = 64

FINEST = -100
"""Bins are at least 2^-100 wide; less is rounding."""

DIGITS = 22
"""Bins are at least 2^-22 of the largest score wide, so that a 32-bit score has its bin exactly."""

Places = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From images' numbers and units (m,) to the rows and columns (m,) of their peaks."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """For every unit ``bins`` bins of one width from ``low`` on: counts, and one image of each bin.

    ``index`` is -1 where a bin is empty. Each image of a bin is as likely as any other to stand for it.
    """

    counts: Int64[Tensor, "bins c"] = field(repr=False)
    low: Float32[Tensor, "c"] = field(repr=False)
    width: Float32[Tensor, "c"] = field(repr=False)
    index: Int32[Tensor, "bins c"] = field(repr=False)
    score: Float32[Tensor, "bins c"] = field(repr=False)
    row: Int32[Tensor, "bins c"] = field(repr=False)
    column: Int32[Tensor, "bins c"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Bins:
    """A histogram being filled: bin b of a unit holds the scores in [first + b, first + b + 1) x 2^exponent.

    ``exponent`` is the smallest that fits all scores from ``least`` to ``most`` into the bins, ``first`` the bin of
    ``least``: both follow from the scores alone, not from their order or grouping.
    """

    least: Float32[np.ndarray, "c"]
    most: Float32[np.ndarray, "c"]
    exponent: Int32[np.ndarray, "c"]
    first: Int64[np.ndarray, "c"]
    counts: Int64[np.ndarray, "bins c"]
    index: Int32[np.ndarray, "bins c"]
    score: Float32[np.ndarray, "bins c"]
    row: Int32[np.ndarray, "bins c"]
    column: Int32[np.ndarray, "bins c"]


def no_bins(units: int, *, bins: int = BINS) -> Bins:
    """The histogram of no scores."""
    return Bins(
        np.full(units, np.inf, np.float32),
        np.full(units, -np.inf, np.float32),
        np.full(units, FINEST, np.int32),
        np.zeros(units, np.int64),
        np.zeros((bins, units), np.int64),
        np.full((bins, units), -1, np.int32),
        np.zeros((bins, units), np.float32),
        np.zeros((bins, units), np.int32),
        np.zeros((bins, units), np.int32),
    )


def counted(
    held: Bins, scores: Float[np.ndarray, "n c"], index: Int[np.ndarray, "n"], places: Places
) -> Bins:
    """The histogram after ``n`` more images, whose numbers are ``index``; only newcomers' places are asked for.

    >>> none = no_bins(1)
    >>> whole = counted(none, np.array([[0.0], [1.0], [70.0]], np.float32), np.arange(3), lambda i, u: (i, u))
    >>> summary(whole).width.tolist(), summary(whole).counts[[0, 35], 0].tolist()
    ([2.0], [2, 1])
    """
    grown = _stretched(held, scores.min(0), scores.max(0))
    where = _bin_of(scores, grown.exponent) - grown.first
    bins, units = grown.counts.shape
    flat = where * units + np.arange(units)
    counts = grown.counts + np.bincount(flat.ravel(), minlength=bins * units).reshape(bins, units)
    order = np.argsort(
        hashes(index), kind="stable"
    )  # the first of these to fall into a bin has its smallest hash
    rank = np.full(bins * units, len(index))
    np.minimum.at(rank, flat[order].ravel(), np.repeat(np.arange(len(index)), units))
    rank = rank.reshape(bins, units)
    candidate = order[np.minimum(rank, len(index) - 1)]
    better = (rank < len(index)) & ((grown.index < 0) | (hashes(index)[candidate] < hashes(grown.index)))
    at, unit = better.nonzero()
    new = candidate[at, unit]
    kept = {name: getattr(grown, name).copy() for name in ("index", "score", "row", "column")}
    kept["index"][at, unit], kept["score"][at, unit] = index[new], scores[new, unit]
    kept["row"][at, unit], kept["column"][at, unit] = places(index[new], unit)
    return replace(grown, counts=counts, **kept)


def summary(held: Bins) -> Histogram:
    """A filled histogram as results give it: bins' edges in the units of the scores."""
    width = np.ldexp(np.float32(1), held.exponent)
    low = held.first * width
    rest = (held.index, held.score, held.row, held.column)
    return Histogram(
        torch.from_numpy(held.counts),
        torch.from_numpy(low.astype(np.float32)),
        torch.from_numpy(width.astype(np.float32)),
        *map(torch.from_numpy, rest),
    )


def hashes(index: Int[np.ndarray, "..."]) -> np.ndarray:
    """64 well mixed bits of every number, no two alike: the finaliser of SplitMix64 [steele2014].

    >>> bool(hashes(np.array([1]))[0] == hashes(np.array([7, 1]))[1])
    True
    """
    with np.errstate(over="ignore"):
        mixed = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _stretched(held: Bins, least: np.ndarray, most: np.ndarray) -> Bins:
    """The same histogram with bins that also reach from ``least`` to ``most``."""
    least, most = np.minimum(held.least, least), np.maximum(held.most, most)
    exponent = _exponent(least, most, len(held.counts))
    first = _bin_of(least, exponent)
    stretched = replace(held, least=least, most=most, exponent=exponent, first=first)
    moved = ((exponent != held.exponent) | (first != held.first)) & held.counts.any(0)
    return _rebinned(held, stretched, moved.nonzero()[0]) if moved.any() else stretched


def _exponent(least: np.ndarray, most: np.ndarray, bins: int) -> np.ndarray:
    """The smallest exponent whose bins, aligned to multiples of their width, hold both ends."""
    largest = np.maximum(np.abs(least), np.abs(most))
    exponent = np.maximum(np.frexp(largest)[1] - DIGITS, FINEST)
    spread = np.frexp(most.astype(np.float64) - least)[1] - int(np.log2(bins)) - 1
    exponent = np.where(most > least, np.maximum(exponent, spread), exponent)
    while (over := _bin_of(most, exponent) - _bin_of(least, exponent) >= bins).any():
        exponent = exponent + over
    return exponent.astype(np.int32)


def _bin_of(values: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    return np.floor(np.ldexp(values.astype(np.float64), -exponent)).astype(np.int64)


def _rebinned(held: Bins, stretched: Bins, units: np.ndarray) -> Bins:
    """Counts and images moved to the new bins; where bins merge, the image with the smaller hash stays."""
    bins = len(held.counts)
    moved = {name: getattr(held, name).copy() for name in ("counts", "index", "score", "row", "column")}
    for name, values in moved.items():
        values[:, units] = -1 if name == "index" else 0
    shift = (stretched.exponent - held.exponent)[units]
    for old in range(bins):
        filled = held.counts[old, units] > 0
        unit = units[filled]
        new = ((held.first[unit] + old) >> shift[filled]) - stretched.first[unit]
        moved["counts"][new, unit] += held.counts[old, unit]
        sits = moved["index"][new, unit]
        better = (sits < 0) | (hashes(held.index[old, unit]) < hashes(sits))
        for name in ("index", "score", "row", "column"):
            moved[name][new[better], unit[better]] = getattr(held, name)[old, unit[better]]
    return replace(stretched, **moved)
