"""Concept vectors against scikit-learn in the full space, planted directions, and bad input."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from core.concept_vectors import PLANES, concept_vector, separating
from core.errors import BadInput, NotFinite, UnknownName


def examples(n=60, d=20, seed=0, shift=1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * np.linspace(0.5, 2, d) + 3
    has = np.arange(n) < n // 2
    direction = rng.normal(size=d)
    x[has] += shift * direction
    return x, has, direction / np.linalg.norm(direction)


@pytest.mark.parametrize(
    ("kind", "peer"),
    [
        ("logistic", lambda: LogisticRegression(tol=1e-8, max_iter=5000)),
        ("linear", lambda: SVC(kernel="linear", tol=1e-8)),
    ],
)
def test_it_is_scikit_learns_plane_in_the_whole_space(kind, peer):
    x, has, _ = examples()
    centred = x - x.mean(0)
    scale = np.sqrt((centred**2).mean())  # as many axes as dimensions: the same mean variance
    model = peer().fit(centred / scale, has)
    normal = model.coef_[0] / np.linalg.norm(model.coef_[0])
    coefficients, offset = separating(x @ x.T, has, kind)
    assert np.allclose(coefficients @ x, normal, atol=2e-3)
    assert np.array_equal(x @ (coefficients @ x) + offset > 0, model.predict(centred / scale))


def test_the_means_are_means():
    x, has, _ = examples()
    wanted = x[has].mean(0) - x[~has].mean(0)
    found = concept_vector(torch.tensor(x), has, layer="fc", concept="c", kind="means")
    assert np.allclose(found.vector, wanted / np.linalg.norm(wanted), atol=1e-5)


@pytest.mark.parametrize("kind", list(PLANES))
def test_planted_directions_are_found_and_wide_layers_cost_nothing(kind):
    rng = np.random.default_rng(0)
    direction = rng.normal(size=50_000)
    direction /= np.linalg.norm(direction)
    has = np.arange(200) < 100
    x = rng.normal(size=(200, 50_000)) * 0.02 + 20 * 0.02 * has[:, None] * direction
    found = concept_vector(torch.tensor(x), has, layer="fc", concept="c", kind=kind)
    assert float(found.vector.norm()) == pytest.approx(1, abs=1e-5)
    # with so few examples the difference of the means itself parts from the truth: cosine 0.54
    assert float(found.vector @ torch.tensor(direction, dtype=torch.float32)) > 0.5


def test_the_direction_has_the_layers_shape_and_points_to_the_concept():
    values = torch.randn(40, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    values[:20, 1, 2, 3] += 5
    found = concept_vector(values, np.arange(40) < 20, layer="conv", concept="spot")
    assert found.vector.shape == (3, 4, 5)
    assert int(found.vector.argmax()) == 1 * 20 + 2 * 5 + 3
    assert str(found) == "conv~spot"


def test_bad_input_is_one_sentence():
    x = torch.rand(30, 4)
    for labels, values, error, message in (
        (np.arange(30) < 4, x, BadInput, "concept 'striped' has 4 examples; at least 10 are needed"),
        (np.arange(30) < 25, x, BadInput, "compared with has 5 examples; at least 10"),
        (np.arange(29) < 15, x, BadInput, r"given 30 examples and labels of shape \(29,\)"),
        (np.arange(30) < 15, x / 0, NotFinite, "hold NaN or infinity"),
        (np.arange(30) < 15, torch.ones(30, 4), BadInput, "all examples have the same activations"),
    ):
        with pytest.raises(error, match=message):
            concept_vector(values, labels, layer="fc", concept="striped")
    with pytest.raises(UnknownName, match="nearest valid one is 'logistic'"):
        concept_vector(x, np.arange(30) < 15, layer="fc", concept="striped", kind="logit")
