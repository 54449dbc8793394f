"""Published mirrored pairs: which of them were found to be each other's mirror image."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from core.symmetry.families import Families
from vision.published.places import coordinates, places
from vision.published.reading import Lists


@dataclass(frozen=True)
class Mirrors:
    """The layer's published pairs and those found; ``chance`` is the share of all pairs of its units that were."""

    listed: tuple[tuple[int, int], ...]
    found: tuple[tuple[int, int], ...]
    chance: float

    @property
    def recall(self) -> float | None:
        return len(self.found) / len(self.listed) if self.listed else None


def mirrors(families: Families, *, lists: Lists) -> Mirrors | None:
    """The layer's mirrored pairs, None if none are published or the group mirrors nothing.

    A pair is found if both are of one family, and an element that mirrors, with a turn or without, carries one to the
    other.
    """
    listed = tuple((a, b) for layer, a, b in lists.pairs if layer == families.layer)
    if not listed or "reflection" not in families.group.axes:
        return None
    mirrored = mirrored_pairs(families)
    chance = float(mirrored[np.triu_indices(len(mirrored), 1)].mean())
    return Mirrors(listed, tuple(pair for pair in listed if mirrored[pair]), chance)


def mirrored_pairs(families: Families) -> Bool[np.ndarray, "a a"]:
    """Which two units are of one family and mirror images."""
    group = families.group
    at = group.axes.index("reflection")
    flips = np.array([coordinates(group, element)[at] == 1 for element in range(len(group))])
    pairs = np.zeros((families.units,) * 2, bool)
    for index, family in enumerate(families.families):
        where = places(families, index)
        units, elements = list(where), np.array(list(where.values()))
        same = group.table[elements][:, list(family.stabiliser)]
        between = group.offsets[elements[:, None, None], same]
        pairs[np.ix_(units, units)] = (flips[between] & (between >= 0)).any(2)
    return pairs
