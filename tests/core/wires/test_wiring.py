"""Expanded weights are the Jacobian of networks whose activations all pass, and the planted wires of others."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from core.activations import capture
from core.subject import InputSpec, wrap
from core.targets import Unit
from core.wires.layer_graph import layer_graph
from core.wires.wiring import INPUT, expanded_kernels, expanded_weights, whole_kernel, wires
from vision.models import load


def subject_of(module, size=16):
    module.eval()
    generator = torch.Generator().manual_seed(0)
    for name, values in [*module.named_parameters(), *module.named_buffers()]:
        if values.dtype.is_floating_point:
            values.data = torch.rand(values.shape, generator=generator) - 0.5 * (
                "weight" in name and values.ndim > 1
            )
    spec = InputSpec((3, size, size), (0.0,) * 3, (1.0,) * 3)
    with torch.no_grad():
        count = module(torch.zeros(1, *spec.shape)).shape[1]
    return wrap(module, name="net", spec=spec, heads={"class": tuple(map(str, range(count)))})


class Blocks(nn.Module):
    """A sum of two ways, one strided, and a concatenation of three; linear, as activations have slope 1."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.LeakyReLU(1.0))
        self.down = nn.Conv2d(6, 8, 1, stride=2, bias=False)
        self.first = nn.Sequential(
            nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(1.0),
            nn.Dropout(),
        )
        self.second = nn.Sequential(nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2), nn.BatchNorm2d(8))
        self.sum = nn.LeakyReLU(1.0)
        self.one = nn.Conv2d(8, 4, 1)
        self.three = nn.Sequential(nn.Conv2d(8, 3, 1), nn.LeakyReLU(1.0), nn.Conv2d(3, 5, 3, padding="same"))
        self.five = nn.Sequential(nn.ZeroPad2d(2), nn.Conv2d(8, 3, 5), nn.Hardtanh(-1e6, 1e6))
        self.joined = nn.Identity()
        self.head = nn.Linear(12 * 16, 7)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x):
        x = self.stem(x)
        x = self.sum(self.second(self.first(x)) + self.down(x))
        x = self.joined(torch.cat([self.one(x), self.three(x), self.five(x)], dim=1))
        return self.head(self.pool(x).flatten(1))


@pytest.fixture(scope="module")
def blocks():
    return subject_of(Blocks())


@pytest.mark.parametrize(
    ("layer", "source"),
    [("sum", "stem"), ("joined", "sum"), ("three", "sum"), ("first", "stem"), ("second", "stem")],
)
def test_kernels_are_the_jacobian(blocks, layer, source):
    kernel = expanded_kernels(blocks, layer, [source, layer])[source]
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    held = capture(blocks, image, [source, layer], grad=True)
    y = x = 4  # the middle of an 8 x 8 map
    for unit in range(held[layer].shape[1]):
        (gradient,) = torch.autograd.grad(held[layer][0, unit, y, x], held[source], retain_graph=True)
        expected = torch.zeros_like(gradient[0])
        row = unit - kernel.start
        if 0 <= row < len(kernel.weights):
            tall, wide = kernel.weights.shape[2:]
            down = kernel.stride[0] * y + kernel.origin[0]
            across = kernel.stride[1] * x + kernel.origin[1]
            expected[:, down : down + tall, across : across + wide] = kernel.weights[row]
        torch.testing.assert_close(gradient[0], expected, rtol=1e-4, atol=1e-4)


def test_flattened_maps_are_read_position_by_position(blocks):
    (kernel,) = expanded_kernels(blocks, "head", ["pool"]).values()
    weight = blocks.module.head.weight.unflatten(1, (12, 4, 4))
    assert torch.equal(kernel.weights, weight)


def test_wires_end_at_the_first_layer_that_is_shown(blocks):
    found = wires(blocks, ["stem", "sum", "joined", "head"], most=3)
    ends = {
        name: {wire.unit.split(":")[0] for unit in held.units for wire in unit.incoming}
        for name, held in found.items()
    }
    assert ends == {"stem": set(), "sum": {"stem"}, "joined": {"sum"}, "head": {"joined"}}
    matrices = {name: expanded_weights(blocks, name, list(found)) for name in found}
    for name, held in found.items():
        assert len(held.units) == blocks.layers[name].channels
        for number, unit in enumerate(held.units):
            sizes = [abs(wire.weight) for wire in unit.incoming]
            assert sizes == sorted(sizes, reverse=True)
            assert len(sizes) <= 3
            for wire in unit.outgoing:
                layer, other = wire.unit.split(":")
                assert float(matrices[layer][name][int(other), number]) == pytest.approx(wire.weight)


