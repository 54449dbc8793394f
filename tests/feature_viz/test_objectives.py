"""Objectives rise under ascent, compose, and give one number per image."""

import pytest
import torch

from core.errors import BadInput, UnknownName
from core.targets import Direction, Output, Unit
from core.testing import planted_classifier
from feature_viz.objectives import (
    Seen,
    channel,
    direction,
    layer_energy,
    neuron,
    objective,
    output,
)
from feature_viz.optimize import Recipe, render
from feature_viz.transforms import STILL

SUBJECT = planted_classifier(seed=0)
SOME = Direction("conv", torch.tensor([1.0, -1.0, 0.5, 0.0]), "some")
EVERY = {
    "channel": channel("conv", 1),
    "relu": channel("relu", 2),
    "neuron": neuron("conv", 0),
    "place": neuron("conv", 0, 3, 4),
    "output": output("class", 2),
    "direction": direction(SOME),
    "cosine": direction(SOME, cosine_power=2.0),
    "whole": direction(Direction("conv", torch.ones(4, 12, 12), "all")),
    "energy": layer_energy("relu"),
    "vector": channel("head", 1),
    "sum": channel("conv", 1) + output("class", 2) - 0.1 * layer_energy("relu"),
    "product": layer_energy("conv") * layer_energy("relu"),
    "negative": -channel("conv", 1),
}


@pytest.mark.parametrize("name", EVERY)
def test_a_few_steps_raise_it(name):
    (made,) = render(SUBJECT, [EVERY[name]], steps=12, recipe=Recipe(wobble=STILL))
    assert made.activation > made.trace[0]


def test_each_image_of_a_batch_gets_its_own_number():
    maps = torch.rand(3, 4, 5, 5)
    values = channel("a", 1).value(Seen({"a": maps}, {}))
    assert torch.allclose(values, maps[:, 1].mean((1, 2)))


def test_text_and_value_compose():
    a, b = channel("a", 0), channel("a", 1)
    mixed = 2 * (a + b) - 3 * b * a + 1
    assert str(mixed) == "2 * (a:0 + a:1) + -1 * 3 * a:1 * a:0 + 1"
    maps = torch.rand(2, 2, 3, 3)
    x, y = maps.mean((2, 3)).T
    assert torch.allclose(mixed.value(Seen({"a": maps}, {})), 2 * (x + y) - 3 * x * y + 1)
    assert mixed.layers == {"a"}


def test_targets_are_checked():
    assert str(objective(SUBJECT, Unit("conv", 1, 2, 3))) == "conv:1@2,3"
    assert str(objective(SUBJECT, Output("class", 2))) == "class:2"
    assert str(objective(SUBJECT, SOME)) == "conv~some"
    for wrong in (Unit("cnov", 1), Output("clas", 0), channel("cnov", 0), output("clas", 0)):
        with pytest.raises(UnknownName):
            objective(SUBJECT, wrong)
    with pytest.raises(BadInput):
        objective(SUBJECT, Unit("conv", 4))
