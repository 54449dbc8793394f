"""The logistic probe has scikit-learn's coefficients and probabilities, binary and multinomial, and picks by groups."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from core.probing.logistic import PENALTIES, logistic


def problem(n, d, classes, seed):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, d)) * rng.uniform(0.2, 3, d) + rng.normal(size=d)
    scores = inputs @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes))
    return inputs, scores.argmax(1)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize(("n", "d"), [(400, 12), (80, 120)])
@pytest.mark.parametrize("penalty", [0.1, 1.0, 100.0])
def test_coefficients_and_probabilities_are_scikit_learns(n, d, classes, penalty):
    inputs, labels = problem(n, d, classes, 3)
    (ours,) = logistic(inputs, [labels], penalties=(penalty,))
    standard = (inputs - ours.mean) / ours.scale
    theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=100_000).fit(standard, labels)
    given = ours.predict(inputs)
    chances = expit(given)[:, 0] if classes == 2 else softmax(given, 1)
    wanted = theirs.predict_proba(standard)
    assert np.abs(ours.weights.T - theirs.coef_).max() < 1e-4
    assert np.abs(chances - (wanted[:, 1] if classes == 2 else wanted)).max() < 1e-4


def test_many_at_once_are_what_each_is_alone():
    inputs, first = problem(300, 8, 2, 0)
    second, third = problem(300, 8, 3, 1)[1], (inputs[:, 0] > 0).astype(int)
    labels = [first, second, third]
    for joint, labelling in zip(logistic(inputs, labels), labels, strict=True):
        (alone,) = logistic(inputs, [labelling])
        assert joint.penalty == alone.penalty
        assert np.allclose(joint.predict(inputs), alone.predict(inputs), atol=1e-4)


def test_the_penalty_is_chosen_by_whole_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    inputs = rng.normal(size=(40, 60))[groups] + 0.01 * rng.normal(size=(400, 60))
    labels = [rng.integers(0, 2, 40)[groups]]
    # Singly, a sample's twins give it away; by groups there is nothing to learn.
    assert logistic(inputs, labels)[0].penalty < logistic(inputs, labels, groups=groups)[0].penalty
    assert logistic(inputs, labels, groups=groups)[0].penalty in PENALTIES
