"""Attribution finds the planted truth, keeps its promises, and leaves no trace."""

import captum.attr
import pytest
import torch

from core.attribution import METHODS, attribute, grad_cam, integrated_gradients
from core.errors import BadInput, UnknownName
from core.subject import run
from core.targets import Output, Unit, score
from core.testing import planted_classifier, spotlight


def patch(row, channel, weight, size=10):
    truth = torch.zeros(3, size, size)
    truth[channel, row : row + 2, row : row + 2] = weight
    return truth


@pytest.mark.parametrize(("row", "seed"), [(0, 0), (3, 1), (8, 2)])
def test_integrated_gradients_are_exact_on_the_planted_patch(row, seed):
    subject = spotlight(rows=(5, row))
    images = torch.rand(4, 3, 10, 10, generator=torch.Generator().manual_seed(seed))
    answer = integrated_gradients(subject, images, Output("policy", 1))
    assert torch.allclose(answer.values, images * patch(row, 1, 2.0), atol=1e-5)
    assert answer.completeness_gap.abs().max() < 1e-4


@pytest.mark.parametrize("baseline", ["black", "grey", "mean"])
@pytest.mark.parametrize("at", [None, "conv", "relu"])
def test_parts_add_up_to_the_score_at_any_site(at, baseline):
    subject = planted_classifier(seed=5)
    images = torch.rand(3, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    answer = integrated_gradients(subject, images, Output("class", 2), at=at, baseline=baseline, steps=400)
    assert answer.completeness_gap.abs().max() < 0.02
    rough = integrated_gradients(subject, images, Output("class", 2), at=at, baseline=baseline, steps=2)
    assert rough.completeness_gap.abs().mean() >= answer.completeness_gap.abs().mean() - 1e-6


def test_grad_cam_lights_the_planted_patch_only():
    images = torch.rand(3, 3, 10, 10, generator=torch.Generator().manual_seed(1)) + 0.1
    subject = spotlight(rows=(2, 6))
    heat = grad_cam(subject, images.clamp(0, 1), Output("policy", 0), at="relu").heatmap()
    red = images.clamp(0, 1)[:, 0]
    assert torch.allclose(
        heat / heat.amax((1, 2), keepdim=True), red / red.amax((1, 2), keepdim=True), atol=1e-5
    )


def test_grad_cam_agrees_with_captum_called_directly():
    subject, images = planted_classifier(seed=2), torch.rand(4, 3, 12, 12)
    method = captum.attr.LayerGradCam(lambda x: score(subject, x, Output("class", 0)), subject.module.relu)
    direct = method.attribute(images.clone().requires_grad_(), relu_attributions=True)
    assert torch.allclose(grad_cam(subject, images, Output("class", 0), at="relu").values, direct, atol=1e-5)


def test_a_randomised_network_does_not_show_the_planted_patch():
    subject = spotlight(rows=(1, 6))
    truth = patch(6, 1, 1.0).sum(0)
    with torch.no_grad():
        subject.module.mask.copy_(torch.rand_like(subject.module.mask))
    heat = integrated_gradients(subject, torch.ones(1, 3, 10, 10), Output("policy", 1)).heatmap()[0].abs()
    assert (heat * truth).sum() / heat.sum() < 0.3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", [Output("class", 1), Unit("pool", 3)])
def test_no_method_leaves_a_trace(method, target):
    subject, images = planted_classifier(seed=4), torch.rand(2, 3, 12, 12)
    before, state = run(subject, images)["class"], torch.get_rng_state()
    attribute(subject, images, target, method=method)
    assert torch.equal(run(subject, images)["class"], before)
    assert torch.equal(torch.get_rng_state(), state)
    assert images.grad is None
    assert not images.requires_grad
    assert all(
        parameter.grad is None and not parameter.requires_grad for parameter in subject.module.parameters()
    )
    assert not any(
        m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in subject.module.modules()
    )


def test_grad_cam_says_where_it_can_look():
    subject = planted_classifier(seed=0)
    with pytest.raises(BadInput, match="can look at conv, relu"):
        grad_cam(subject, torch.rand(1, 3, 12, 12), Output("class", 0), at="head")
    with pytest.raises(UnknownName, match="grad-cam"):
        attribute(subject, torch.rand(1, 3, 12, 12), Output("class", 0), method="gradcam")
