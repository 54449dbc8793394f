"""Planted truth: each method finds the atoms of its own mixture, on unseen seeds, and none in shuffled rows."""

from math import ceil

import pytest
import torch

from core.activations import capture
from core.decomposition import as_rows, atoms_as_units, encode, fit, stability
from core.decomposition.clusters import centres
from core.decomposition.stability import matched, mean_max_cosine
from core.selftest.check import examine
from core.selftest.decomposition import CHECKS, QUICK
from core.testing.mixtures import orthogonal_components, separated_clusters
from core.testing.superposition import superposed_network, superposition

UNSEEN = (1007, 2011)


@pytest.mark.parametrize("check", CHECKS[:4], ids=lambda check: check.method)
def test_atoms_of_a_mixture_are_found_and_not_in_shuffled_rows(check):
    assert examine(check, seeds=(*UNSEEN, 3001, 4007)).passed


@pytest.mark.parametrize("check", CHECKS[4:7], ids=lambda check: check.method)
def test_superposition_is_recovered_and_not_from_shuffled_rows(check):
    outcome = examine(check, seeds=UNSEEN[:1])
    assert outcome.passed, outcome


def test_variances_are_those_planted():
    made = orthogonal_components(seed=1007, samples=20_000)
    found = fit(made.rows, layer="fc", method="pca", k=5)
    assert found.parts["variances"].numpy() == pytest.approx(made.sizes.numpy() + 0.01, rel=0.05)


def test_clusters_centres_are_those_planted():
    made = separated_clusters(seed=1007)
    found = fit(made.rows, layer="fc", method="k-means", k=8)
    truth = made.rows.mean(0) + made.sizes[:, None] * made.atoms
    answer = centres(found.atoms, found.parts["bias"], found.parts["lengths"])
    assert torch.cdist(truth, answer).amin(1).max() < 0.2
    assert (encode(found, made.rows) != 0).sum(1).max() == 1


def test_where_too_many_features_are_on_at_once_nothing_is_found_and_the_quality_says_so():
    """Theory: what other features add to a code, about sqrt(active / channels), drowns the weakest, 0.5."""
    dense = superposition(seed=1007, features=36, channels=24, active=8.0, samples=10_000)
    sparse = superposition(seed=1007, features=36, channels=24, active=1.2, samples=10_000)
    agreed = {}
    for name, made in (("dense", dense), ("sparse", sparse)):
        one, two = (
            fit(made.rows, layer="fc", method="topk-sae", k=36, seed=seed, **QUICK) for seed in (0, 1)
        )
        agreed[name] = stability(one, two), mean_max_cosine(made.atoms, one.atoms), one.quality
    assert agreed["dense"][1] < 0.9
    assert agreed["sparse"][1] >= 0.95
    assert agreed["dense"][0].mean.high < agreed["sparse"][0].mean.low
    assert agreed["dense"][0].same.high < agreed["sparse"][0].same.low
    assert agreed["dense"][2].r2.high < agreed["sparse"][2].r2.low


def test_features_of_a_networks_layer_are_found_and_their_codes_are_the_inputs():
    made = superposed_network(seed=1007, features=36, channels=24, active=1.2)
    hidden = capture(made.subject, made.inputs, ["hidden"])["hidden"]
    rows = as_rows(hidden, made.subject.layers["hidden"])
    found = fit(rows, layer="hidden", method="topk-sae", k=36, group=16, **QUICK)
    assert mean_max_cosine(made.atoms, found.atoms) >= 0.95
    units = atoms_as_units(made.subject, found)
    codes = capture(units, made.inputs, ["hidden.atoms"])["hidden.atoms"]
    partner = matched(made.atoms, found.atoms).partner.tolist()
    truth = made.inputs.transpose(0, 1).flatten(1)
    by_atom = correlations(truth, codes.transpose(0, 1).flatten(1)[partner]).diagonal()
    by_channel = correlations(truth, hidden.transpose(0, 1).flatten(1)).nan_to_num().amax(1)
    assert by_atom.nanmedian() > 0.8
    assert by_atom.nanmedian() > by_channel.median() + 0.2


def correlations(first, second):
    together = torch.corrcoef(torch.cat([first, second]))
    return together[: len(first), len(first) :]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2012))
def test_random_configurations_are_recovered(seed):
    """1.5 to 4 times as many features as channels, 1 to 4 of them on at once; both numbers are told, nothing else."""
    generator = torch.Generator().manual_seed(seed)
    channels = (32, 48, 64)[seed % 3]
    features = int(channels * (1.5 + 2.5 * torch.rand((), generator=generator)))
    active = 1 + 3 * float(torch.rand((), generator=generator))
    made = superposition(seed=seed, features=features, channels=channels, active=active)
    kind = ("topk", "batchtopk", "jumprelu")[seed // 3 % 3]
    found = fit(made.rows, layer="fc", method=f"{kind}-sae", k=features, active=ceil(active), seed=seed)
    assert mean_max_cosine(made.atoms, found.atoms) >= 0.95, (features, channels, active)
