"""Scores: answers worked by hand, another library's, and what must hold for any labels, places and angles (3 s)."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from core.errors import BadInput
from core.symmetry.groups import Group, cyclic, dihedral, product, steps, two
from core.symmetry.scores import (
    adjusted_rand,
    best_match_f1,
    circular_correlation,
    order_error,
    pair_scores,
    step_distances,
)

LABELS = st.lists(st.tuples(st.integers(-4, 3), st.integers(-4, 3)), min_size=2, max_size=12)
GROUPS = (cyclic("rotation", 8), dihedral(5), product(cyclic("hue", 3), cyclic("rotation", 4)), dihedral(4))


def test_pairs_by_hand() -> None:
    # True pairs: 01 02 12, 34. Claimed: 01, 23 24 34. Both: 01, 34.
    scores = pair_scores(np.array([0, 0, 0, 1, 1, -1]), np.array([0, 0, 5, 5, 5, -2]))
    assert (scores.precision, scores.recall, scores.f1) == (2 / 4, 2 / 4, 4 / 8)


def test_nothing_claimed_and_nothing_planted() -> None:
    family, none = np.array([0, 0, 0]), np.array([-1, -1, -2])
    silent, loud, quiet = pair_scores(family, none), pair_scores(none, family), pair_scores(none, none)
    assert np.isnan(silent.precision)
    assert (silent.recall, silent.f1) == (0, 0)
    assert (loud.precision, loud.f1) == (0, 0)
    assert np.isnan(loud.recall)
    assert np.isnan(quiet.f1)


@given(LABELS)
@settings(max_examples=60, deadline=None)
def test_pairs_are_those_counted_one_by_one(labels: list[tuple[int, int]]) -> None:
    truth, found = np.array(labels).T
    sets = [
        {(a, b) for a, b in combinations(range(len(each)), 2) if each[a] == each[b] >= 0}
        for each in (truth, found)
    ]
    scores, both = pair_scores(truth, found), len(sets[0] & sets[1])
    assert np.isnan(scores.precision) if not sets[1] else scores.precision == both / len(sets[1])
    assert np.isnan(scores.recall) if not sets[0] else scores.recall == both / len(sets[0])
    swapped = pair_scores(found, truth)
    assert np.array_equal([scores.precision, scores.f1], [swapped.recall, swapped.f1], equal_nan=True)


def test_adjusted_rand_of_singletons_is_that_of_labels_of_their_own() -> None:
    truth, found = np.array([0, 0, 1, 1, 1, -1, -1]), np.array([0, 0, 0, 1, 1, -3, -3])
    by_hand = adjusted_rand_score([0, 0, 1, 1, 1, 2, 3], [0, 0, 0, 1, 1, 2, 3])
    assert adjusted_rand(truth, found) == pytest.approx(by_hand)
    assert adjusted_rand(truth, truth) == 1
    assert adjusted_rand(truth, np.full(7, -1)) == pytest.approx(0)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_order_is_right_wherever_the_family_starts(group: Group, data: st.DataObject) -> None:
    element = st.integers(0, len(group) - 1)
    truth = np.array(data.draw(st.lists(element, min_size=2, max_size=6)))
    origin = data.draw(element)
    found = group.table[truth, group.inverse[origin]]
    error = order_error(group, truth, found)
    assert (error.mean, error.worst) == (0, 0)
    assert (group.table[found, error.element] == truth).all()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_order_counts_modulo_what_leaves_the_origin_as_it_is(group: Group) -> None:
    half = next(g for g in range(len(group)) if g != group.identity and group.table[g, g] == group.identity)
    rng = np.random.default_rng(0)
    truth = rng.permutation(len(group))[:5]
    found = np.where(rng.random(5) < 0.5, truth, group.table[truth, half])
    found = group.table[found, 2]
    assert order_error(group, truth, found, stabiliser=(group.identity, half)).worst == 0


def test_order_by_hand() -> None:
    ring = cyclic("rotation", 8)
    off = order_error(ring, np.array([0, 2, 4, 6]), np.array([1, 3, 5, 0]))  # the last is one too far
    assert (off.mean, off.worst, off.element) == (0.25, 1, 7)
    reversed_ = np.array([0, 7, 6, 4])
    assert order_error(ring, np.array([0, 1, 2, 4]), reversed_).mean > 0
    turned = order_error(ring, np.array([0, 1, 2, 4]), reversed_, either_way=True)
    assert (turned.mean, turned.backwards) == (0, True)
    line = steps("scale", (0.5, 1.0, 2.0))
    assert order_error(line, np.array([0, 1]), np.array([1, 2])).worst == 0
    assert order_error(line, np.array([0, 1, 2]), np.array([2, 1, 0])).mean == pytest.approx(4 / 3)
    assert order_error(line, np.array([0, 1, 2]), np.array([2, 1, 0]), either_way=True).worst == 0


def test_steps_go_the_shorter_way_along_every_axis() -> None:
    both = product(cyclic("hue", 4), cyclic("rotation", 6))
    apart = step_distances(both)
    assert apart[0, np.ravel_multi_index((3, 5), both.shape)] == 2
    assert apart[0, np.ravel_multi_index((2, 3), both.shape)] == 5 == apart.max()
    assert (apart == apart.T).all()
    assert step_distances(two("mirror", labels=("a", "b"))).tolist() == [[0, 1], [1, 0]]
    assert step_distances(steps("scale", (0.5, 1.0, 2.0)))[0].tolist() == [0, 1, 2]


ANGLES = st.lists(st.floats(0, 360), min_size=3, max_size=12).map(np.array)


@given(ANGLES, st.floats(-400, 400))
@settings(max_examples=60, deadline=None)
def test_angles_go_together_up_to_an_offset(angles: np.ndarray, offset: float) -> None:
    value = circular_correlation(angles, angles + offset)
    backwards = circular_correlation(angles, offset - angles)
    if np.isnan(value):
        assert np.ptp(np.exp(2j * np.radians(angles))) == pytest.approx(0, abs=1e-3)
        return
    assert value == pytest.approx(1, abs=1e-6)
    assert backwards == pytest.approx(-1, abs=1e-6)
    assert circular_correlation(angles, offset - angles, either_way=True) == pytest.approx(1, abs=1e-6)


@given(ANGLES, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_circular_correlation_is_symmetric_and_at_most_one(angles: np.ndarray, seed: int) -> None:
    other = np.random.default_rng(seed).uniform(0, 360, len(angles))
    value, back = circular_correlation(angles, other), circular_correlation(other, angles)
    assert np.isnan(value) or (abs(value) <= 1 + 1e-9 and value == pytest.approx(back, abs=1e-9))
    half = circular_correlation(angles / 2, other / 2, 180.0)
    assert np.isnan(value) or half == pytest.approx(value, abs=1e-9)


def textbook(a: np.ndarray, b: np.ndarray) -> float:
    """Jammalamadaka and Sarma's, about the mean directions."""
    a, b = (np.sin(each - np.angle(np.exp(1j * each).mean())) for each in (np.radians(a), np.radians(b)))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def test_a_circular_correlation_is_the_textbooks_where_angles_have_a_mean_direction() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        a = rng.normal(50, 25, 40)
        b = a + rng.normal(0, 25, 40) - 120
        assert circular_correlation(a, b) == pytest.approx(textbook(a, b), abs=0.06)


