"""Ridge gives what scikit-learn gives, in either regime, singly and by groups."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Peer
from sklearn.linear_model import RidgeCV

from core.probing.ridge import PENALTIES, ridge


def problem(n, d, seed, noise):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, d)) * rng.uniform(0.1, 5, d) + rng.normal(size=d)
    return inputs, inputs @ rng.normal(size=(d, 3)) + noise * rng.normal(size=(n, 3))


@pytest.mark.parametrize(("n", "d"), [(120, 10), (60, 200)])
@pytest.mark.parametrize("noise", [0.1, 30.0])
def test_leaving_out_one_agrees_with_ridgecv(n, d, noise):
    inputs, targets = problem(n, d, 0, noise)
    ours = ridge(inputs, targets)
    scale = np.sqrt(inputs.var(0).mean())
    theirs = RidgeCV(alphas=PENALTIES, alpha_per_target=True).fit(inputs / scale, targets)
    assert np.array_equal(ours.penalty, theirs.alpha_)
    fresh = np.random.default_rng(1).normal(size=(20, d))
    assert np.allclose(ours.predict(fresh), theirs.predict(fresh / scale), rtol=1e-6, atol=1e-6)


def test_groups_are_left_out_whole():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 6)
    inputs = rng.normal(size=(20, 30))[groups] + 0.01 * rng.normal(size=(120, 30))
    targets = rng.normal(size=(20, 1))[groups]
    # Singly, a sample's twins give it away and the smallest penalties win; by groups there is nothing to learn.
    assert ridge(inputs, targets).penalty[0] < ridge(inputs, targets, groups=groups).penalty[0]


def test_a_constant_input_does_no_harm():
    inputs, targets = problem(50, 4, 2, 0.1)
    inputs = np.concatenate([inputs, np.full((50, 1), 3.0)], 1)
    found = ridge(inputs, targets)
    assert np.isfinite(found.weights).all()
    scale = np.sqrt(inputs.var(0).mean())
    peer = Peer(alpha=found.penalty).fit(inputs / scale, targets)
    assert np.allclose(found.predict(inputs), peer.predict(inputs / scale), atol=1e-6)


def test_a_unit_that_hardly_ever_fires_spoils_no_score():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 5))
    rare = np.zeros((400, 1))
    rare[7] = 1e-3
    targets = inputs[:, :1] + 0.1 * rng.normal(size=(400, 1))
    found = ridge(np.concatenate([inputs, rare], 1), targets)
    fires = np.concatenate([inputs[:1], np.full((1, 1), 1.0)], 1)
    assert abs(found.predict(fires) - inputs[0, 0])[0, 0] < 0.5
