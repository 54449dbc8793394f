"""capture() returns what the layers said, stops early, and leaves no hook behind."""

import pytest
import torch
from torch import nn

from core.activations import capture, recording, run_until_enough
from core.errors import NotFinite, UnknownName
from core.subject import InputSpec, feed, wrap
from core.testing import planted_classifier


def hooks(module):
    return sum(len(inner._forward_hooks) for inner in module.modules())


def test_layers_agree_with_running_the_modules_by_hand():
    subject, images = planted_classifier(seed=1), torch.rand(5, 3, 12, 12)
    kept = capture(subject, images, ["conv", "relu"], batch_size=2)
    by_hand = subject.module.conv(feed(subject, images))
    assert torch.allclose(kept["conv"], by_hand, atol=1e-6)
    assert torch.allclose(kept["relu"], by_hand.relu(), atol=1e-6)
    assert hooks(subject.module) == 0


def test_nothing_runs_after_the_deepest_layer_asked_for():
    class Bomb(nn.Module):
        armed = False

        def forward(self, inputs):
            if self.armed:
                raise AssertionError("ran too far")
            return inputs.mean((2, 3))

    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), Bomb())
    subject = wrap(
        net, name="bomb", spec=InputSpec((3, 4, 4), (0.0,) * 3, (1.0,) * 3), heads={"class": ("a", "b")}
    )
    subject.module[2].armed = True
    assert capture(subject, torch.rand(1, 3, 4, 4), ["1", "0"])["1"].shape == (1, 2, 4, 4)


def test_a_module_called_twice_gives_its_last_answer():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, inputs):
            return self.relu(self.relu(inputs) - 0.5).mean((2, 3))

    subject = wrap(
        Twice(), name="t", spec=InputSpec((1, 2, 2), (0.0,), (1.0,), ("g",)), heads={"class": ("a",)}
    )
    assert capture(subject, torch.ones(1, 1, 2, 2), ["relu"])["relu"].max() == 0.5


def test_hooks_are_removed_after_an_exception():
    subject = planted_classifier(seed=0)
    with pytest.raises(RuntimeError), recording(subject, ["conv"]):
        run_until_enough(subject.module, torch.rand(1, 5, 3, 3))
    assert hooks(subject.module) == 0


def test_nan_is_named_by_layer_and_input():
    images = torch.rand(4, 3, 12, 12)
    images[2, 0, 0, 0] = float("nan")
    with pytest.raises(NotFinite, match=r"layer 'conv'.*input 2"):
        capture(planted_classifier(seed=0), images, ["conv"])


def test_an_unknown_layer_is_refused():
    with pytest.raises(UnknownName, match="'pool'"):
        capture(planted_classifier(seed=0), torch.rand(1, 3, 12, 12), ["pol"])


def test_an_in_place_relu_does_not_overwrite_the_layer_before_it():
    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(8, 1))
    spec = InputSpec((3, 2, 2), mean=(0.0,) * 3, std=(1.0,) * 3)
    subject = wrap(net, name="net", spec=spec, heads={"value": ("v",)})
    inputs = torch.rand(5, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    together = capture(subject, inputs, ["0", "1"])
    assert torch.equal(together["0"], capture(subject, inputs, ["0"])["0"])
    assert torch.equal(together["1"], together["0"].relu())
    assert net[1].inplace


def test_what_is_recorded_is_not_overwritten_by_what_runs_on():
    class Residual(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Conv2d(3, 2, 1)
            self.second = torch.nn.Flatten()

        def forward(self, inputs):
            out = self.first(inputs)
            out += 1
            return self.second(out)[:, :2]

    spec = InputSpec((3, 2, 2), mean=(0.0,) * 3, std=(1.0,) * 3)
    subject = wrap(Residual(), name="residual", spec=spec, heads={"class": ("a", "b")})
    images = torch.rand(2, 3, 2, 2)
    alone = capture(subject, images, ["first"])["first"]
    assert torch.equal(capture(subject, images, ["first", "second"])["first"], alone)
