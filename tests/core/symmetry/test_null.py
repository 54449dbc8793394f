"""What chance gives: rare likeness of few pairs is believed, what a shuffled network reaches is not."""

import numpy as np
import pytest

from core.provenance import Provenance
from core.symmetry.families import find
from core.symmetry.groups import two
from core.symmetry.likeness import Likeness
from core.symmetry.null import by_chance

UNITS = 24


def alike(seed: int, pairs: int = 0, *, likeness: float = 0.9, spread: float = 0.15) -> Likeness:
    """Units as alike as random numbers are, but for some pairs, each the other mirrored."""
    rng = np.random.default_rng(seed)
    values = np.tanh(rng.normal(0, spread, (2, UNITS, UNITS)))
    values[1] = (values[1] + values[1].T) / 2
    values[0] = np.eye(UNITS)
    for first in range(0, 2 * pairs, 2):
        values[1, first, first + 1] = values[1, first + 1, first] = likeness
    values = values.astype(np.float32)
    return Likeness(
        layer="made",
        group=two("reflection", labels=("as is", "mirrored")),
        values=values,
        halves=(values, values),
        background=np.tanh(rng.normal(0, 0.05, (4, UNITS, UNITS))).astype(np.float32),
        spread=np.ones(UNITS, np.float32),
        alive=np.ones(UNITS, bool),
        inputs=100,
        positions=16,
        provenance=Provenance(),
    )


@pytest.mark.parametrize("pairs", [1, 3, 8])
def test_few_pairs_that_chance_does_not_come_near_are_believed(pairs):
    threshold = by_chance(alike(0, pairs), [alike(1)], level=0.05)
    assert threshold.least == pytest.approx(0.9)
    assert threshold.false_discovery < 0.01


def test_pairs_as_alike_as_the_shuffled_networks_best_are_not():
    null = alike(1, 3, likeness=0.8)
    assert by_chance(alike(0, 3, likeness=0.8), [null], level=0.05).least == 1


def test_of_several_shuffled_networks_the_strictest_counts():
    real, near, far = alike(0, 3, likeness=0.8), alike(1, 3, likeness=0.8), alike(2)
    assert by_chance(real, [far], level=0.05).least < 1
    assert by_chance(real, [far, near], level=0.05).least == 1
    assert not find(real, null=[near, far]).families
    assert find(real, null=far).families


def test_where_there_is_nothing_one_search_in_twenty_claims_something():
    claimed = [
        by_chance(alike(seed, spread=0.4), [alike(seed + 1000, spread=0.4)], level=0.05).least < 1
        for seed in range(200)
    ]
    assert np.mean(claimed) <= 0.1


def test_too_few_pairs_for_a_tail_are_counted_with_one_more():
    real, null = alike(0, 8), alike(1)
    few = np.arange(UNITS) < 4
    null = Likeness(**{**{name: getattr(null, name) for name in null.__dataclass_fields__}, "alive": few})
    assert by_chance(real, [null], level=0.05).least == 1  # one in six, times 276 pairs: nothing can be said


def test_where_nothing_stands_out_invariant_units_and_copies_are_told_all_the_same():
    real, null = alike(0), alike(1)
    real.values[1, 5, 5] = 0.9
    real.values[0, 2, 3] = real.values[0, 3, 2] = 0.99
    found = find(real, null=null)
    assert found.threshold == 1
    assert (found.families, found.invariant, found.duplicates) == ((), (5,), ((2, 3),))