def test_whole_rings_are_told_from_chance() -> None:
    ring = np.arange(12) * 30.0
    rng = np.random.default_rng(2)
    assert circular_correlation(ring, ring + rng.normal(0, 5, 12)) > 0.98
    chance = [abs(circular_correlation(ring, rng.permutation(ring))) for _ in range(200)]
    assert np.mean(chance) < 0.4
    assert circular_correlation(
        np.array([0.0, 90.0, 180.0, 270.0]), np.array([0.0, 180.0, 90.0, 270.0])
    ) == pytest.approx(0, abs=1e-9)


def test_best_matches_by_hand() -> None:
    found = np.array([4, 4, 4, 9, 9, -1, -1, 4])
    best = best_match_f1({"curves": [0, 1, 2, 3], "alone": [5, 6], "pair": [3, 4]}, found)
    assert (best["curves"].label, best["curves"].precision, best["curves"].recall, best["curves"].f1) == (
        4,
        0.75,
        0.75,
        0.75,
    )
    assert (best["alone"].label, best["alone"].f1) == (-1, 0)
    assert (best["pair"].label, best["pair"].f1) == (9, 1)


def test_bad_input_is_one_sentence() -> None:
    ring = cyclic("rotation", 8)
    with pytest.raises(BadInput, match="one label for every unit"):
        pair_scores(np.array([0, 1]), np.array([0]))
    with pytest.raises(BadInput, match="elements 0 to 7"):
        order_error(ring, np.array([0, 8]), np.array([0, 1]))
    with pytest.raises(BadInput, match="2 places found for 3"):
        order_error(ring, np.array([0, 1, 2]), np.array([0, 1]))
    with pytest.raises(BadInput, match="three units"):
        circular_correlation(np.zeros(2), np.zeros(2))
    with pytest.raises(BadInput, match="'curves' names units"):
        best_match_f1({"curves": [7]}, np.array([0, 0]))
