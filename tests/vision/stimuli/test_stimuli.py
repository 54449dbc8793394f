"""Stimuli: angles add up, the same picture from both ends, grey around, antialiased, within [0, 1]."""

import math

import pytest
import torch

from core.errors import BadInput, UnknownName
from vision.showing import half_turned, option_sets
from vision.stimuli import STIMULI, axis_values, draw, plane

ON = plane((41, 41), reach=16.0)
ORIENTED = [kind for kind in STIMULI.values() if kind.axis == "orientation"]
HUED = [kind for kind in STIMULI.values() if kind.axis == "hue"]


def quarter(pictures):
    """A quarter turn counter-clockwise as seen: what was on the right is on top."""
    return torch.rot90(pictures, 1, (-2, -1))


def every(kind, at):
    sets = option_sets(kind)
    return draw(kind, [at] * len(sets), sets, on=ON)


def hue_turn(degrees):
    """The rotation of colour space about its grey axis, by Rodrigues' formula; red goes to green at 120 degrees."""
    axis = torch.full((3,), 1 / math.sqrt(3))
    cross = torch.linalg.cross(axis.expand(3, 3), torch.eye(3)).T
    angle = math.radians(degrees)
    return torch.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


@pytest.mark.parametrize("kind", ORIENTED, ids=lambda kind: kind.name)
@pytest.mark.parametrize("at", [0.0, 25.0, 140.0])
def test_turning_the_picture_adds_to_the_orientation(kind, at):
    assert torch.allclose(quarter(every(kind, at)), every(kind, at + 90), atol=1e-3)


@pytest.mark.parametrize("kind", ORIENTED, ids=lambda kind: kind.name)
def test_an_orientation_is_not_another(kind):
    apart = (every(kind, 20.0) - every(kind, 80.0)).abs().amax((1, 2, 3))
    assert apart.min() > 0.05


@pytest.mark.parametrize("kind", [*HUED, STIMULI["circles"]], ids=lambda kind: kind.name)
def test_turning_the_picture_changes_orientation_and_nothing_else(kind):
    at, sets = 0.5, option_sets(kind)
    turned = [
        {**options, "orientation": options["orientation"] + 90} if "orientation" in options else options
        for options in sets
    ]
    expected = draw(kind, [at] * len(sets), turned, on=ON)
    assert torch.allclose(quarter(every(kind, at)), expected, atol=1e-3)


@pytest.mark.parametrize("kind", HUED, ids=lambda kind: kind.name)
def test_turning_the_colours_adds_to_the_hue(kind):
    pictures = every(kind, 40.0)
    turned = 0.5 + torch.einsum("dc,nchw->ndhw", hue_turn(75.0), pictures - 0.5)
    assert torch.allclose(turned, every(kind, 115.0), atol=1e-5)
    assert torch.allclose(pictures.mean(1), torch.tensor(0.5), atol=1e-6)


@pytest.mark.parametrize("kind", ORIENTED, ids=lambda kind: kind.name)
def test_half_a_turn_is_the_same_kind_of_picture_where_the_period_is_180(kind):
    later, sets = every(kind, 210.0), option_sets(kind)
    if kind.period == 180:
        at = [30.0] * len(sets)
        expected = draw(kind, at, [sets[other] for other in half_turned(kind)], on=ON)
        assert torch.allclose(later, expected, atol=1e-4)
    else:
        assert (later - every(kind, 30.0)).abs().amax((1, 2, 3)).min() > 0.2


def test_directions_are_as_seen():
    light_right = draw("edges", [0.0], {"offset": 0.0}, on=ON)[0, 0]
    assert light_right[20, 30] == 1
    assert light_right[20, 10] == 0
    upright = draw("lines", [90.0], {"offset": 0.0}, on=ON)[0, 0]
    assert upright[12, 20] == 1
    assert upright[20, 12] == 0.5
    bulging_up = draw("curves", [90.0], {"radius": 1.0, "filled": 1.0}, on=ON)[0, 0]
    assert bulging_up[24, 20] == 1
    assert bulging_up[16, 20] == 0


@pytest.mark.parametrize("kind", STIMULI.values(), ids=lambda kind: kind.name)
def test_pictures_fade_into_grey_and_stay_in_range(kind):
    pictures = every(kind, 0.4 if kind.period is None else 70.0)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    beyond = torch.hypot(ON.x, ON.y)[0] > ON.reach * 1.3
    assert torch.equal(pictures[..., beyond], torch.full_like(pictures[..., beyond], 0.5))


@pytest.mark.parametrize("name", ["lines", "edges", "curves", "corners", "circles"])
def test_borders_move_smoothly(name):
    """Antialiasing: a hundredth of a step changes no pixel by much."""
    at = 0.5 if name == "circles" else 33.0
    moved = every(STIMULI[name], at + (0.002 if name == "circles" else 0.1)) - every(STIMULI[name], at)
    assert 0 < moved.abs().max() < 0.15


def test_they_can_be_drawn_beside_the_middle_and_in_grey():
    shifted = draw("circles", [0.5], on=plane((41, 61), centre=(15.0, 40.0), reach=10.0), channels=1)
    centred = draw("circles", [0.5], on=plane((31, 41), reach=10.0), channels=1)
    assert shifted.shape == (1, 1, 41, 61)
    assert torch.equal(shifted[..., :31, 20:], centred)


def test_bad_input_is_named():
    with pytest.raises(UnknownName, match="nearest valid one is 'gabors'"):
        draw("gabor", [0.0], on=ON)
    with pytest.raises(UnknownName, match="nearest valid one is 'radius'"):
        draw("curves", [0.0], {"radios": 1.0}, on=ON)
    with pytest.raises(BadInput, match="cannot be drawn in 1 channel"):
        draw("hue_centres", [0.0], on=ON, channels=1)
    with pytest.raises(BadInput, match="even number"):
        axis_values(STIMULI["lines"], 7)
