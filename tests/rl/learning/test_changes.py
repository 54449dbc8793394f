"""Planted curves: a jump is found where it is and called sudden, a slow rise is not, and noise is no change."""

import numpy as np
import pytest

from core.errors import BadInput
from core.uncertainty import Interval
from rl.learning.changes import change

STEPS = list(range(0, 2000, 100))


def drawn(truth, error, seed):
    values = np.asarray(truth) + error * np.random.default_rng(seed).standard_normal(len(truth))
    return [Interval(v, v - 1.96 * error, v + 1.96 * error, 100) for v in values]


def test_a_jump_is_found_where_it_is():
    truth, held = [0.1] * 12 + [0.8] * 8, 0
    for seed in range(20):
        found = change(STEPS, drawn(truth, 0.03, seed))
        assert found.begins.estimate == 1100
        assert found.ends.estimate == 1200
        assert found.sudden
        held += found.rise.low < 0.7 < found.rise.high
    assert held >= 17


def test_a_slow_rise_is_no_sudden_one():
    truth = np.clip((np.arange(20) - 3) / 13, 0, 1)
    for seed in range(20):
        found = change(STEPS, drawn(truth, 0.03, seed))
        assert not found.sudden
        assert found.begins.low <= 300 <= found.begins.high
        assert found.ends.low <= 1600 <= found.ends.high


def test_the_intervals_hold_the_truth_as_often_as_they_say():
    truth = np.clip((np.arange(20) - 6) / 4, 0, 1) * 0.5
    held = []
    for seed in range(100):
        found = change(STEPS, drawn(truth, 0.05, seed), seed=seed, draws=300)
        held += [
            found.begins.low <= 600 <= found.begins.high,
            found.ends.low <= 1000 <= found.ends.high,
            found.rise.low <= 0.5 <= found.rise.high,
        ]
    assert np.mean(held) >= 0.93


def test_noise_is_no_change():
    # The best of all ramps is fitted to noise; redrawn, it must not look like a rise more often than it should.
    claimed = [change(STEPS, drawn([0.5] * 20, 0.05, seed), draws=300) is not None for seed in range(100)]
    assert np.mean(claimed) <= 0.10


def test_a_fall_is_a_change():
    found = change(STEPS, drawn([0.9] * 5 + [0.2] * 15, 0.02, 0))
    assert found.rise.high < 0
    assert found.ends.estimate == 500


def test_few_moments_tell_nothing_and_unordered_ones_are_refused():
    assert change(STEPS[:5], drawn([0, 0, 1, 1, 1], 0.01, 0)) is None
    with pytest.raises(BadInput, match="in order"):
        change([0, 5, 3, 8, 9, 10], drawn([0] * 6, 0.01, 0))
