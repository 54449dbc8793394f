"""Histograms hold what numpy counts, whatever the order; every image of a bin is as likely to stand for it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_viz.examples.histogram import BINS, counted, no_bins, summary


def filled(scores, cuts=(), order=None):
    """The histogram of scores (n, c) in an order, in batches cut at ``cuts``."""
    order = np.arange(len(scores)) if order is None else order
    held = no_bins(scores.shape[1])
    for batch in np.split(order, sorted(cuts)):
        if len(batch):
            held = counted(held, scores[batch], batch, lambda index, unit: (index % 7, unit))
    return summary(held)


KINDS = {
    "normal": lambda rng, n: rng.normal(size=(n, 5)),
    "relu": lambda rng, n: np.maximum(0, rng.normal(size=(n, 5)) - 1),
    "growing": lambda rng, n: rng.normal(size=(n, 5)) * np.exp(np.linspace(-8, 8, n))[:, None],
    "tiny spread": lambda rng, n: 1000 + rng.normal(size=(n, 5)) * 1e-3,
    "constant": lambda rng, n: np.tile([0.0, 1.0, -3.0, 1e30, -1e-30], (n, 1)),
    "both signs": lambda rng, n: rng.normal(size=(n, 5)) * [1e-6, 1, 1e6, -1, 1e-20],
}


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 300))
@settings(max_examples=8, deadline=None)
def test_it_equals_numpy_in_any_order_and_batches(kind, seed, count):
    rng = np.random.default_rng(seed)
    scores = KINDS[kind](rng, count).astype(np.float32)
    answers = [
        filled(scores),
        filled(scores, cuts=rng.integers(0, count + 1, 5)),
        filled(scores, cuts=range(1, count), order=rng.permutation(count)),
    ]
    for name in ("counts", "low", "width", "index", "score", "row", "column"):
        first, *others = (getattr(answer, name).numpy() for answer in answers)
        assert all(np.array_equal(first, other) for other in others), name
    held = answers[0]
    for unit in range(5):
        low, width = float(held.low[unit]), float(held.width[unit])
        edges = low + width * np.arange(BINS + 1)
        expected, _ = np.histogram(scores[:, unit].astype(float), edges)
        np.testing.assert_array_equal(held.counts[:, unit].numpy(), expected)
        assert held.counts[:, unit].sum() == count
        assert np.log2(width) == round(np.log2(width))
        occupied = held.counts[:, unit].numpy() > 0
        index = held.index[:, unit].numpy()
        assert ((index >= 0) == occupied).all()
        for at in occupied.nonzero()[0]:
            assert edges[at] <= scores[index[at], unit] < edges[at + 1]
            assert held.score[at, unit] == scores[index[at], unit]
            assert (held.row[at, unit], held.column[at, unit]) == (index[at] % 7, unit)


def test_the_range_is_well_used():
    scores = np.random.default_rng(0).uniform(-5, 9, (2000, 3)).astype(np.float32)
    assert (filled(scores).counts > 0).sum(0).min() >= BINS // 2 - 1


def test_every_image_of_a_bin_is_as_likely_to_stand_for_it():
    scores = np.zeros((20, 1), np.float32)
    stood = [
        int(summary(counted(no_bins(1), scores, 20 * trial + np.arange(20), lambda i, u: (i, u))).index.max())
        % 20
        for trial in range(2000)
    ]
    counts = np.bincount(stood, minlength=20)
    assert ((counts - 100) ** 2 / 100).sum() < 43.8  # the chi-squared 99.9 % point of 19 degrees of freedom
