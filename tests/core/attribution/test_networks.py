"""Every method takes CNNs, ViTs and Swins at the input or any layer, or says in one sentence why it cannot."""

import pytest
import torch
from torch import nn
from torchvision.models import SwinTransformer, VisionTransformer

from core.attribution import METHODS, attribute, grad_cam, methods_for, why_not
from core.attribution.cam import deepest
from core.errors import BadInput, UnknownName
from core.subject import InputSpec, wrap
from core.targets import Difference, Output, Unit, parse
from core.testing import planted_classifier, spotlight, switches

SPEC = InputSpec((3, 32, 32), mean=(0.5,) * 3, std=(0.25,) * 3)
TARGET = Output("class", 1)


def drawn(module, seed=0):
    """Weights that are nowhere 0, as untrained heads are."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        if parameter.ndim > 1:
            parameter.data = torch.randn(parameter.shape, generator=generator) / parameter[0].numel() ** 0.5
    return module


def vit():
    net = VisionTransformer(
        image_size=32, patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=4
    )
    return wrap(drawn(net), name="vit", spec=SPEC, heads={"class": tuple("abcd")})


def swin():
    net = SwinTransformer(
        patch_size=[2, 2], embed_dim=8, depths=[2, 2], num_heads=[2, 2], window_size=[4, 4], num_classes=4
    )
    return wrap(drawn(net), name="swin", spec=SPEC, heads={"class": tuple("abcd")})


class Branches(nn.Module):
    """An inception-like block: what leaves it is in no single branch."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.block = Block()
        self.head = nn.Linear(10, 4)

    def forward(self, inputs):
        return self.head(self.block(torch.relu(self.stem(inputs))).mean((2, 3)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Conv2d(6, 4, 1), nn.Conv2d(6, 6, 3, 1, 1)

    def forward(self, maps):
        return torch.cat([torch.relu(self.one(maps)), torch.relu(self.other(maps))], 1)


class Residual(nn.Module):
    """One ReLU for everything, as in torchvision's ResNets."""

    def __init__(self):
        super().__init__()
        self.stem, self.inner = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 3, 1, 1)
        self.norm, self.relu, self.head = nn.BatchNorm2d(6), nn.ReLU(), nn.Linear(6, 4)

    def forward(self, inputs):
        maps = self.relu(self.stem(inputs))
        maps = self.relu(self.norm(self.inner(maps)) + maps)
        return self.head(maps.mean((2, 3)))


def cnn(kind):
    return wrap(drawn(kind()), name=kind.__name__, spec=SPEC, heads={"class": tuple("abcd")})


NETWORKS = {"vit": vit, "swin": swin, "branches": lambda: cnn(Branches), "residual": lambda: cnn(Residual)}


REFUSED = {"vit": {"deeplift", "lrp"}, "swin": {"lrp"}}


def images(n=2):
    return torch.rand(n, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "layer", "grid"),
    [
        ("vit", "encoder.layers.encoder_layer_1", (4, 4)),
        ("swin", None, (8, 8)),
        ("branches", "block", (16, 16)),
        ("residual", "relu", (16, 16)),
    ],
)
def test_grad_cam_finds_its_layer(name, layer, grid):
    subject = NETWORKS[name]()
    made = grad_cam(subject, images(), TARGET)
    assert layer in (None, made.at)
    assert made.heatmap().shape == (2, *grid)
    assert made.heatmap().amax() > 0


def test_grad_cam_finds_a_layer_before_a_unit_even_if_it_is_silent():
    subject = planted_classifier(seed=0)
    subject.module.conv.bias.data[2] = -100.0
    assert deepest(subject, torch.rand(2, 3, 12, 12), Unit("pool", 2)) == "relu"
    assert not grad_cam(subject, torch.rand(2, 3, 12, 12), Unit("pool", 2)).values.any()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_method_that_a_network_can_take_answers(name):
    subject, given = NETWORKS[name](), images()
    taken = methods_for(subject, TARGET)
    assert set(METHODS) - set(taken) == REFUSED.get(name, set())
    for method in taken:
        options = {"permutations": 4} if method == "shapley" else {}
        made = attribute(subject, given, TARGET, method=method, **options)
        assert made.heatmap().shape[0] == 2
        assert torch.isfinite(made.values).all()
        if made.completeness_gap is not None and method != "lrp":
            assert made.completeness_gap.abs().max() < 0.2


