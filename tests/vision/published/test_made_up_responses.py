"""From made-up responses to the score: units that answer as was published are found, and score what is known."""

import numpy as np
import pytest

from core.provenance import provenance
from core.symmetry.families import find
from core.symmetry.groups import cyclic
from core.symmetry.likeness import Likeness, symmetric
from vision.published.reading import inceptionv1
from vision.published.scoring import score

LISTS = inceptionv1()
TURNS = cyclic("rotation", 24)
WIDTH = 30.0
"""Degrees over which a made-up unit's tuning falls off."""


def places_of(layer):
    """A place for every unit of a published family: in the published order, or, where there is none, evenly round."""
    places = {}
    for group in LISTS.families(layer, "rotation"):
        places |= {unit: 24 * at // len(group.units) for at, unit in enumerate(group.units)}
    order = next(order for order in LISTS.orders if (order.layer, order.name) == (layer, "curves"))
    return places | {
        unit: round(angle / 15) % 24 for unit, angle in zip(order.units, order.degrees, strict=True)
    }


def likeness(layer, families, *, seed=0):
    """The likeness of a layer's units of which each answers as another of its family does to turned inputs."""
    units, places, rng = LISTS.sizes[layer], places_of(layer), np.random.default_rng(seed)
    values = rng.normal(0.1, 0.05, (24, units, units))
    turn = np.arange(24)[:, None, None]
    for members in families:
        where = np.array([places.get(unit, 24 * at // len(members)) for at, unit in enumerate(members)])
        off = 15.0 * ((turn - (where - where[:, None]) + 12) % 24 - 12)
        values[:, np.array(members)[:, None], members] = 0.95 * np.exp(-((off / WIDTH) ** 2)) + rng.normal(
            0, 0.02, (24, len(members), len(members))
        )
    for unit in range(units):  # nobody stays what it is when turned
        values[:, unit, unit] = np.where(np.arange(24) == 0, 1.0, np.minimum(values[:, unit, unit], 0.5))
    values = symmetric(values.clip(-1, 1), TURNS).astype(np.float32)
    still = rng.normal(0.1, 0.02, (4, units, units)).astype(np.float32)
    one = np.ones(units, np.float32)
    return Likeness(layer, TURNS, values, (values, values), still, one, one > 0, 500, 16, provenance())


@pytest.fixture(scope="module")
def published():
    return [list(group.units) for group in LISTS.families("mixed3a", "rotation")]


def test_responses_as_published_score_one(published):
    found = score(find(likeness("mixed3a", published)))
    assert (found.partition.precision, found.partition.recall) == (1, 1)
    assert {match.f1 for match in found.partition.matches} == {1}
    curves = next(order for order in found.orders if order.name == "curves")
    assert curves.together == curves.listed == 11
    assert curves.correlation > 0.98
    assert all(each.known for each in found.beside)


def test_responses_with_known_mistakes_score_what_they_are_worth(published):
    """Three units of Curves answer like High-Low Frequency ones, and four units of Texture like each other."""
    names = [group.name for group in LISTS.families("mixed3a", "rotation")]
    curves, high_low = names.index("Curves"), names.index("High-Low Frequency")
    texture = next(group.units for group in LISTS.of("mixed3a") if group.name == "Texture")
    wrong = [list(each) for each in published]
    wrong[high_low] += wrong[curves][:3]
    wrong[curves] = wrong[curves][3:]
    found = score(find(likeness("mixed3a", [*wrong, list(texture[:4])])))

    def pairs(count):
        return count * (count - 1) // 2

    right = sum(pairs(len(each)) for each in published) - 3 * 8  # the three are not with the other eight
    claimed = sum(pairs(len(each)) for each in wrong)  # pairs of Texture are neither right nor wrong
    assert found.partition.recall == pytest.approx(right / sum(pairs(len(each)) for each in published))
    assert found.partition.precision == pytest.approx(right / claimed)
    best = {match.name: match.f1 for match in found.partition.matches}
    assert best["Curves"] == pytest.approx(2 * 8 / (11 + 8))
    assert best["High-Low Frequency"] == pytest.approx(2 * 15 / (15 + 18))
    assert best["Lines"] == 1
    assert [each.groups for each in found.beside if each.known is None] == [(("Texture", 4),)]  # a candidate
