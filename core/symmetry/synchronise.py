"""synchronised(): one place for each member of a family, from all offsets between any two of them at once."""

import numpy as np
from jaxtyping import Float, Int

from core.symmetry.groups import Group

ROUNDS = 50
SOFT = 8
"""Rounds in which members still lean to several places before each takes one."""

LARGE = 20_000_000
"""Entries of all offsets between all places of all members above which members take places at once."""


def synchronised(
    values: Float[np.ndarray, "g m m"], group: Group, start: Int[np.ndarray, "m"]
) -> Int[np.ndarray, "m"]:
    """Places of m units on their orbit that make the likeness at all pairwise offsets together as large as they can.

    Joint alignment by projected power iterations [chen2018]: from the given places and from every member's own view of
    the others, first softly, then one member at a time so that the total never falls; the best end is taken. Offsets
    that come back to where they began (a to b to c to a) hold by construction. NaN where a likeness is not known.

    >>> from core.symmetry.groups import cyclic
    >>> group, places = cyclic("rotation", 6), np.array([0, 2, 5])
    >>> values = np.zeros((6, 3, 3)); offsets = group.offsets[places[:, None], places]
    >>> np.put_along_axis(values, offsets[None], 1.0, 0)
    >>> synchronised(values, group, np.array([0, 0, 0])).tolist()
    [0, 2, 5]
    """
    known = np.where(np.isfinite(values), values, -1.0)
    starts = [np.asarray(start)] + [known[:, root].argmax(0) for root in range(len(start))]
    if len(group) ** 2 * len(start) ** 2 <= LARGE:
        starts += [_leaning(known, group, places) for places in starts]
    ends = [_raised(known, group, places) for places in starts]
    best = max(ends, key=lambda places: round(total(known, group, places), 9))
    return np.asarray(group.table[best, group.inverse[best[0]]]) if group.closed else best


def total(values: Float[np.ndarray, "g m m"], group: Group, places: Int[np.ndarray, "m"]) -> float:
    """The sum over all pairs of the likeness at the offset that their places make."""
    return float(aligned(values, group, places)[~np.eye(len(places), dtype=bool)].sum())


def aligned(
    values: Float[np.ndarray, "g m m"], group: Group, places: Int[np.ndarray, "m"]
) -> Float[np.ndarray, "m m"]:
    """The likeness of every two members at the offset that their places make; -1 where that is none."""
    offsets = group.offsets[places[:, None], places]
    found = np.take_along_axis(values, np.maximum(offsets, 0)[None], 0)[0]
    return np.where(offsets >= 0, found, -1.0)


def _leaning(
    values: Float[np.ndarray, "g m m"], group: Group, start: Int[np.ndarray, "m"]
) -> Int[np.ndarray, "m"]:
    """Where members end that weigh all places by what the others, as they lean, say for each."""
    offsets = group.offsets
    said = np.where((offsets >= 0)[..., None, None], values[np.maximum(offsets, 0)], -1.0)
    said = said * ~np.eye(len(start), dtype=bool)
    leaning = np.eye(len(group))[start]
    for sharpness in np.linspace(1, 4, SOFT):
        votes = np.einsum("pqab,bq->ap", said, leaning)
        leaning = np.exp(sharpness * (votes - votes.max(1, keepdims=True)))
        leaning /= leaning.sum(1, keepdims=True)
    return np.asarray(leaning.argmax(1))


def _raised(
    values: Float[np.ndarray, "g m m"], group: Group, places: Int[np.ndarray, "m"]
) -> Int[np.ndarray, "m"]:
    places = places.copy()
    count = len(places)
    for _ in range(ROUNDS):
        before = places.copy()
        for unit in range(count):
            others = np.arange(count) != unit
            offsets = group.offsets[:, places[others]]  # from each place that it might have
            said = values[np.maximum(offsets, 0), unit, np.flatnonzero(others)]
            votes = np.where(offsets >= 0, said, -1.0).sum(1)
            if votes.max() > votes[places[unit]] + 1e-9:
                places[unit] = int(votes.argmax())
        if np.array_equal(before, places):
            break
    return places
