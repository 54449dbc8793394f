"""Factors are the groups of units that count together; with their residual they are the attribution, exactly."""

from dataclasses import replace

import pytest
import torch

from core.attribution import factored, grad_cam, integrated_gradients
from core.errors import BadInput
from core.targets import Output, score
from core.testing import planted_classifier

TARGET = Output("class", 1)


def made(at="relu", n=4):
    images = torch.rand(n, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    return integrated_gradients(planted_classifier(seed=1), images, TARGET, at=at)


def planted(seed, groups, positions=300):
    """Attributions in which known groups of units count together, each at its own places, for and against."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randn(2, len(groups), positions, 1, generator=generator)
    codes *= torch.rand(codes.shape, generator=generator) < 0.3
    values = torch.einsum("nkhw,kc->nchw", codes, groups)
    return replace(made(), values=values, layer=None)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_planted_groups_are_found(seed):
    groups = torch.zeros(3, 10)
    groups[0, :3], groups[1, 3:7], groups[2, 7:] = 1.0, 0.5, 2.0
    found = factored(planted(seed, groups), k=3)
    unit = groups / groups.norm(dim=1, keepdim=True)
    assert (found.atoms @ unit.T).amax(0).min() > 0.99
    assert found.explained > 0.99


@pytest.mark.parametrize("k", [1, 2, 4])
def test_maps_and_residual_sum_to_the_heatmap(k):
    attribution = made()
    found = factored(attribution, k=k)
    assert torch.allclose(found.maps.sum(1) + found.residual, attribution.heatmap(), atol=1e-5)
    assert found.explained <= 1
    assert (found.atoms >= 0).all()
    assert torch.allclose(found.atoms.norm(dim=1), torch.ones(k), atol=1e-5)


def test_more_factors_explain_more_and_all_of_them_nearly_all():
    shares = [factored(made(), k=k).explained for k in (1, 2, 4)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.99


def test_the_same_seed_gives_the_same_and_a_factor_is_a_target():
    first, second = factored(made(), k=2, seed=3), factored(made(), k=2, seed=3)
    assert torch.equal(first.maps, second.maps)
    assert score(planted_classifier(seed=1), torch.rand(2, 3, 12, 12), first.direction(1)).shape == (2,)
    with pytest.raises(BadInput, match="0 to 1"):
        first.direction(2)


def test_what_has_no_units_is_refused():
    images = torch.rand(1, 3, 12, 12)
    subject = planted_classifier(seed=1)
    with pytest.raises(BadInput, match="each unit of a layer"):
        factored(grad_cam(subject, images, TARGET))
    with pytest.raises(BadInput, match="each unit of a layer"):
        factored(integrated_gradients(subject, images, TARGET))
    with pytest.raises(BadInput, match="expected 1 to 4"):
        factored(made(), k=5)


def test_nothing_counted_leaves_nothing():
    found = factored(replace(made(), values=torch.zeros(1, 4, 3, 3), layer=None), k=2)
    assert not found.maps.any()
    assert found.explained == 1
