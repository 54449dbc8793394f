"""Objectives rise under ascent, compose, and give one number per image."""

import pytest
import torch

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.layers import LayerInfo
from core.targets import Direction, Output, Unit
from core.testing import planted_classifier
from feature_viz.objectives import (
    Seen,
    channel,
    direction,
    diversity,
    layer_energy,
    neuron,
    objective,
    output,
)
from feature_viz.optimize import render
from feature_viz.recipes import Recipe
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
    "diverse": diversity("relu", 3),
    "diverse channel": channel("conv", 1) + 0.5 * diversity("relu", 2),
}


def seen_as(maps):
    return Seen({"a": maps}, {}, {"a": LayerInfo("a", "Conv2d", tuple(maps.shape[1:]))})


@pytest.mark.parametrize("name", EVERY)
def test_a_few_steps_raise_it(name):
    made = render(SUBJECT, [EVERY[name]], steps=12, recipe=Recipe(wobble=STILL))
    assert len(made) == EVERY[name].images
    assert sum(each.activation for each in made) > sum(float(each.trace[0]) for each in made)


def test_each_image_of_a_batch_gets_its_own_number():
    maps = torch.rand(3, 4, 5, 5)
    values = channel("a", 1).value(seen_as(maps))
    assert torch.allclose(values, maps[:, 1].mean((1, 2)))


def test_text_and_value_compose():
    a, b = channel("a", 0), channel("a", 1)
    mixed = 2 * (a + b) - 3 * b * a + 1
    assert str(mixed) == "2 * (a:0 + a:1) + -1 * 3 * a:1 * a:0 + 1"
    maps = torch.rand(2, 2, 3, 3)
    x, y = maps.mean((2, 3)).T
    assert torch.allclose(mixed.value(seen_as(maps)), 2 * (x + y) - 3 * x * y + 1)
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


def test_diversity_is_nothing_among_the_same_and_more_among_others():
    some = torch.rand(1, 4, 5, 5)
    same, other = diversity("a", 3), torch.randn(3, 4, 5, 5)
    assert torch.allclose(same.value(seen_as(some.expand(3, -1, -1, -1))), torch.zeros(3), atol=1e-6)
    assert (same.value(seen_as(other)) > 0.05).all()
    with pytest.raises(BadInput, match="3 images"):
        diversity("a", 3) + diversity("a", 2)


def test_diverse_pictures_of_a_channel_are_more_unlike_than_plain_ones():
    plain = render(SUBJECT, [channel("conv", 1)], steps=40, seed=1)[0]
    both = render(SUBJECT, [channel("conv", 1) + 3 * diversity("conv", 2)], steps=40, seed=1)
    again = render(SUBJECT, [channel("conv", 1)], steps=40, seed=2)[0]
    apart = diversity("conv", 2)

    def unlike(first, second):
        maps = capture(SUBJECT, torch.stack([first.image, second.image]), ["conv"])["conv"]
        return apart.value(Seen({"conv": maps}, {}, SUBJECT.layers)).mean()

    assert [each.copy for each in both] == [0, 1]
    assert unlike(*both) > unlike(plain, again)