def test_a_planted_wire_is_the_strongest_through_bottleneck_norm_and_sum():
    net = Blocks()
    subject = subject_of(net)
    with torch.no_grad():
        for part in (subject.module.three[0], subject.module.three[2]):
            part.weight.mul_(0.01)
        subject.module.three[0].weight[2, 6] = -5.0
        subject.module.three[2].weight[1, 2, 0, 1] = 4.0
    (wire, *others) = wires(subject, ["sum", "joined"])["joined"].units[4 + 1].incoming
    assert (wire.unit, round(wire.weight)) == ("sum:6", -20)
    assert all(abs(other.weight) < 2 for other in others)


def test_googlenet_units_read_what_their_branch_reads():
    subject = load("bvlc_googlenet")
    names = ["inception_3a", "inception_3b", "inception_4a"]
    found = wires(subject, names)
    branch = subject.module.inception_3b.branch_3x3
    reduce, three = (branch.get_submodule(name).weight for name in ("3x3_reduce", "3x3"))
    expected = torch.einsum("mab,mi->iab", three[300 - 128], reduce[:, :, 0, 0])
    strength = expected.flatten(1).norm(dim=1) * expected.sum((1, 2)).sign()
    best = strength.abs().argmax()
    (first, *_) = found["inception_3b"].units[300].incoming
    assert first.unit == f"inception_3a:{best}"
    assert first.weight == pytest.approx(float(strength[best]), rel=1e-4)
    pooled = subject.module.inception_4a.branch_pool.get_submodule("pool_proj").weight[3, :, 0, 0]
    best = pooled.abs().argmax()
    (first, *_) = found["inception_4a"].units[192 + 208 + 48 + 3].incoming
    assert (first.unit, first.weight) == (f"inception_3b:{best}", pytest.approx(float(pooled[best])))
    assert str(Unit("inception_4a", 5)) in {
        wire.unit for unit in found["inception_3b"].units for wire in unit.outgoing
    }


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("squeezenet1_1", ["features.3", "features.4", "features.6"]),
        ("cifar10_resnet20", ["layer1.2", "layer2.0", "layer2.1", "layer2.2"]),
        ("cifar10_resnet20", ["layer3.2", "linear"]),
        ("resnet18", ["layer1.0", "layer1.1", "layer2.0"]),
    ],
)
def test_every_layer_of_well_known_networks_is_wired_to_the_one_before(name, layers):
    subject = load(name)
    found = wires(subject, layers)
    for before, layer in pairwise(layers):
        for unit in found[layer].units:
            assert unit.incoming
            assert {wire.unit.split(":")[0] for wire in unit.incoming} == {before}
        assert any(unit.outgoing for unit in found[before].units)
    assert not any(unit.incoming for unit in found[layers[0]].units)


def test_attention_and_norms_have_no_wires_but_their_mlps_do():
    from torchvision.models import VisionTransformer

    net = VisionTransformer(
        image_size=16, patch_size=4, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=12, num_classes=3
    )
    spec = InputSpec((3, 16, 16), (0.0,) * 3, (1.0,) * 3)
    subject = wrap(net, name="vit", spec=spec, heads={"class": tuple("abc")})
    block = "encoder.layers.encoder_layer_1"
    found = wires(subject, ["encoder.layers.encoder_layer_0.ln_1", f"{block}.mlp.0", f"{block}.mlp.3"])
    assert not any(unit.incoming for unit in found[f"{block}.mlp.0"].units)
    weight = subject.module.get_submodule(f"{block}.mlp.3").weight[4]
    best = weight.abs().argmax()
    (first, *_) = found[f"{block}.mlp.3"].units[4].incoming
    assert (first.unit, first.weight) == (f"{block}.mlp.0:{best}", pytest.approx(float(weight[best])))


def test_nothing_is_left_on_the_network(blocks):
    layer_graph(blocks)
    assert not any(module._forward_hooks for module in blocks.module.modules())


def test_kernel_on_the_input_and_ways_that_are_lost():
    torch.manual_seed(0)
    stem = nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 4, 1), nn.Flatten(), nn.Linear(256, 2)
    )
    subject = subject_of(stem, size=8)
    kernel, why = whole_kernel(subject, "2", INPUT)
    first, second = subject.module[0].weight, subject.module[2].weight
    expected = torch.einsum("oi,icyx->ocyx", second[:, :, 0, 0], first)
    assert why == ""
    assert torch.allclose(kernel.weights, expected, atol=1e-6)

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.gate = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
            self.after, self.head = nn.Conv2d(4, 6, 3, padding=1), nn.Linear(6, 2)

        def forward(self, x):
            x = self.stem(x)
            return self.head(self.after(x + x * self.gate(x).sigmoid()).mean((2, 3)))

    subject = subject_of(Gated())
    assert expanded_kernels(subject, "after", ["stem"])  # the wires show what they know
    assert whole_kernel(subject, "after", "stem") == (
        None,
        "between after and stem lies what is not followed as weights: mul",
    )
