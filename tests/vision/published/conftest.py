"""Families made up from lists of units: what a search would have to find."""

import pytest

from core.provenance import provenance
from core.symmetry.families import Families, Family, Member


@pytest.fixture
def made_up():
    """``made_up(layer, group, units, [{unit: place}, ...])`` -> Families with those members and no others."""

    def make(layer, group, units, members, *, duplicates=(), stabiliser=None):
        own = stabiliser or (group.identity,)
        found = tuple(
            Family(tuple(Member(unit, int(place)) for unit, place in each.items()), 0.9, 1.0, own)
            for each in members
        )
        return Families(
            layer, group, units, found, (), tuple(duplicates), (), 0.5, 0.05, "made up", provenance()
        )

    return make
