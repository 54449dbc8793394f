"""Where a family's members stand on a page: around a ring, along a strip, or in a grid, by their place in the group."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGEST, SMALLEST = 17.0, 5.0
"""Side of a picture on a ring, in hundredths of the ring's box."""

MARGIN = 6.0
"""Hundredths of the box outside the pictures, for the labels of places."""

CORNER = 0.6
"""How far a picture reaches beyond its middle on a ring, in sides: its corners where it stands at a slant."""

INNERMOST = 0.8
"""How near the middle of a ring pictures may stand, in sides."""

NAMED = 8
"""Places of a ring that are named, about; the others have their label as a tooltip."""


@dataclass(frozen=True)
class Spot:
    """One picture on a ring: its middle and side in hundredths of the box; ``echo`` where the unit stands again."""

    member: Mapping[str, Any]
    x: float
    y: float
    side: float
    echo: bool = False


@dataclass(frozen=True)
class Ring:
    """Spots, the places that nobody holds, and labels; each of the latter as (x, y, text)."""

    title: str
    spots: Sequence[Spot]
    holes: Sequence[tuple[float, float, str]]
    side: float
    labels: Sequence[tuple[float, float, str]]
    hidden: int
    radius: float


@dataclass(frozen=True)
class Cell:
    """One place of a strip or a grid with who stands there, and who stands there again."""

    place: int
    label: str
    members: Sequence[Mapping[str, Any]]


def shown_as(group: Mapping[str, Any]) -> str:
    """``ring``, ``rings`` (one as it is, one mirrored), ``strip`` or ``grid``.

    >>> shown_as({"shape": [24], "wraps": [True]}), shown_as({"shape": [2], "wraps": [True]})
    ('ring', 'strip')
    >>> shown_as({"shape": [2, 24], "wraps": [True, True]}), shown_as({"shape": [6, 24], "wraps": [True, True]})
    ('rings', 'grid')
    """
    shape, wraps = group["shape"], group["wraps"]
    if len(shape) == 1:
        return "ring" if wraps[0] and shape[0] > 2 else "strip"
    return "rings" if shape[0] == 2 and len(shape) == 2 and wraps[1] and shape[1] > 2 else "grid"


def rings(family: Mapping[str, Any], group: Mapping[str, Any]) -> list[Ring]:
    """A family on one ring, or on one for each value of the group's first axis; 0 is at the right, + goes up and left.

    Who is the same after some turns stands at all of those places, once in full. Those for whom there is no room on
    the ring stand further in.

    >>> group = {"shape": [4], "wraps": [True], "labels": ["0", "90", "180", "270"], "axes": ["rotation"]}
    >>> member = {"unit": 7, "place": 1, "places": [1]}
    >>> ring, = rings({"members": [member]}, group)
    >>> ring.spots[0].x, ring.spots[0].y < 50, [text for *_, text in ring.holes]
    (50.0, True, ['0', '180', '270'])
    """
    count = group["shape"][-1]
    made = []
    for which in range(len(group["labels"]) // count):
        slots = range(which * count, (which + 1) * count)
        standing = [
            [_standing(one, slot) for one in family["members"] if slot in one["places"]] for slot in slots
        ]
        labels = [group["labels"][slot] for slot in slots]
        title = "" if len(group["shape"]) == 1 else ("as they are", "mirrored")[which]
        made.append(_ring(title, standing, labels))
    return made


def strip(family: Mapping[str, Any], group: Mapping[str, Any]) -> list[Cell]:
    """A family along a line: a cell for every place.

    >>> cells = strip({"members": [{"unit": 7, "place": 1, "places": [1]}]}, {"labels": ["a", "b"]})
    >>> [(cell.label, len(cell.members)) for cell in cells]
    [('a', 0), ('b', 1)]
    """
    return [
        Cell(slot, label, tuple(one for one in family["members"] if slot in one["places"]))
        for slot, label in enumerate(group["labels"])
    ]


def grid(
    family: Mapping[str, Any], group: Mapping[str, Any]
) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """A family over a product of groups: labels of the columns, and rows with theirs.

    >>> group = {"shape": [2, 3], "labels": ["a, x", "a, y", "a, z", "b, x", "b, y", "b, z"]}
    >>> columns, rows = grid({"members": [{"unit": 7, "place": 4, "places": [4]}]}, group)
    >>> columns, [(label, [len(cell.members) for cell in cells]) for label, cells in rows]
    (['x', 'y', 'z'], [('a', [0, 0, 0]), ('b', [0, 1, 0])])
    """
    count, cells = group["shape"][-1], strip(family, group)
    columns = [cell.label.rpartition(", ")[2] for cell in cells[:count]]
    rows = [
        (cells[first].label.rpartition(", ")[0] or f"row {first // count}", cells[first : first + count])
        for first in range(0, len(cells), count)
    ]
    return columns, rows


def _standing(member: Mapping[str, Any], slot: int) -> tuple[Mapping[str, Any], bool]:
    return member, slot != member["place"]


def _ring(
    title: str, standing: Sequence[Sequence[tuple[Mapping[str, Any], bool]]], labels: Sequence[str]
) -> Ring:
    slots = [slot for slot, here in enumerate(standing) for _ in here]
    side, middles = _fitting(slots, len(labels))
    radius = _radius(side)
    everybody = [one for here in standing for one in here]
    spots = [
        Spot(member, *middle, side, echo)
        for (member, echo), middle in zip(everybody, middles, strict=True)
        if middle is not None
    ]
    holes = [
        (*_at(slot, len(labels), radius), labels[slot]) for slot, here in enumerate(standing) if not here
    ]
    step = max(1, round(len(labels) / NAMED))
    named = [(*_at(slot, len(labels), 50 - MARGIN / 3), labels[slot]) for slot in range(0, len(labels), step)]
    return Ring(title, spots, holes, side, named, middles.count(None), radius)


def _fitting(slots: Sequence[int], count: int) -> tuple[float, list[tuple[float, float] | None]]:
    """The largest side at which everybody has room, and where each then stands; None for whom there is never room."""
    sides = [float(side) for side in np.arange(LARGEST, SMALLEST - 0.01, -0.5)]
    for side in sides:
        found = _placed(slots, count, side)
        if None not in found:
            return side, found
    return sides[-1], _placed(slots, count, sides[-1])


def _placed(slots: Sequence[int], count: int, side: float) -> list[tuple[float, float] | None]:
    """Each on the ring, or as little further in as it takes not to touch anybody."""
    taken: list[tuple[float, float]] = []
    found: list[tuple[float, float] | None] = []
    for slot in slots:
        inwards = np.arange(_radius(side), INNERMOST * side, -_step(slot, count, side) / 2)
        free = (_at(slot, count, float(radius)) for radius in inwards)
        spot = next((middle for middle in free if _apart(middle, taken, side)), None)
        taken += [] if spot is None else [spot]
        found.append(spot)
    return found


def _apart(middle: tuple[float, float], taken: Sequence[tuple[float, float]], side: float) -> bool:
    return all(max(abs(middle[0] - x), abs(middle[1] - y)) >= 1.02 * side for x, y in taken)


def _radius(side: float) -> float:
    return 50 - MARGIN - CORNER * side


def _step(slot: int, count: int, side: float) -> float:
    """How much further in the next of a place stands: squares at a slant need more room than one above the other."""
    angle = 2 * math.pi * slot / count
    return 1.05 * side / max(abs(math.cos(angle)), abs(math.sin(angle)))


def _at(slot: int, count: int, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * slot / count
    return round(50 + radius * math.cos(angle), 2), round(50 - radius * math.sin(angle), 2)
