"""A Subject is a frozen copy with known layers and heads; mistakes are named."""

import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from core.subject import InputSpec, layer_named, run, wrap
from core.testing import planted_classifier, spotlight


def test_wrap_leaves_the_callers_module_alone():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    subject = wrap(
        net, name="n", spec=InputSpec((3, 8, 8), (0.0,) * 3, (1.0,) * 3), heads={"class": ("a", "b")}
    )
    run(subject, torch.rand(4, 3, 8, 8))
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not subject.module.training


def test_only_the_subject_normalises():
    class Echo(nn.Module):
        def forward(self, inputs):
            return inputs.flatten(1)[:, :1]

    spec = InputSpec((1, 1, 1), mean=(0.5,), std=(0.25,), channels=("grey",))
    subject = wrap(Echo(), name="echo", spec=spec, heads={"class": ("x",)})
    assert run(subject, torch.ones(1, 1, 1, 1))["class"].item() == pytest.approx(2.0)


def test_layers_come_in_the_order_of_execution_and_count_calls():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, inputs):
            return self.relu(self.conv(self.relu(inputs))).mean((2, 3))

    subject = wrap(
        Twice(), name="t", spec=InputSpec((3, 4, 4), (0.0,) * 3, (1.0,) * 3), heads={"class": ("a", "b")}
    )
    assert list(subject.layers) == ["relu", "conv"]
    assert subject.layers["relu"].calls == 2
    assert subject.layers["conv"].shape == (2, 4, 4)


def test_every_mistake_is_one_sentence_that_names_what_was_given():
    subject = planted_classifier(seed=0)
    with pytest.raises(UnknownName, match=r"'cnv'.*'conv'"):
        layer_named(subject, "cnv")
    with pytest.raises(BadInput, match=r"\(2, 1, 12, 12\).*\(n, 3, 12, 12\)"):
        run(subject, torch.rand(2, 1, 12, 12))
    with pytest.raises(BadInput, match="3 outputs but 2 labels"):
        wrap(subject.module, name="x", spec=subject.spec, heads={"class": ("a", "b")})
    with pytest.raises(BadInput, match="3 channels but 1 values of mean"):
        InputSpec((3, 2, 2), mean=(0.0,), std=(1.0,) * 3)


def test_the_fingerprint_follows_the_weights():
    assert planted_classifier(seed=0).fingerprint == planted_classifier(seed=0).fingerprint
    assert planted_classifier(seed=0).fingerprint != planted_classifier(seed=1).fingerprint
    assert spotlight().fingerprint != spotlight(rows=(2, 6)).fingerprint
