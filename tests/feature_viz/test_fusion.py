"""Fusion: the same heads, layers and input gradients with fewer operations, and no trace afterwards."""

import pytest
import torch
from torch import nn

from core.activations import capture
from core.errors import UnknownName
from core.subject import InputSpec, run, wrap
from feature_viz.fusion import foldable, fused
from vision import models


@pytest.fixture
def tried():
    """A subject whose batch norms do something: as if it had been trained."""

    def make(name, **options):
        subject = models.load(name, **options)
        generator = torch.Generator().manual_seed(7)
        for inner in subject.module.modules():
            if isinstance(inner, nn.BatchNorm2d):
                for tensor in (inner.running_mean, inner.weight, inner.bias):
                    tensor.data += 0.2 * torch.randn(tensor.shape, generator=generator)
                inner.running_var *= 0.5 + torch.rand(inner.running_var.shape, generator=generator)
        return subject

    return make


def traces(subject):
    """All that fusion could leave behind: every tensor by identity and bits, modules, hooks."""
    module = subject.module
    tensors = {name: (id(tensor), tensor.clone()) for name, tensor in _tensors(module).items()}
    modules = [
        (name, id(inner), inner.training, len(inner._forward_hooks)) for name, inner in module.named_modules()
    ]
    return tensors, modules, list(module.state_dict())


def _tensors(module):
    return dict(module.named_parameters()) | dict(module.named_buffers())


def untouched(before, subject):
    tensors, modules, keys = traces(subject)
    assert modules == before[1]
    assert keys == before[2]
    assert tensors.keys() == before[0].keys()
    assert all(
        tensors[k][0] == before[0][k][0] and torch.equal(tensors[k][1], before[0][k][1]) for k in tensors
    )


def gradient(subject, layer, images):
    images = images.clone().requires_grad_()
    value = capture(subject, images, [layer], grad=True)[layer].square().mean()
    return torch.autograd.grad(value, images)[0]


def close(one, other):
    return float((one - other).norm() / other.norm()) < 1e-5


@pytest.mark.parametrize(
    ("name", "size", "kept", "count"),
    [
        ("resnet18", 64, "layer3", 20),
        ("mobilenet_v3_small", 64, "features.5", 34),
        ("shapes", 48, "relu3", 4),
    ],
)
def test_heads_layers_and_gradients_stay_and_nothing_is_left(tried, name, size, kept, count):
    subject = tried(name, size=size)
    norms = [name for name, info in subject.layers.items() if info.kind == "BatchNorm2d"]
    images = torch.rand(3, *subject.spec.shape)
    before, heads = traces(subject), run(subject, images)["class"]
    layers = [kept, norms[1], norms[-1]]
    answers, pull = capture(subject, images, layers), gradient(subject, kept, images)
    with fused(subject, keep=layers) as quick:
        kinds = [type(inner) for inner in quick.module.modules()]
        assert kinds.count(nn.BatchNorm2d) == len(norms) - count
        assert set(layers) <= set(quick.layers) < set(subject.layers)
        assert close(run(quick, images)["class"], heads)
        same = capture(quick, images, layers)
        assert all(close(same[layer], answers[layer]) for layer in layers)
        assert close(gradient(quick, kept, images), pull)
    untouched(before, subject)
    assert torch.equal(run(subject, images)["class"], heads)


def test_real_weights(real_data):
    subject = models.load("cifar10_resnet20", weights=real_data / "weights" / "cifar10_resnet20.safetensors")
    images, before = torch.rand(8, *subject.spec.shape), traces(subject)
    heads = run(subject, images)["class"]
    with fused(subject, keep=["layer3"]) as quick:
        assert sum(isinstance(inner, nn.BatchNorm2d) for inner in quick.module.modules()) == 0
        assert close(run(quick, images)["class"], heads)
    untouched(before, subject)


