"""Observations of cells: what may be is learned, and what is made for a planted unit is exactly what it wants."""

import pytest
import torch
from torch import nn

from core.errors import BadInput
from core.subject import InputSpec, wrap
from core.targets import Unit
from feature_viz.cells.possible import possible
from feature_viz.cells.relaxed import cellwise
from feature_viz.cells.settled import nearest
from feature_viz.objectives import peak
from feature_viz.optimize import render
from feature_viz.parametrize import pixels
from feature_viz.recipes import Recipe
from feature_viz.transforms import STILL

SIDE = 7


def observations(count=400, *, seed=0):
    """Walls at random, never in the middle cell; one cheese, never on a wall; a gauge of 0 to 3."""
    generator = torch.Generator().manual_seed(seed)
    seen = torch.zeros(count, 3, SIDE, SIDE)
    seen[:, 0] = (torch.rand((count, SIDE, SIDE), generator=generator) < 0.4).float()
    seen[:, 0, 3, 3] = 0
    places = torch.randint(SIDE * SIDE, (count,), generator=generator)
    seen[:, 1].flatten(1)[torch.arange(count), places] = 1
    seen[:, 0][seen[:, 1] > 0] = 0
    held = torch.randint(4, (count,), generator=generator)
    seen[:, 2] = (torch.arange(SIDE * SIDE).view(SIDE, SIDE) < held[:, None, None]).float()
    return seen


def wanting(*, seed=0):
    """Unit 0 wants cheese at (1, 5) and a wall at (2, 2), and no wall at (0, 0); unit 1 wants two held, no more."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 2), nn.ReLU())
    weight = torch.zeros(2, 3, SIDE, SIDE)
    weight[0, 1, 1, 5], weight[0, 0, 2, 2], weight[0, 0, 0, 0] = 3.0, 2.0, -2.0
    weight[1, 2, 0, :2], weight[1, 2, 0, 2] = 1.0, -1.0
    with torch.no_grad():
        network[1].weight.copy_(weight.flatten(1))
        network[1].bias.fill_(0.5)
    spec = InputSpec((3, SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3, channels=("wall", "cheese", "held"))
    return wrap(network, name="wanting", spec=spec, heads={"policy": ("a", "b")})


def made(subject, unit, seed=0):
    allowed = possible(observations(), gauges=1)
    recipe = Recipe(cellwise(allowed), STILL, steps=40)
    (image,) = render(subject, [peak("2", unit)], recipe=recipe, seed=seed)
    return image


def test_what_cells_hold_is_learned():
    found = possible(observations(), gauges=1)
    assert found.contents.tolist() == [[0, 0], [1, 0], [0, 1]]
    assert found.most[1] == 1
    assert found.fullest == (3,)
    assert not found.allowed[1, 3, 3]
    assert found.allowed[1].sum() == SIDE * SIDE - 1
    assert found.allowed[0].all()


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_unit_gets_the_thing_at_its_place_and_nothing_else(seed):
    image = made(wanting(), 0, seed)
    wanted = torch.zeros(3, SIDE, SIDE)
    wanted[1, 1, 5] = wanted[0, 2, 2] = 1
    assert torch.equal(image.image, wanted)
    assert image.activation == pytest.approx(5.5)
    assert image.relaxed is not None
    assert image.relaxed <= 5.5 + 1e-4


def test_a_gauge_is_filled_as_far_as_the_unit_wants():
    image = made(wanting(), 1)
    assert image.image[2].flatten()[:4].tolist() == [1, 1, 0, 0]
    assert image.image[:2].sum() == 0


def test_no_more_of_a_thing_than_there_ever_is():
    subject = wanting()
    with torch.no_grad():
        subject.module[1].weight[0].view(3, SIDE, SIDE)[1] = torch.rand(SIDE, SIDE) + 1
    image = made(subject, 0)
    assert image.image[1].sum() == 1
    assert image.image[1].flatten().argmax() == subject.module[1].weight[0].view(3, -1)[1].argmax()


def test_a_mixture_is_brought_within_the_counts():
    allowed = possible(observations(), gauges=1)
    layout, counts = nearest(torch.full((3, SIDE, SIDE), 0.9), allowed)
    assert int((allowed.contents[layout, 1] > 0).sum()) <= 1
    assert counts == (3,)


def test_free_pictures_are_as_before():
    (image,) = render(wanting(), [Unit("2", 0)], recipe=Recipe(pixels(), STILL), steps=4)
    assert image.relaxed is None


def test_mixtures_are_nothing_to_learn_from():
    with pytest.raises(BadInput, match="0 and 1"):
        possible(torch.full((2, 1, 3, 3), 0.5))
