"""Tally: all that is kept of the images seen so far - its size depends on units, classes and k alone."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int64
from torch import Tensor

from feature_viz.examples.histogram import Bins, Places, counted, no_bins
from feature_viz.examples.ranking import Ranking, merged, no_ranking

PEAKS = 2**23
"""Activations that are looked through for peaks at once."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Rankings, histogram and sums of a layer's scores; ``seen`` counts the images of each class number."""

    top: Ranking
    bottom: Ranking
    bins: Bins
    total: Float[np.ndarray, "c"]
    squares: Float[np.ndarray, "c"]
    fired: Int64[np.ndarray, "c"]
    by_class: Float[np.ndarray, "classes c"]
    seen: Int64[np.ndarray, "classes"]


def no_tally(units: int) -> Tally:
    """The tally of no images."""
    zero = np.zeros(units)
    return Tally(
        no_ranking(units),
        no_ranking(units),
        no_bins(units),
        zero,
        zero,
        np.zeros(units, np.int64),
        np.zeros((0, units)),
        np.zeros(0, np.int64),
    )


def tallied(
    held: Tally,
    maps: Float[Tensor, "n c h w"],
    scores: Float32[np.ndarray, "n c"],
    first: int,
    k: int,
    targets: Int[np.ndarray, "n"] | None = None,
) -> Tally:
    """The tally after the ``n`` images from number ``first`` on; the same however they are cut into batches.

    ``targets`` are class numbers, -1 where not known.

    >>> maps = torch.tensor([1.0, 3.0, -2.0]).view(3, 1, 1, 1)
    >>> seen = tallied(no_tally(1), maps, maps.flatten(1).numpy(), 0, 2)
    >>> seen.top.index.flatten().tolist(), seen.bottom.index.flatten().tolist(), seen.total.tolist()
    ([1, 0], [2, 0], [2.0])
    """
    places = _peaks(maps, first)
    total, squares = held.total.copy(), held.squares.copy()
    for row in scores.astype(np.float64):  # one after the other, so that rounding knows no batches
        total += row
        squares += row * row
    by_class, seen = _by_class(held, scores, targets)
    return Tally(
        merged(held.top, scores, first, k, places, largest=True),
        merged(held.bottom, scores, first, k, places, largest=False),
        counted(held.bins, scores, np.arange(first, first + len(scores)), places),
        total,
        squares,
        held.fired + (scores > 0).sum(0),
        by_class,
        seen,
    )


def as_tensors(held: Tally, prefix: str) -> dict[str, Any]:
    """A tally as arrays by name, each name beginning with ``prefix``."""
    found: dict[str, Any] = {}
    for entry in fields(held):
        value = getattr(held, entry.name)
        if isinstance(value, np.ndarray):
            found[f"{prefix}{entry.name}"] = value
        else:
            found |= {
                f"{prefix}{entry.name}.{part.name}": getattr(value, part.name) for part in fields(value)
            }
    return found


def from_tensors(held: Mapping[str, Tensor], prefix: str) -> Tally:
    """A tally from what ``as_tensors`` gave."""
    top, bottom = (
        Ranking(*(held[f"{prefix}{side}.{part.name}"] for part in fields(Ranking)))
        for side in ("top", "bottom")
    )
    bins = Bins(*(held[f"{prefix}bins.{part.name}"].numpy() for part in fields(Bins)))
    names = ("total", "squares", "fired", "by_class", "seen")
    return Tally(top, bottom, bins, *(held[prefix + name].numpy() for name in names))


def _by_class(held: Tally, scores: np.ndarray, targets: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    if targets is None or not len(targets) or targets.max() < 0:
        return held.by_class, held.seen
    more = max(0, int(targets.max()) + 1 - len(held.seen))
    sums = np.concatenate([held.by_class, np.zeros((more, scores.shape[1]))])
    seen = np.concatenate([held.seen, np.zeros(more, np.int64)])
    for target, row in zip(targets.tolist(), scores, strict=True):
        if target >= 0:
            sums[target] += row
            seen[target] += 1
    return sums, seen


def _peaks(maps: Tensor, first: int) -> Places:
    """Where the maps of some images and units peak: the first such place in reading order."""
    area, width = maps.shape[2] * maps.shape[3], maps.shape[3]

    def places(index: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if area == 1:
            return np.zeros_like(index), np.zeros_like(index)
        image, units = torch.from_numpy(index - first), torch.from_numpy(unit)
        peaks = [
            maps[some.to(maps.device), those.to(maps.device)].flatten(1).float().cpu().numpy().argmax(1)
            for some, those in zip(
                image.split(max(1, PEAKS // area)), units.split(max(1, PEAKS // area)), strict=True
            )
        ]
        spot = np.concatenate(peaks) if peaks else np.zeros(0, np.int64)
        return spot // width, spot % width

    return places
