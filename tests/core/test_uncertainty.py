"""Intervals cover as often as they say."""

import numpy as np
import pytest
from scipy.stats import binomtest

from core.uncertainty import bootstrap_interval, proportion_interval, ratio_interval


def test_bootstrap_covers_the_mean():
    rng = np.random.default_rng(0)
    hits = sum(
        interval.low <= 1.0 <= interval.high
        for seed in range(200)
        for interval in [bootstrap_interval(rng.exponential(1.0, 80), seed=seed, draws=400)]
    )
    assert 0.88 <= hits / 200 <= 0.99


def test_groups_widen_the_interval_as_they_must():
    values = np.repeat(np.random.default_rng(1).normal(size=40), 25)
    alone = bootstrap_interval(values, seed=0)
    grouped = bootstrap_interval(values, groups=np.repeat(np.arange(40), 25), seed=0)
    assert (grouped.high - grouped.low) > 3 * (alone.high - alone.low)
    assert grouped.n == 40


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 20), (99, 100), (50, 50)])
def test_wilson_agrees_with_scipy(k, n):
    truth = binomtest(k, n).proportion_ci(method="wilson")
    ours = proportion_interval(k, n)
    assert (ours.low, ours.high) == pytest.approx((truth.low, truth.high), abs=1e-9)


def test_of_five_groups_the_expanded_interval_covers_more_nearly_what_it_says():
    samples = np.random.default_rng(2).normal(size=(300, 5))

    def covered(expanded):
        found = [bootstrap_interval(one, seed=0, draws=4000, expanded=expanded) for one in samples]
        return sum(one.low <= 0 <= one.high for one in found) / len(found)

    assert covered(expanded=False) < 0.87
    assert covered(expanded=True) > 0.89


def test_numbers_that_repeat_are_redrawn_by_the_same_law():
    values = np.random.default_rng(3).integers(0, 8, 2000)
    quick = bootstrap_interval(values, seed=0, draws=4000)
    slow = bootstrap_interval(values + 1e-9 * np.arange(2000), seed=0, draws=4000)
    assert (quick.low, quick.high) == pytest.approx((slow.low, slow.high), abs=0.02)


def test_a_ratio_weighs_each_pair_by_what_is_below():
    below = np.random.default_rng(4).integers(1, 30, 500)
    above = np.random.default_rng(5).binomial(below, 0.3)
    found = ratio_interval(above, below, seed=0)
    assert found.estimate == above.sum() / below.sum()
    assert found.low < 0.3 < found.high
    assert found.high - found.low == pytest.approx(3.92 * np.sqrt(0.21 / below.sum()), rel=0.2)
