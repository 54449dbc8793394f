"""The true map of a planted network beats noise, edges and another class's map in every metric; closed forms hold."""

import pytest
import torch

from core.attribution.controls import edges, random
from core.faithfulness import METRICS, case_of, deletion, infidelity, insertion, sensitivity_n
from core.faithfulness.case import with_maps
from core.faithfulness.effects import effects, subsets
from core.faithfulness.sensitivity_n import pearson
from core.targets import Output
from core.testing import lanterns

RANKED = [name for name, metric in METRICS.items() if metric.ranked]


def wrong_maps(made, k):
    """Noise, edges, and what another class looks at."""
    noise = random(made.subject, made.inputs, Output("class", k), seed=3).heatmap()
    seen = edges(made.subject, made.inputs, Output("class", k)).heatmap()
    return {"random": noise, "edges": seen, "another class": made.truth[(k + 1) % len(made.truth)]}


def measured(name, made, k, maps):
    case = case_of(made.subject, made.inputs, Output("class", k), maps, seed=1)
    sign = 1 if METRICS[name].better == "higher" else -1
    return sign * METRICS[name].of_maps(case, 24)


@pytest.mark.parametrize("name", RANKED)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_true_map_beats_what_knows_nothing_on_every_input(name, seed):
    made, k = lanterns(seed=seed, n=6), seed
    best = measured(name, made, k, made.truth[k])
    for kind, maps in wrong_maps(made, k).items():
        assert (best > measured(name, made, k, maps)).all(), kind


@pytest.mark.parametrize("name", RANKED)
def test_the_true_map_of_another_network_is_no_better_than_noise(name):
    """The truth of networks whose squares lie elsewhere gains little, on average, of what the truth gains."""
    gains = []
    for seed in range(6):
        made, other = lanterns(seed=seed, n=6), lanterns(seed=seed + 50, n=6)
        noise = measured(name, made, 0, wrong_maps(made, 0)["random"])
        truth = measured(name, made, 0, made.truth[0])
        gains.append(
            ((measured(name, made, 0, other.truth[0]) - noise).mean() / (truth - noise).mean()).item()
        )
    assert sum(gains) / len(gains) < 0.25, gains


def test_deletion_of_a_linear_network_is_known_in_closed_form():
    """Positions go in the order of what they add: the score is what is left of the sum, at every step."""
    made = lanterns(seed=3)
    for k, truth in enumerate(made.truth):
        fall = truth.flatten(1).sort(1, descending=True).values.cumsum(1)
        total = truth.flatten(1).sum(1, keepdim=True)
        left = torch.cat([total, total - fall], 1)
        curve = deletion(made.subject, made.inputs, Output("class", k), truth, baseline="black", steps=256)
        assert torch.allclose(curve.scores, left, atol=1e-4)
        assert torch.allclose(curve.area, torch.trapezoid(left, dx=1 / 256), atol=1e-4)
        risen = insertion(made.subject, made.inputs, Output("class", k), truth, baseline="black", steps=256)
        assert torch.allclose(risen.scores, torch.cat([0 * total, fall], 1), atol=1e-4)
        assert torch.allclose(curve.shares, torch.arange(257) / 256)


def test_insertion_is_deletion_of_the_opposite_map_backwards():
    made = lanterns(seed=4)
    maps = torch.rand(8, 16, 16, generator=torch.Generator().manual_seed(0))
    options = {"baseline": "blur", "steps": 16}
    down = deletion(made.subject, made.inputs, Output("class", 1), -maps, **options)
    up = insertion(made.subject, made.inputs, Output("class", 1), maps, **options)
    assert torch.allclose(down.scores.flip(1), up.scores, atol=1e-5)


