"""The planted truth in the form in which a search answers."""

import functools

import numpy as np
import pytest

from core.provenance import provenance
from core.testing.families import planted_families


@pytest.fixture(scope="session")
def sown():
    """Planted families by kind and depth, with seed 20: made once, read by many."""
    return functools.cache(lambda kind, depth=1: planted_families(kind, seed=20, depth=depth))


@pytest.fixture
def families_in():
    """What a search of a planted layer should find, as ``Families``."""
    from core.symmetry.families import Families, Family, Member

    def answer(planted):
        families = []
        for number in range(planted.family.max() + 1):
            units = np.flatnonzero((planted.family == number) & (planted.twin < 0))
            members = tuple(Member(int(unit), int(planted.place[unit])) for unit in units)
            if len(members) > 1:
                families.append(Family(members, 1.0, 1.0, planted.stabilisers[number]))
        placed = {member.unit for family in families for member in family.members}
        twins = np.flatnonzero(planted.twin >= 0)
        copies = {unit: tuple(np.flatnonzero(planted.twin == unit).tolist()) for unit in planted.twin[twins]}
        return Families(
            layer=planted.layer,
            group=planted.group,
            units=len(planted.family),
            families=tuple(families),
            invariant=tuple(np.flatnonzero(planted.family == -2).tolist()),
            duplicates=tuple((int(unit), *others) for unit, others in copies.items() if int(unit) in placed),
            dead=tuple(np.flatnonzero(planted.family == -4).tolist()),
            threshold=0.5,
            false_discovery=0.05,
            why="planted",
            provenance=provenance(),
        )

    return answer
