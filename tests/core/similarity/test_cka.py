"""CKA against its definition, its invariances, planted similarity, and intervals that cover."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, NotFinite, UnknownName
from core.similarity import cka, cka_matrix
from core.similarity.hsic import gram, hsic, hsic_redrawn
from core.testing import planted_classifier


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_fours(x, y, weights=None):
    """HSIC from its definition: the mean over all fours of different inputs of K_ij (L_ij + L_kl - 2 L_ik)."""
    k, el = x @ x.T, y @ y.T
    w = np.ones(len(x)) if weights is None else weights
    total = mass = 0.0
    for i, j, q, r in itertools.permutations(range(len(x)), 4):
        weight = w[i] * w[j] * w[q] * w[r]
        total += weight * float(k[i, j] * (el[i, j] + el[q, r] - 2 * el[i, q]))
        mass += weight
    return total / mass


def test_hsic_is_the_mean_over_all_fours():
    x, y = normal(7, 3), normal(7, 2, seed=1)
    assert hsic(gram(x), gram(y)) == pytest.approx(by_fours(x, y), rel=1e-9)


def test_redrawn_hsic_without_repeats_in_a_four_counts_each_input_as_often_as_drawn():
    x, y = normal(6, 3), normal(6, 2, seed=1)
    weights = np.array([2.0, 0.0, 1.0, 1.0, 3.0, 1.0])
    found = hsic_redrawn(gram(x), gram(y), torch.from_numpy(weights)[:, None])
    assert float(found[0]) == pytest.approx(by_fours(x, y, weights), rel=1e-8)


@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_rotation_scale_and_shift_change_nothing(seed, scale):
    x, y = normal(30, 5, seed=seed), normal(30, 4, seed=seed + 1)
    y[:, :2] += x[:, :2]
    rotation = torch.linalg.qr(normal(5, 5, seed=seed + 2)).Q
    one, other = cka(x, y), cka(x @ rotation * scale + 7, y)
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert other.low == pytest.approx(one.low, abs=1e-9)
    assert cka(x, x @ rotation * scale).estimate == pytest.approx(1, abs=1e-9)


def test_a_half_shared_pair_has_the_value_that_its_covariances_say():
    # CKA of the whole population is |cov(x, y)|^2 / (|cov(x)| |cov(y)|): here 4 / (sqrt(8) sqrt(8)) = 1/2
    x = normal(1500, 8)
    y = torch.cat([x[:, :4], normal(1500, 4, seed=1)], 1)
    found = cka(x, y)
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.05


def test_unrelated_layers_are_near_zero_even_with_more_units_than_inputs():
    x, y = normal(100, 2000), normal(100, 2000, seed=1)
    found = cka(x, y)
    assert abs(found.estimate) < 0.05  # the usual, biased one says 0.95 here
    assert found.low < 0 < found.high


def test_intervals_cover():
    hits = 0
    for trial in range(60):
        x = normal(60, 6, seed=10 * trial)
        y = torch.cat([x[:, :3], normal(60, 3, seed=10 * trial + 1)], 1)
        found = cka(x, y, seed=trial)
        hits += found.low <= 0.5 <= found.high
    assert hits >= 52  # of 60; 95 % would be 57


def test_a_noisy_copy_is_less_alike_the_more_noise():
    x = normal(200, 10)
    scores = [cka(x, x + noise * normal(200, 10, seed=1)).estimate for noise in (0.0, 0.5, 1.0, 3.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1)


def test_the_table_agrees_with_one_pair_at_a_time():
    subject = planted_classifier(seed=0)
    images = torch.rand(400, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    found = cka_matrix(subject, images, batch_size=25)
    assert found.rows == tuple(subject.layers)
    assert np.allclose(found.estimate.diagonal(), 1)
    assert np.allclose(found.estimate, found.estimate.T)
    from core.activations import capture

    values = capture(subject, images, ["conv", "relu", "head"])
    for pair in itertools.combinations(("conv", "relu", "head"), 2):
        whole, streamed = cka(values[pair[0]], values[pair[1]]), found.interval(*pair)
        assert streamed.low - 0.03 < whole.estimate < streamed.high + 0.03
        assert abs(streamed.estimate - whole.estimate) < 0.05


def test_the_tables_intervals_cover_with_few_batches():
    subject, names = planted_classifier(seed=0), ["conv", "head"]
    generator = torch.Generator().manual_seed(0)

    def images(n):
        small = torch.rand(n, 3, 4, 4, generator=generator)
        return torch.nn.functional.interpolate(small, size=(12, 12))

    truth = cka_matrix(subject, images(4000), names, batch_size=50).estimate[0, 1]
    found = [cka_matrix(subject, images(64), names, batch_size=8, seed=k).interval(*names) for k in range(20)]
    assert sum(one.low <= truth <= one.high for one in found) >= 16  # of 20; 95 % would be 19


def test_two_subjects_and_one_that_is_a_rotation_of_the_other():
    one, other = planted_classifier(seed=0), planted_classifier(seed=1)
    images = torch.rand(200, 3, 12, 12)
    across = cka_matrix(one, images, ["conv"], other=other, other_layers=["conv", "head"], batch_size=20)
    assert across.estimate.shape == (1, 2)
    same = cka_matrix(
        one, images, ["conv"], other=planted_classifier(seed=0), other_layers=["conv"], batch_size=20
    )
    assert same.estimate[0, 0] == pytest.approx(1, abs=1e-6)
    assert across.estimate[0, 0] < 1


def test_a_layer_that_says_the_same_of_everything_has_no_cka():
    subject = planted_classifier(seed=0)
    subject.module.head.weight.data.zero_()
    found = cka_matrix(subject, torch.rand(64, 3, 12, 12), ["conv", "head"], batch_size=8)
    assert np.isnan(found.estimate[0, 1])
    assert found.estimate[0, 0] == pytest.approx(1)


def test_bad_input_is_one_sentence():
    x = normal(20, 3)
    for a, b, error, message in (
        (x, x[:9], BadInput, "given 20 and 9"),
        (x[:5], x[:5], BadInput, "8 to 8,000 inputs at once; given 5"),
        (x, torch.ones(20, 3), BadInput, "the second activations are the same for all 20 inputs"),
        (x, x / 0, NotFinite, "the second activations hold NaN or infinity"),
    ):
        with pytest.raises(error, match=message):
            cka(a, b)
    subject = planted_classifier(seed=0)
    with pytest.raises(BadInput, match="8 batches of at least 4 images; given 40 images in batches of 32"):
        cka_matrix(subject, torch.rand(40, 3, 12, 12))
    with pytest.raises(UnknownName, match="nearest valid one is 'conv'"):
        cka_matrix(subject, torch.rand(400, 3, 12, 12), ["cnv"])
