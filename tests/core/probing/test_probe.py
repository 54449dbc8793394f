"""Probes read what is planted, do not read what is not, and agree with scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV

from core.errors import BadInput
from core.probing import Labelled, probe, probes


def planted(seed, n=400, d=20, noise=0.1):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, d))
    weight = rng.normal(size=d)
    return (
        torch.as_tensor(features, dtype=torch.float32),
        features @ weight + noise * rng.normal(size=n),
        weight,
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_direction_is_found_and_named(seed):
    features, concept, weight = planted(seed)
    (found,) = probe(features, concept, concept="planted", kind="continuous", seed=seed, layer="fc")
    assert found.score.low > 0.97
    assert found.control.high < 0.2
    read = found.direction.vector.double().numpy()
    assert read @ weight / np.linalg.norm(read) / np.linalg.norm(weight) > 0.99
    assert str(found.direction) == "fc~planted"


def test_noise_holds_nothing():
    features, _, _ = planted(0)
    unrelated = np.random.default_rng(9).integers(0, 3, len(features))
    (found,) = probe(features, unrelated, concept="noise", kind="categorical")
    assert abs(found.selectivity) < 0.15
    assert found.score.low < found.baseline + 0.05


def test_memorising_groups_scores_nothing_because_groups_are_never_split():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 10)
    features = torch.as_tensor(rng.normal(size=(80, 60))[groups] + 0.01 * rng.normal(size=(800, 60)))
    labels = rng.normal(size=80)[groups]
    (found,) = probe(features, labels, concept="identity", kind="continuous", groups=groups)
    assert found.score.estimate < 0.2


def test_scores_agree_with_scikit_learn():
    features, concept, _ = planted(4, noise=2.0)
    (found,) = probe(features, concept, concept="c", kind="continuous", seed=11)
    names = np.random.default_rng(11).permutation(400)
    fitted = np.isin(np.arange(400), names[:280])
    inputs = features.numpy().astype(float)
    inputs /= np.sqrt(inputs[fitted].var(0).mean())
    ridge = RidgeCV(alphas=[10.0**p for p in range(-2, 7)]).fit(inputs[fitted], concept[fitted])
    r2 = ridge.score(inputs[~fitted], concept[~fitted])
    assert found.score.estimate == pytest.approx(r2, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "labels", "says"),
    [
        (30, np.arange(30.0), "at least 40"),
        (60, np.ones(60), "to vary"),
        (60, np.full(60, np.nan), "not finite|vary"),
    ],
)
def test_what_cannot_be_probed_is_refused(n, labels, says):
    with pytest.raises(BadInput, match=says):
        probe(torch.rand(n, 4), labels, concept="c", kind="continuous")


def test_many_concepts_at_once_are_what_each_is_alone():
    features, first, _ = planted(5, noise=3.0)
    second = np.random.default_rng(6).integers(0, 4, 400)
    third = (features[:, 0] > 0).numpy().astype(int)
    for kind, chosen in (
        ("continuous", {"a": first, "b": second}),
        ("categorical", {"b": second, "c": third}),
    ):
        together = probes(
            {"fc": features, "half": features[:, :8]},
            {name: Labelled(kind, np.asarray(labels)) for name, labels in chosen.items()},
            seed=2,
        )
        alone = [
            probe({"fc": features, "half": features[:, :8]}, labels, concept=name, kind=kind, seed=2)
            for name, labels in chosen.items()
        ]
        for joint, single in zip(together, [one for results in alone for one in results], strict=True):
            assert (joint.concept, joint.layer) == (single.concept, single.layer)
            assert joint.score.estimate == pytest.approx(single.score.estimate, abs=1e-9)
            assert joint.control.estimate == pytest.approx(single.control.estimate, abs=1e-9)
