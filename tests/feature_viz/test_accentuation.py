"""Accentuation raises its target and stays near; caricatures go further the image's way."""

from dataclasses import replace

import pytest
import torch

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.targets import Output, Unit, score
from core.testing import planted_classifier
from feature_viz.accentuation import (
    ACCENTUATION,
    CARICATURE,
    accentuate,
    caricature,
    caricatures,
    near,
    whitened,
)
from feature_viz.objectives import channel, diversity
from feature_viz.optimize import render
from feature_viz.recipes import Recipe
from feature_viz.transforms import STILL

SUBJECT = planted_classifier(seed=0)
IMAGES = 0.2 + 0.6 * torch.rand((2, 3, 12, 12), generator=torch.Generator().manual_seed(0))
SHORT = replace(ACCENTUATION, steps=24)
BRIEF = replace(CARICATURE, steps=48)
TARGETS = [Unit("relu", 1), Output("class", 2)]


def stacked(made):
    return torch.stack([each.image for each in made])


def values(images):
    return torch.stack([score(SUBJECT, images[i : i + 1], target)[0] for i, target in enumerate(TARGETS)])


def change(images):
    given = whitened(IMAGES)
    return (whitened(images) - given).norm(dim=1) / given.norm(dim=1)


@pytest.mark.parametrize("layer", [None, "conv"])
def test_the_target_rises_and_a_strong_leash_is_short(layer):
    free, near_by, close = (
        stacked(accentuate(SUBJECT, IMAGES, TARGETS, strength=strength, layer=layer, recipe=SHORT))
        for strength in (0.0, 1.0, 10.0)
    )
    assert (values(close) > values(IMAGES)).all()
    assert (values(near_by) > values(close)).all()
    assert (values(free) >= values(near_by)).all()
    assert (change(close) < change(near_by)).all()
    assert (change(near_by) < change(free)).all()


def test_it_stays_nearer_than_plain_ascent():
    plain = stacked(render(SUBJECT, TARGETS, start=IMAGES, steps=64, recipe=Recipe(wobble=STILL)))
    assert (change(stacked(accentuate(SUBJECT, IMAGES, TARGETS))) < change(plain)).all()


def test_the_activation_is_the_targets_own():
    made = accentuate(SUBJECT, IMAGES, TARGETS, strength=3.0)
    assert torch.allclose(torch.tensor([each.activation for each in made]), values(stacked(made)), rtol=1e-4)


def test_several_of_one_image():
    diverse = channel("relu", 1) + 0.1 * diversity("relu", 2)
    made = accentuate(SUBJECT, IMAGES[:1], [diverse], recipe=SHORT)
    assert [each.copy for each in made] == [0, 1]
    assert made[0].activation > score(SUBJECT, IMAGES[:1], Unit("relu", 1))


def test_a_linear_unit_is_stopped_where_the_docs_say():
    # Of a linear function of what is held back the best change is exactly 1 / (2 x strength).
    wanted = channel("conv", 1)
    image = IMAGES[0]
    for strength in (2.0, 5.0):
        leash = near(SUBJECT, wanted, image, strength=strength, layer="conv")
        (made,) = render(SUBJECT, [leash], start=image[None], recipe=Recipe(wobble=STILL), steps=64)
        before, after = (
            capture(SUBJECT, one[None], ["conv"])["conv"].flatten() for one in (image, made.image)
        )
        # Activations that no image can have are out of reach, so that it comes short of that.
        assert 0.1 / strength < (after - before).norm() / before.norm() <= 0.51 / strength


def test_a_caricature_goes_further_and_the_same_way():
    made = caricatures(SUBJECT, IMAGES, "head")
    given = capture(SUBJECT, IMAGES, ["head"])["head"]
    drawn = capture(SUBJECT, stacked(made), ["head"])["head"]
    assert ((drawn * given).sum(1) > 2 * (given * given).sum(1)).all()
    assert (torch.cosine_similarity(drawn, given) > 0.8).all()
    assert all(each.activation > each.trace[0] for each in made)


def test_a_power_of_the_cosine_keeps_the_direction():
    plain, held = (
        stacked(caricatures(SUBJECT, IMAGES, "head", cosine_power=power, recipe=BRIEF))
        for power in (0.0, 4.0)
    )
    given = capture(SUBJECT, IMAGES, ["head"])["head"]
    towards = [
        torch.cosine_similarity(capture(SUBJECT, one, ["head"])["head"], given).mean()
        for one in (plain, held)
    ]
    assert towards[1] > towards[0]


def test_what_does_not_fit_is_said():
    with pytest.raises(BadInput, match="2 images and 1 targets"):
        accentuate(SUBJECT, IMAGES, TARGETS[:1])
    with pytest.raises(BadInput, match="strength"):
        accentuate(SUBJECT, IMAGES, TARGETS, strength=-1.0)
    with pytest.raises(BadInput, match="does not depend on layer 'head'"):
        accentuate(SUBJECT, IMAGES[:1], TARGETS[:1], layer="head")
    with pytest.raises(UnknownName, match="conv"):
        caricatures(SUBJECT, IMAGES, "cnov")
    with pytest.raises(BadInput, match="square"):
        caricatures(SUBJECT, IMAGES[..., :10], "conv")
    with pytest.raises(BadInput, match="has to be of its size"):
        render(SUBJECT, [caricature(SUBJECT, "conv", IMAGES[0])], size=10, steps=1)