@pytest.mark.parametrize(
    "method", ["saliency", "integrated-gradients", "occlusion", "feature-ablation", "shapley"]
)
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("vit", "encoder.layers.encoder_layer_0"),
        ("vit", "encoder.layers.encoder_layer_1.ln_1"),
        ("swin", "features.1.0"),
        ("branches", "block.one"),
        ("residual", "relu"),
    ],
)
def test_layers_of_any_axes(name, layer, method):
    subject = NETWORKS[name]()
    options = {"permutations": 4} if method == "shapley" else {}
    made = attribute(subject, images(1), TARGET, method=method, at=layer, **options)
    info = subject.layers[layer]
    assert made.values.shape[1:] == info.shape
    assert made.heatmap().shape == (1, *info.grid)
    if method == "shapley":
        assert made.part_values.shape == (1, info.channels)
        assert made.completeness_gap.abs().max() < 1e-4


@pytest.mark.parametrize(
    ("name", "method", "what"),
    [("vit", "deeplift", "multi_head"), ("vit", "lrp", "layer_norm"), ("swin", "lrp", "softmax")],
)
def test_what_cannot_be_taken_is_refused_with_reason_and_way_out(name, method, what):
    subject = NETWORKS[name]()
    told = why_not(subject, method)
    assert told is not None
    assert what in told
    assert "integrated-gradients" in told
    with pytest.raises(BadInput, match=what):
        attribute(subject, images(), TARGET, method=method)


class Gated(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.way = way
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 4)

    def forward(self, inputs):
        maps = self.conv(inputs)
        return self.head(self.way(maps).mean((2, 3)))


@pytest.mark.parametrize(
    "way",
    [
        lambda maps: maps.clone().relu_() ** 2,
        lambda maps: torch.where(maps > 0, maps, 0.1 * maps),
        lambda maps: maps / maps.norm(dim=1, keepdim=True),
        lambda maps: maps.cumsum(1),
        lambda maps: maps.sort(1).values,
    ],
)
def test_deeplift_never_answers_where_it_would_not_add_up(way):
    subject = wrap(drawn(Gated(way)), name="gated", spec=SPEC, heads={"class": tuple("abcd")})
    assert why_not(subject, "deeplift") is not None
    with pytest.raises(BadInput, match="rules do not cover"):
        attribute(subject, images(), TARGET, method="deeplift")


@pytest.mark.parametrize(
    "way",
    [
        lambda maps: maps * torch.sigmoid(maps),
        lambda maps: maps.sigmoid() * maps.mean((2, 3), keepdim=True).tanh(),
        lambda maps: maps / (1 + maps.exp()),
        lambda maps: 1 / (2 + maps.tanh()),
        lambda maps: maps.softmax(1),
        lambda maps: nn.functional.local_response_norm(maps, 3, alpha=2.0, k=1.5),
        lambda maps: nn.functional.layer_norm(maps, maps.shape[1:]),
        lambda maps: (maps @ maps.transpose(2, 3)) @ maps,
        lambda maps: nn.functional.scaled_dot_product_attention(maps, maps.tanh(), 2 * maps),
        lambda maps: nn.functional.max_pool2d(nn.functional.gelu(maps), 3, 2),
    ],
)
def test_deeplift_adds_up_over_products_and_normalisation(way):
    subject = wrap(drawn(Gated(way)), name="gated", spec=SPEC, heads={"class": tuple("abcd")})
    made = attribute(subject, images(3), TARGET, method="deeplift", baseline="grey")
    change = made.values.flatten(1).sum(1) - made.completeness_gap
    assert change.abs().max() > 1e-4
    assert (
        made.completeness_gap.abs().max() < 1e-3 * change.abs().max()
    )  # a change may happen to be near none


