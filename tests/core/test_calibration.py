"""Calibration error as defined, chance where there is nothing to find, differences where they were planted."""

import numpy as np
import pytest

from core.calibration import BINS, calibration, calibration_difference
from core.errors import BadInput


def answers(n, seed, tilt=0.0):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1.0, n)
    return confidence, rng.random(n) < confidence - tilt


def test_the_error_is_that_of_its_definition():
    confidence, right = answers(500, 0, 0.1)
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    expected = sum(
        (places == k).mean() * abs(right[places == k].mean() - confidence[places == k].mean())
        for k in range(BINS)
        if (places == k).any()
    )
    assert calibration(confidence, right).error.estimate == pytest.approx(expected)


def test_a_calibrated_classifier_errs_as_chance_does():
    inside = 0
    for seed in range(60):
        found = calibration(*answers(300, seed), seed=seed)
        inside += found.chance[0] <= found.error.estimate <= found.chance[1]
    assert inside / 60 > 0.85


def test_overconfidence_is_found():
    found = calibration(*answers(1000, 1, 0.15))
    assert found.error.estimate > found.chance[1]
    assert found.lean > 0.1


def test_swapped_answers_differ_no_more_often_than_alpha():
    hits = 0
    for seed in range(80):
        one, other = answers(200, 2 * seed), answers(200, 2 * seed + 1)
        hits += calibration_difference(one, other, seed=seed).p < 0.05
    assert hits / 80 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 80)


def test_a_planted_difference_is_found():
    found = calibration_difference(answers(1000, 0), answers(1000, 1, 0.2))
    assert found.p < 0.01
    assert found.interval.low > 0.05


def test_what_is_no_confidence_is_refused():
    with pytest.raises(BadInput):
        calibration(np.array([1.2]), np.array([True]))