@pytest.mark.parametrize("samples", [1, 50])
def test_infidelity_of_the_exact_contributions_is_nothing_in_any_unit(samples):
    made = lanterns(seed=5)
    for factor, scaling in [(1.0, "none"), (1.0, "optimal"), (-7.0, "optimal"), (0.01, "positive")]:
        answer = infidelity(
            made.subject,
            made.inputs,
            Output("class", 2),
            factor * made.truth[2],
            scaling=scaling,
            samples=samples,
        )
        assert answer.values.max() < 1e-8
        touched = answer.scale != 0
        assert torch.allclose(
            answer.scale[touched], torch.tensor(1 / factor).expand(int(touched.sum())), rtol=1e-3
        )


def test_infidelity_by_hand():
    """scale = sum(promise x fall) / sum(promise^2), written out with loops for one map and one input."""
    made = lanterns(seed=6, n=1)
    maps = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(1))
    case = case_of(made.subject, made.inputs, Output("class", 0), maps, seed=2)
    masks = subsets((16, 16), 40, 30, seed=4)
    found = effects(case, masks, baseline="black")
    promised = torch.stack([(maps[0] * mask[0]).sum() for mask in masks])
    fall = torch.stack([(made.truth[0, 0] * mask[0]).sum() for mask in masks])
    assert torch.allclose(found.falls[0], fall, atol=1e-4)
    from core.faithfulness.infidelity import infidelity_of

    scale = (promised * fall).sum() / promised.square().sum()
    expected = (scale * promised - fall).square().mean()
    answer = infidelity_of(case, found)
    assert torch.allclose(answer.values[0], expected, rtol=1e-4)
    assert torch.allclose(answer.unexplained[0], expected / fall.square().mean(), rtol=1e-4)
    worded = infidelity_of(case, found, scaling="none")
    assert torch.allclose(worded.values[0], (promised - fall).square().mean(), rtol=1e-4)


def test_a_map_that_says_the_opposite_is_forgiven_by_optimal_scaling_only():
    made = lanterns(seed=8)
    asked = (made.subject, made.inputs, Output("class", 3), -made.truth[3])
    assert infidelity(*asked, scaling="optimal").unexplained.max() < 1e-6
    assert infidelity(*asked, scaling="positive").unexplained.min() > 0.999


@pytest.mark.parametrize("side", [1, 2, 5])
def test_sensitivity_n_of_the_exact_contributions_is_one_and_of_their_opposite_minus_one(side):
    made = lanterns(seed=9)
    asked = (made.subject, made.inputs, Output("class", 1))
    answer = sensitivity_n(*asked, made.truth[1], side=side, samples=48)
    assert torch.allclose(answer.correlations, torch.ones_like(answer.correlations), atol=1e-3)
    against = sensitivity_n(*asked, -made.truth[1], side=side, samples=48)
    assert torch.allclose(against.correlations, -answer.correlations, atol=1e-6)
    none = sensitivity_n(*asked, torch.ones(8, 16, 16), side=side, samples=48)
    assert none.values.abs().max() < 0.5 if side == 5 else none.values.abs().max() == 0


def test_many_maps_at_once_are_scored_as_one_by_one():
    made = lanterns(seed=10, n=3)
    maps = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    targets = [Output("class", k) for k in (2, 0, 2)]
    case = case_of(made.subject, made.inputs, targets, maps[0], seed=5, batch_size=7)
    every = with_maps(case, maps.flatten(0, 1), torch.arange(3).repeat(5))
    for name in RANKED:
        together = METRICS[name].of_maps(every, 8).view(5, 3)
        alone = [
            METRICS[name].of_maps(case_of(made.subject, made.inputs, targets, one, seed=5), 8) for one in maps
        ]
        assert torch.allclose(together, torch.stack(alone), atol=1e-4), name


def test_correlation_is_numpys():
    import numpy as np

    a, b = torch.rand(2, 4, 9, generator=torch.Generator().manual_seed(0))
    expected = [np.corrcoef(one, two)[0, 1] for one, two in zip(a.numpy(), b.numpy(), strict=True)]
    assert torch.allclose(pearson(a, b), torch.tensor(expected, dtype=torch.float32), atol=1e-6)
    assert pearson(a, torch.ones(4, 9)).tolist() == [0.0] * 4
