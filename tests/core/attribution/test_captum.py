"""Where captum answers rightly, ours answers the same to 1e-5; where it does not, ours still adds up."""

import copy
import warnings

import captum.attr
import pytest
import torch
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from torch import nn

from core.attribution import (
    deeplift,
    feature_ablation,
    input_x_gradient,
    integrated_gradients,
    lrp,
    occlusion,
    saliency,
    shapley,
    squares,
)
from core.subject import InputSpec, normalise, wrap
from core.targets import Output, Unit, score
from core.testing import planted_classifier

TARGET = Output("class", 1)
TOLERANCE = 1e-5


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Headed(nn.Module):
    """Layers one after another; captum's LRP knows no module that flattens."""

    def __init__(self, *layers):
        super().__init__()
        self.body, self.head = nn.Sequential(*layers[:-1]), layers[-1]

    def forward(self, inputs):
        return self.head(self.body(inputs).flatten(1))


def conv(before, after):
    return nn.Conv2d(before, after, 3, padding=1)


NETWORKS = {
    "relu": lambda: [conv(3, 4), nn.ReLU(), conv(4, 5), nn.ReLU(), nn.Linear(720, 3)],
    "tanh": lambda: [conv(3, 4), nn.Tanh(), conv(4, 5), nn.Sigmoid(), nn.Linear(720, 3)],
    "batchnorm": lambda: [conv(3, 4), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2), nn.Linear(144, 3)],
    "maxpool": lambda: [conv(3, 4), nn.MaxPool2d(2), conv(4, 5), nn.ReLU(), nn.Linear(180, 3)],
}


def subject_of(layers, seed=0):
    generator = torch.Generator().manual_seed(seed)
    net = Headed(*layers)
    for parameter in net.parameters():
        parameter.data = 0.4 * torch.randn(parameter.shape, generator=generator)
    spec = InputSpec((3, 12, 12), mean=(0.4,) * 3, std=(0.3,) * 3)
    return wrap(net, name="net", spec=spec, heads={"class": ("a", "b", "c")})


def pictures(n=4, seed=0):
    return torch.rand(n, 3, 12, 12, generator=torch.Generator().manual_seed(seed))


def asked(subject, target=TARGET):
    return lambda inputs: score(subject, inputs, target)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("target", [TARGET, Unit("body.2", 3)])
def test_gradients_and_their_path(name, target):
    subject, images = subject_of(NETWORKS[name]()), pictures()
    forward, given = asked(subject, target), images.clone().requires_grad_()
    pairs = [
        (saliency(subject, images, target), captum.attr.Saliency(forward).attribute(given)),
        (input_x_gradient(subject, images, target), captum.attr.InputXGradient(forward).attribute(given)),
        (
            integrated_gradients(subject, images, target, baseline="grey", steps=20),
            captum.attr.IntegratedGradients(forward).attribute(given, 0.5, n_steps=20),
        ),
    ]
    for ours, theirs in pairs:
        assert torch.allclose(ours.values, theirs.float(), atol=TOLERANCE), ours.method


def test_at_a_layer():
    subject, images = subject_of(NETWORKS["relu"]()), pictures()
    layer = subject.module.get_submodule("body.1")
    ours = integrated_gradients(subject, images, TARGET, at="body.1", steps=24)
    theirs = captum.attr.LayerIntegratedGradients(asked(subject), layer).attribute(images, n_steps=24)
    assert torch.allclose(ours.values, theirs.float(), atol=TOLERANCE)
    ours = input_x_gradient(subject, images, TARGET, at="body.1")
    theirs = captum.attr.LayerGradientXActivation(asked(subject), layer).attribute(images.requires_grad_())
    assert torch.allclose(ours.values, theirs, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("side", "stride"), [(3, 3), (4, 2), (5, 1)]
)  # windows that end at the edge; captum's others hang over it
def test_occlusion(side, stride):
    subject, images = planted_classifier(seed=3), pictures()
    ours = occlusion(subject, images, TARGET, side=side, stride=stride, baseline="grey")
    theirs = captum.attr.Occlusion(asked(subject)).attribute(
        images, sliding_window_shapes=(3, side, side), strides=(3, stride, stride), baselines=0.5
    )
    assert torch.allclose(ours.values, theirs, atol=TOLERANCE)


