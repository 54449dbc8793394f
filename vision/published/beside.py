"""Found families beside the published groups: which of them are known, and which are candidates for new ones."""

from collections import Counter
from dataclasses import dataclass

from core.symmetry.families import Families
from vision.published.places import places
from vision.published.reading import Lists

MAJORITY = 0.5
"""A found family is known if a published one holds at least this share of its members, and two of them."""


@dataclass(frozen=True)
class Beside:
    """A found family's members by published group, the most frequent first; ``unlisted`` are in none.

    ``known`` is the published family that it is (a part of), None if it is new: then its members come from groups of
    which nobody said that they are families, from several, or from none.
    """

    family: int
    groups: tuple[tuple[str, int], ...]
    unlisted: int
    known: str | None


def beside(families: Families, *, lists: Lists) -> tuple[Beside, ...]:
    """Each found family beside the published groups of its layer.

    Raises
    ------
    UnknownName
        if nothing is published of the layer.
    """
    named = {unit: group for group in lists.of(families.layer) for unit in group.units}
    named |= {unit: group for group in lists.families(families.layer) for unit in group.units}
    return tuple(
        _beside(index, list(places(families, index)), named) for index in range(len(families.families))
    )


def _beside(index: int, units: list[int], named: dict) -> Beside:
    groups = Counter(named[unit].name for unit in units if unit in named)
    related = Counter(named[unit].name for unit in units if unit in named and named[unit].under)
    name, shared = next(iter(related.most_common(1)), ("", 0))
    known = name if shared >= max(2, MAJORITY * len(units)) else None
    return Beside(index, tuple(groups.most_common()), len(units) - groups.total(), known)