def test_a_convolution_that_is_asked_for_is_left_alone(tried):
    subject = tried("shapes")
    images = torch.rand(2, *subject.spec.shape)
    expected = capture(subject, images, ["conv2", "relu3"])
    with fused(subject, keep=["conv2"]) as quick:
        assert isinstance(quick.module.norm2, nn.BatchNorm2d)
        assert isinstance(quick.module.norm3, nn.Identity)
        assert torch.allclose(capture(quick, images, ["conv2"])["conv2"], expected["conv2"], atol=1e-5)
        with pytest.raises(UnknownName):
            capture(quick, images, ["conv3"])


def test_everything_is_undone_after_an_exception(tried):
    subject = tried("shapes")
    before = traces(subject)
    with pytest.raises(ZeroDivisionError):
        with fused(subject, keep=["relu2"]):
            raise ZeroDivisionError
    untouched(before, subject)


class Net(nn.Module):
    """A convolution and a batch norm, put together in the way given."""

    def __init__(self, way):
        super().__init__()
        self.way = way
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1))
        self.norm = nn.BatchNorm2d(4)
        self.norm.running_mean += torch.arange(4.0)
        self.norm.running_var += torch.arange(4.0)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.way(self, x).mean((2, 3)))


def _twice(net, x):
    y = net.conv(x)
    return net.norm(y) + y


def _in_place(net, x):
    return net.norm(torch.relu_(net.conv(x)))


def _again(net, x):
    return net.norm(net.norm(net.conv(x)))


def _two_convolutions(net, x):
    return net.norm(net.conv(x)) + net.norm(net.inner(x))


def _read(net, x):
    return net.norm(net.conv(x)) * net.norm.weight.view(1, -1, 1, 1)


def _plain(net, x):
    return net.norm(net.inner(x))


def subject_of(way):
    torch.manual_seed(0)
    spec = InputSpec((3, 8, 8), (0.5,) * 3, (0.2,) * 3)
    return wrap(Net(way), name="net", spec=spec, heads={"class": ("a", "b")})


@pytest.mark.parametrize("way", [_twice, _in_place, _again, _two_convolutions, _read])
def test_what_would_not_be_exact_is_not_fused(way):
    subject = subject_of(way)
    before = traces(subject)
    with fused(subject, keep=["norm"]) as quick:
        untouched(before, quick)
        assert quick.layers == subject.layers
    untouched(before, subject)


def test_a_layer_that_passes_the_convolution_on_is_hidden_with_it():
    subject = subject_of(_plain)
    assert foldable(subject)[0].hidden == ("inner.0", "inner")
    with fused(subject, keep=["norm"]) as quick:
        assert isinstance(quick.module.norm, nn.Identity)
        assert not {"inner", "inner.0"} & set(quick.layers)
    with fused(subject, keep=["inner"]) as quick:
        assert isinstance(quick.module.norm, nn.BatchNorm2d)


def test_batch_norm_in_training_mode_and_modules_with_hooks_are_left_alone():
    subject = subject_of(_plain)
    handle = subject.module.norm.register_forward_hook(lambda *_: None)
    assert foldable(subject) == []
    handle.remove()
    subject.module.norm.train()
    assert foldable(subject) == []
    subject.module.norm.eval()
    assert len(foldable(subject)) == 1


def test_timms_batch_norm_keeps_its_activation():
    pytest.importorskip("timm")
    subject = models.load("timm:test_efficientnet", size=64)
    images, before = torch.rand(2, 3, 64, 64), traces(subject)
    layer = next(name for name, info in subject.layers.items() if info.kind == "BatchNormAct2d")
    heads, answers = run(subject, images)["class"], capture(subject, images, [layer])[layer]
    with fused(subject, keep=[layer, f"{layer}.act"]) as quick:
        assert type(quick.module.get_submodule(layer)) is nn.Sequential
        assert close(run(quick, images)["class"], heads)
        assert close(capture(quick, images, [layer])[layer], answers)
    untouched(before, subject)