def test_parts():
    subject, images = planted_classifier(seed=3), pictures()
    parts = squares(images, 6)
    ours = feature_ablation(subject, images, TARGET, parts=parts)
    theirs = captum.attr.FeatureAblation(asked(subject)).attribute(images, feature_mask=parts.labels - 1)
    firsts = theirs[:, 0, ::6, ::6].flatten(1)
    assert torch.allclose(ours.part_values.float(), firsts, atol=TOLERANCE)
    exact = captum.attr.ShapleyValues(asked(subject)).attribute(images, feature_mask=parts.labels - 1)
    ours = shapley(subject, images, TARGET, parts=parts)
    assert torch.allclose(ours.part_values.float(), exact[:, 0, ::6, ::6].flatten(1), atol=TOLERANCE)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("baseline", ["black", "grey", "blur"])
def test_deeplift(name, baseline):
    from core.attribution.baselines import baseline_of

    subject, images = subject_of(NETWORKS[name]()), pictures()
    ours = deeplift(subject, images, TARGET, baseline=baseline)
    spec, start = subject.spec, baseline_of(images, baseline)
    theirs = captum.attr.DeepLift(copy.deepcopy(subject.module), eps=1e-6).attribute(
        normalise(spec, images), baselines=normalise(spec, start), target=1
    )
    assert torch.allclose(ours.values, theirs, atol=TOLERANCE)


@pytest.mark.parametrize("rule", ["epsilon", "gamma"])
@pytest.mark.parametrize("name", ["relu", "batchnorm", "maxpool"])
def test_lrp(name, rule):
    subject, images = subject_of(NETWORKS[name]()), pictures()
    module = copy.deepcopy(subject.module)
    weighted = [one for one in module.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    for number, one in enumerate(weighted):
        seen_after_relu = number > 0 and not (name == "maxpool" and number == 1)
        one.rule = GammaRule() if rule == "gamma" and seen_after_relu else EpsilonRule()
    given = normalise(subject.spec, images).requires_grad_()
    theirs = captum.attr.LRP(module).attribute(given, target=1)
    assert torch.allclose(lrp(subject, images, TARGET, rule=rule).values, theirs, atol=TOLERANCE)


class Functional(nn.Module):
    """One activation as a function, one module used twice: captum's DeepLift is silently wrong, or stops."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.head = conv(3, 4), conv(4, 4), nn.Linear(144, 3)
        self.relu = nn.ReLU()

    def forward(self, inputs):
        maps = torch.relu(self.first(inputs))
        maps = self.relu(self.second(maps) + maps)
        return self.head(nn.functional.max_pool2d(self.relu(maps - 0.1), 2).flatten(1))


def test_deeplift_adds_up_where_captum_is_silently_wrong():
    spec = InputSpec((3, 12, 12), mean=(0.4,) * 3, std=(0.3,) * 3)
    subject = wrap(Functional(), name="functional", spec=spec, heads={"class": ("a", "b", "c")})
    images = pictures()
    ours = deeplift(subject, images, TARGET)
    change = asked(subject)(images) - asked(subject)(torch.zeros_like(images))
    assert torch.allclose(ours.values.flatten(1).sum(1), change, atol=1e-5)
    adjacent = subject_of([conv(3, 4), nn.ReLU(), nn.MaxPool2d(2), conv(4, 5), nn.ReLU(), nn.Linear(180, 3)])
    theirs = captum.attr.DeepLift(copy.deepcopy(adjacent.module)).attribute(
        normalise(spec, images), baselines=normalise(spec, torch.zeros_like(images)), target=1
    )
    change = asked(adjacent)(images) - asked(adjacent)(torch.zeros_like(images))
    assert (theirs.flatten(1).sum(1) - change).abs().max() > 0.1  # if this fails, captum has been mended
    ours = deeplift(adjacent, images, TARGET)
    assert torch.allclose(ours.values.flatten(1).sum(1), change, atol=1e-4)
