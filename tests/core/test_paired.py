"""Paired and independent differences: scipy's p-values, the level they keep, the power they promise."""

import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test

from core.errors import BadInput
from core.paired import paired, sign_p, smallest_found
from core.unpaired import unpaired


def test_right_and_wrong_is_mcnemars():
    one = np.array([1] * 40 + [0] * 15 + [1] * 4)
    other = np.array([1] * 40 + [1] * 15 + [0] * 4)
    found = paired(one, other)
    assert found.p == pytest.approx(binomtest(4, 19).pvalue)
    assert found.estimate == pytest.approx(11 / 59)
    assert found.interval.low < 11 / 59 < found.interval.high


def test_numbers_are_scipys_permutation_test():
    rng = np.random.default_rng(0)
    one = rng.normal(size=12)
    other = one + rng.normal(0.4, 1, 12)
    theirs = permutation_test(
        (other - one,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert paired(one, other).p == pytest.approx(theirs.pvalue, abs=0.02)
    grouped = paired(np.repeat(one, 5), np.repeat(other, 5), groups=np.repeat(np.arange(12), 5))
    assert grouped.p == pytest.approx(theirs.pvalue, abs=0.02)  # repeats of one input are no more inputs
    assert grouped.interval.n == 12


@pytest.mark.parametrize("size", [4, 9, 12])
def test_two_samples_are_scipys_permutation_test(size):
    rng = np.random.default_rng(size)
    one, other = rng.normal(size=size), rng.normal(0.8, 1, size)

    def gap(a, b, axis):
        return np.mean(b, axis=axis) - np.mean(a, axis=axis)

    theirs = permutation_test((one, other), gap, vectorized=True, n_resamples=20_000, rng=1)
    assert unpaired(one, other).p == pytest.approx(theirs.pvalue, abs=0.02)


def test_the_same_twice_is_no_difference():
    values = np.random.default_rng(0).normal(size=50)
    found = paired(values, values)
    assert (found.estimate, found.p) == (0.0, 1.0)
    assert unpaired(values, values).p > 0.99


def test_by_chance_no_more_than_alpha():
    rng = np.random.default_rng(0)
    most = 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
    drawn = [sign_p(rng.normal(size=30), seed=seed) for seed in range(400)]
    exact = [sign_p(rng.choice([-1, 0, 1], 60)) for _ in range(400)]
    assert np.mean(np.array(drawn) < 0.05) <= most
    assert np.mean(np.array(exact) < 0.05) <= most


def test_the_detectable_difference_is_found_in_four_of_five():
    rng = np.random.default_rng(1)
    sample = rng.normal(size=200)
    shift = smallest_found(sample)
    hits = [sign_p(rng.normal(shift, sample.std(), 200), seed=seed) < 0.05 for seed in range(200)]
    assert 0.7 < np.mean(hits) < 0.9


def test_too_few_agents_can_show_nothing():
    assert unpaired([0.0, 0.1, 0.2], [9.0, 9.1, 9.2]).p == pytest.approx(0.1)
    assert unpaired([0.0, 0.1, 0.2, 0.3], [9.0, 9.1, 9.2, 9.3]).p < 0.05


@pytest.mark.parametrize("given", [([1.0], [2.0]), ([1.0, 2.0], [1.0]), ([1.0, np.nan], [1.0, 2.0])])
def test_bad_values_are_refused(given):
    with pytest.raises(BadInput):
        paired(*given)
