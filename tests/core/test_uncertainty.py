"""Intervals cover as often as they say."""

import numpy as np
import pytest
from scipy.stats import binomtest

from core.uncertainty import bootstrap_interval, proportion_interval


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