def test_lists_of_numbers():
    subject = switches()
    assert methods_for(subject) == (
        "saliency",
        "input-x-gradient",
        "integrated-gradients",
        "smoothgrad",
        "feature-ablation",
        "shapley",
        "deeplift",
        "lrp",
        "random",
    )
    made = attribute(subject, torch.ones(1, 8, 1, 1), Output("value"), method="feature-ablation")
    assert made.parts.names[0] == subject.spec.channels
    assert made.part_values[0].tolist() == pytest.approx([1, 1, 0, 0, 2, 0, 0, 0])


@pytest.mark.parametrize(
    "text", ["policy:first", "value", "policy:second-policy:first", "relu:1", "eye:0@3,4"]
)
def test_agents_and_every_kind_of_target(text):
    subject = spotlight()
    target = parse(text, subject)
    given = torch.rand(2, 3, 10, 10)
    for method in methods_for(subject, target):
        made = attribute(subject, given, target, method=method)
        assert made.target == text.replace("first", "0").replace("second", "1").replace("value", "value:0")


def test_a_difference_is_the_difference_of_the_attributions():
    subject, given = planted_classifier(seed=1), torch.rand(2, 3, 12, 12)
    one, other = Output("class", 0), Output("class", 2)
    for method in ("input-x-gradient", "integrated-gradients", "occlusion", "deeplift"):
        first, second, both = (
            attribute(subject, given, target, method=method).values
            for target in (one, other, Difference(one, other))
        )
        assert torch.allclose(both, first - second, atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "options", "error", "says"),
    [
        (torch.rand(1, 3, 10, 10), {"method": "gradcam"}, UnknownName, "grad-cam"),
        (torch.rand(1, 3, 10, 10), {"method": "grad-cam", "at": "input"}, BadInput, "can look at eye, relu"),
        (torch.rand(1, 3, 10, 10), {"at": "retina"}, UnknownName, "layer"),
        (torch.rand(1, 4, 10, 10), {}, BadInput, "do not fit"),
        (torch.rand(0, 3, 10, 10), {}, BadInput, "at least one"),
        (torch.rand(1, 3, 12, 12), {}, BadInput, "takes inputs of shape"),
        (4 * torch.rand(1, 3, 10, 10), {}, BadInput, r"given in \[0, 1\]"),
        (torch.full((1, 3, 10, 10), torch.nan), {}, BadInput, "NaN"),
        (torch.rand(1, 3, 10, 10), {"baseline": "white"}, UnknownName, "baseline"),
        (torch.rand(1, 3, 10, 10), {"baseline": torch.rand(3, 9, 9)}, BadInput, "baseline of shape"),
        (torch.rand(1, 3, 10, 10), {"steps": 0}, BadInput, "at least 1 step"),
        (torch.rand(1, 3, 10, 10), {"method": "shapley", "permutations": 5}, BadInput, "pairs"),
        (torch.rand(1, 3, 10, 10), {"method": "occlusion", "side": 2, "stride": 3}, BadInput, "gaps"),
        (torch.rand(1, 3, 10, 10), {"method": "smoothgrad", "samples": 0}, BadInput, "at least 1 sample"),
        (torch.rand(1, 3, 10, 10), {"method": "edges", "at": "eye"}, BadInput, "pictures"),
        (torch.rand(1, 3, 10, 10), {"method": "lrp", "rule": "delta"}, UnknownName, "gamma"),
    ],
)
def test_bad_input_is_one_sentence(inputs, options, error, says):
    with pytest.raises(error, match=says):
        attribute(spotlight(), inputs, Output("policy", 0), **options)


def test_a_target_before_the_layer_is_refused():
    with pytest.raises(BadInput, match="comes after eye:0"):
        attribute(spotlight(), torch.rand(1, 3, 10, 10), Unit("eye", 0), at="relu")
