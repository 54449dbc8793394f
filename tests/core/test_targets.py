"""Targets have a text form, and the subject says which it has."""

from dataclasses import replace

import pytest
import torch

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.subject import run
from core.targets import Difference, Direction, Output, Unit, checked, parse, score
from core.testing import planted_classifier, spotlight


@pytest.mark.parametrize("text", ["class:2", "conv:3", "conv:0@11,0", "relu:1", "class:2-class:0"])
def test_text_and_target_are_the_same(text):
    assert str(parse(text, planted_classifier(seed=0))) == text


def test_labels_and_lone_outputs_may_be_named():
    assert parse("policy:second", spotlight()) == Output("policy", 1)
    assert parse("value", spotlight()) == Output("value", 0)
    assert parse("policy:second-value", spotlight()) == Difference(Output("policy", 1), Output("value", 0))


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("clas:1", UnknownName, "'class'"),
        ("conv:4", BadInput, "0 to 3"),
        ("conv", BadInput, "conv:0"),
        ("conv:1@12,0", BadInput, "12 x 12"),
        ("class:nine", UnknownName, "nine"),
        ("class:3", BadInput, "0 to 2"),
        ("class:0-class:9", BadInput, "0 to 2"),
        ("class:0-klass:1", UnknownName, "class"),
        ("", BadInput, "form"),
    ],
)
def test_a_target_that_is_not_there_is_refused(text, error, says):
    with pytest.raises(error, match=says):
        parse(text, planted_classifier(seed=0))


def test_score_is_the_output_the_channel_mean_and_the_projection():
    subject, images = planted_classifier(seed=3), torch.rand(5, 3, 12, 12)
    assert torch.equal(score(subject, images, Output("class", 1)), run(subject, images)["class"][:, 1])
    maps = capture(subject, images, ["conv"])["conv"]
    assert torch.allclose(score(subject, images, Unit("conv", 2)), maps[:, 2].mean((1, 2)))
    assert torch.equal(score(subject, images, Unit("conv", 2, 4, 5)), maps[:, 2, 4, 5])
    one = torch.zeros(4)
    one[2] = 1
    assert torch.allclose(score(subject, images, Direction("conv", one, "third")), maps[:, 2].mean((1, 2)))
    whole = Direction("conv", torch.ones(4, 12, 12), "all")
    assert torch.allclose(score(subject, images, whole), maps.sum((1, 2, 3)), atol=1e-4)


def test_directions_must_fit_their_layer():
    with pytest.raises(BadInput, match=r"\(5,\)"):
        checked(planted_classifier(seed=0), Direction("conv", torch.ones(5), "odd"))


def test_score_carries_gradients_to_the_input():
    images = torch.rand(2, 3, 12, 12, requires_grad=True)
    score(planted_classifier(seed=0), images, Unit("conv", 0)).sum().backward()
    assert images.grad.abs().sum() > 0


def test_labels_keep_their_hyphens_and_a_difference_is_one_score_less_the_other():
    plain = planted_classifier(seed=3)
    subject = replace(plain, heads={"class": ("wire-haired", "class-room", "cat")})
    assert parse("class:wire-haired-class:class-room", subject) == parse("class:0-class:1", subject)
    images = torch.rand(2, 3, 12, 12)
    one, other = (score(subject, images, parse(text, subject)) for text in ("class:0", "class:class-room"))
    both = score(subject, images, parse("class:0-class:1", subject))
    assert torch.allclose(both, one - other, atol=1e-6)
