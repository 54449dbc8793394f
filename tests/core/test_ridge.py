"""Ridge gives what scikit-learn gives, in either regime, singly and by groups."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Peer
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from core.ridge import PENALTIES, ridge


def problem(n, d, seed, noise):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, d)) * rng.uniform(0.1, 5, d) + rng.normal(size=d)
    return inputs, inputs @ rng.normal(size=(d, 3)) + noise * rng.normal(size=(n, 3))


@pytest.mark.parametrize(("n", "d"), [(120, 10), (60, 200)])
@pytest.mark.parametrize("noise", [0.1, 30.0])
def test_leaving_out_one_agrees_with_ridgecv(n, d, noise):
    inputs, targets = problem(n, d, 0, noise)
    ours = ridge(inputs, targets)
    scaled = StandardScaler().fit(inputs)
    theirs = RidgeCV(alphas=PENALTIES, alpha_per_target=True).fit(scaled.transform(inputs), targets)
    assert np.array_equal(ours.penalty, theirs.alpha_)
    fresh = np.random.default_rng(1).normal(size=(20, d))
    assert np.allclose(ours.predict(fresh), theirs.predict(scaled.transform(fresh)), rtol=1e-6, atol=1e-6)


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
    peer = Peer(alpha=found.penalty).fit(StandardScaler().fit_transform(inputs), targets)
    assert np.allclose(found.predict(inputs), peer.predict(StandardScaler().fit_transform(inputs)), atol=1e-6)
