"""Where on their orbit a found family's units lie: elements of the group, and degrees along one of its axes."""

from collections.abc import Mapping

import numpy as np

from core.symmetry.families import Families, Family
from core.symmetry.groups import Group

FULL = 360.0
"""Degrees: every axis that closes is one full turn."""


def places(families: Families, index: int) -> dict[int, int]:
    """Unit to the element that carries the family's origin to it; duplicates lie where their like does."""
    units = np.flatnonzero(families.labels == index)
    return dict(zip(units.tolist(), families.places[units].tolist(), strict=True))


def degrees(families: Families, index: int, axis: str) -> tuple[Mapping[int, float], float]:
    """Unit to its place along ``axis`` in degrees, for the family of that index, and the period they repeat with.

    A member that is mirrored, and is not also a plain turn of the family's origin, has no place along an axis of turns
    and is left out.

    Raises
    ------
    ValueError
        if the group has no such axis, or it does not close.
    """
    group, family = families.group, families.families[index]
    at = group.axes.index(axis)
    if not group.wraps[at]:
        raise ValueError(f"the axis {axis} of {group.name} does not close")
    step = FULL / group.shape[at]
    found = {}
    for unit, place in places(families, index).items():
        turns = [coordinates(group, int(same)) for same in group.table[place, list(family.stabiliser)]]
        plain = [each[at] for each in turns if not _mirrored(group, each)]
        if plain:
            found[unit] = min(plain) * step
    return found, FULL / _repeats(group, family, at)


def coordinates(group: Group, element: int) -> tuple[int, ...]:
    """The element's step along each axis of its group."""
    return tuple(int(each) for each in np.unravel_index(element, group.shape))


def _mirrored(group: Group, steps: tuple[int, ...]) -> bool:
    return any(axis == "reflection" and step for axis, step in zip(group.axes, steps, strict=True))


def _repeats(group: Group, family: Family, at: int) -> int:
    """How often a full turn along the axis alone brings the family back onto itself."""
    steps = (coordinates(group, element) for element in family.stabiliser)
    return sum(not any(each[:at] + each[at + 1 :]) for each in steps)
