"""Between groups: chance claims no more than it may, planted differences are found, F ratios are scipy's."""

import numpy as np
import pytest
from scipy.stats import f_oneway

from core.between import _ratios, between, closer_within, least_p, shares
from core.errors import BadInput


def test_the_ratio_is_the_usual_one():
    rng = np.random.default_rng(0)
    values, groups = rng.normal(size=(14, 3)), np.repeat([0, 1, 2], [4, 5, 5])
    ours = _ratios(values, groups, np.bincount(groups))
    for column in range(3):
        theirs = f_oneway(*(values[groups == group, column] for group in range(3))).statistic
        assert ours[column] == pytest.approx(theirs, rel=1e-4)


def test_chance_claims_anything_in_no_more_than_one_page_of_twenty():
    groups = np.repeat([0, 1], 4)
    claimed = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(8, 1)) + 0.5 * rng.normal(size=(8, 12))
        claimed += any(one.p_corrected <= 0.05 for one in between(values, groups))
    assert claimed / 300 <= 0.08


def test_a_planted_difference_is_found_among_many_measures_with_five_agents_each():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(10, 26))
    values[5:, 3] += 12
    found = between(values, np.repeat([0, 1], 5))
    assert [place for place, one in enumerate(found) if one.p_corrected < 0.05] == [3]
    assert found[3].share > 0.9
    assert found[3].p_corrected >= found[3].least == pytest.approx(2 / 252)


def test_three_against_three_can_never_be_claimed_and_says_so():
    values = np.r_[np.zeros(3), np.ones(3)][:, None]
    (found,) = between(values, np.repeat([0, 1], 3))
    assert found.p_corrected == found.least == least_p([3, 3]) == 0.1


def test_values_without_any_spread_are_no_difference():
    (found,) = between(np.ones((8, 1)), np.repeat([0, 1], 4))
    assert (found.p_corrected, found.share) == (1.0, 0.0)


def test_the_share_is_that_of_the_variance_components():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(400), 5)
    values = (rng.normal(size=400)[groups] * 2 + rng.normal(size=2000))[:, None]
    assert shares(values, groups)[0] == pytest.approx(0.8, abs=0.03)


def test_many_groups_are_drawn_and_distances_within_are_told_from_those_between():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(4), 3)
    at = rng.normal(size=(12, 2)) + 8 * np.stack([groups % 2, groups // 2], 1)
    distances = np.linalg.norm(at[:, None] - at[None], axis=2)
    within, across, p = closer_within(distances, groups)
    assert within < across
    assert p < 0.01
    assert closer_within(distances, rng.permutation(groups))[2] > 0.01


def test_groups_of_one_are_refused():
    with pytest.raises(BadInput, match=r"sizes \[1, 3\]"):
        between(np.zeros((4, 1)), np.array([0, 1, 1, 1]))
