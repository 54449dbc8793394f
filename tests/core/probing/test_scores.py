"""Intervals cover as often as they say; AUC is scikit-learn's; one bootstrap gives what each alone would."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import r2_score, roc_auc_score

from core.probing.scores import auc_interval, by_group, r2_intervals, redrawn, variation


def test_auc_is_scikit_learns_with_ties():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 2, 300).astype(bool), rng.integers(0, 9, 300).astype(float)
    assert auc_interval(truth, guess, np.arange(300)).estimate == pytest.approx(roc_auc_score(truth, guess))


@pytest.mark.parametrize(
    ("apart", "groups", "size"), [(0.0, 60, 1), (1.0, 60, 1), (1.0, 40, 8), (2.5, 80, 4)]
)
def test_auc_intervals_cover(apart, groups, size):
    """Samples of a group share half of their variance and, mostly, their label."""
    rng, hits, truth = np.random.default_rng(1), 0, norm.cdf(apart / np.sqrt(2))
    index = np.repeat(np.arange(groups), size)
    for _ in range(400):
        labels = (rng.random(groups) < 0.5)[index] ^ (rng.random(len(index)) < 0.1)
        shared = rng.normal(size=groups)[index]
        guess = np.sqrt(0.5) * (shared + rng.normal(size=len(index))) + apart * labels
        found = auc_interval(labels, guess, index)
        hits += found.low <= truth <= found.high
    assert 0.915 <= hits / 400 <= 0.985


def test_one_side_alone_says_nothing():
    found = auc_interval(np.ones(10, bool), np.arange(10.0), np.arange(10))
    assert (found.estimate, found.low, found.high) == (0.5, 0.0, 1.0)


def test_a_perfect_order_of_few_is_not_certain():
    found = auc_interval(np.arange(20) > 9, np.arange(20.0), np.arange(20))
    assert found.estimate == found.high == 1.0
    assert 0.6 < found.low < 0.9


def test_r2_is_scikit_learns_on_every_bootstrap_sample():
    rng = np.random.default_rng(2)
    index = np.sort(rng.integers(0, 30, 200))
    index = np.unique(index, return_inverse=True)[1]
    truth = rng.normal(size=(200, 3))
    guess = truth + rng.normal(size=(200, 3))
    drawn = redrawn(int(index.max()) + 1, seed=0, draws=20)
    errors = by_group(np.square(guess - truth).sum(1, keepdims=True), index)
    spread = variation(truth, index, drawn)
    for row in (0, 7):
        chosen = np.repeat(np.arange(200), drawn[row].astype(int)[index])
        wanted = r2_score(truth[chosen], guess[chosen], multioutput="variance_weighted")
        assert 1 - (drawn[row] @ errors)[0] / spread[row] == pytest.approx(wanted)
    (found,) = r2_intervals(errors, spread[:, None], drawn)
    assert found.low < found.estimate < found.high
