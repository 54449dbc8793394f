"""Actions: signs, products, what each can act on."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from core.subject import InputSpec, wrap
from core.symmetry import groups
from vision.views.actions import ACTIONS, Action, acting, both, hue, parse, refuse_unfitting, rotation


@pytest.mark.parametrize(
    "name", [*ACTIONS, "hue*rotation", "contrast*dihedral", "phase*reflection", "scale*rotation"]
)
def test_the_identity_does_nothing_and_products_are_those_of_the_table(name):
    action = parse(name)
    at = action.group.identity
    assert np.allclose(action.spatial[at], np.eye(2))
    assert np.allclose(action.colour[at], np.eye(3))
    assert action.phase[at] == 0
    table = action.group.table
    for g, h in np.random.default_rng(0).integers(len(table), size=(40, 2)):
        if table[g, h] >= 0:
            assert np.allclose(action.spatial[g] @ action.spatial[h], action.spatial[table[g, h]])


def test_turns_are_counter_clockwise_and_hues_go_from_red_to_green():
    assert np.allclose(rotation(4).spatial[1] @ (0, 1), (-1, 0))
    assert np.allclose(parse("mirror").spatial[1] @ (0.5, 1), (0.5, -1))
    assert np.allclose(parse("dihedral:90").spatial[5] @ (0, 1), (1, 0))  # mirrored, then turned
    assert np.allclose(hue(3).colour[1] @ (1, 0, 0), (0, 1, 0))
    assert np.allclose(hue(7).colour @ np.ones(3), 1)  # grey stays grey


def test_what_is_no_action_is_refused():
    group = groups.cyclic("rotation", 4)
    with pytest.raises(BadInput, match="does not multiply"):
        acting(group, spatial=rotation(4).spatial[[0, 2, 1, 3]])
    with pytest.raises(UnknownName, match="nearest valid one is 'rotation'"):
        parse("rotatoin")
    for text, hint in [
        ("rotation:7", "rotation:6|rotation:8"),
        ("hue:x", "number"),
        ("mirror:3", "no steps"),
    ]:
        with pytest.raises(BadInput, match=hint):
            parse(text)


@pytest.mark.parametrize(
    "text",
    ["rotation*reflection", "phase*rotation", "hue*hue", "rotation*rotation:90", "dihedral*reflection"],
)
def test_actions_that_disturb_each_other_have_no_product(text):
    with pytest.raises(BadInput, match=r"do not commute|same thing"):
        parse(text)


def test_a_shift_by_half_a_wave_commutes_with_turns_as_an_inversion_does():
    assert isinstance(both(parse("phase:180"), rotation(8)), Action)


def subject(channels, side):
    names = ("red", "green", "blue") if channels == 3 else ("grey",)
    spec = InputSpec((channels, side, side), (0.0,) * channels, (1.0,) * channels, names)
    module = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.Flatten(), nn.Linear(2 * side * side, 2))
    return wrap(module, name="small", spec=spec, heads={"class": ("a", "b")})


def test_an_action_that_a_network_cannot_be_shown_is_refused_with_one_that_it_can():
    torch.manual_seed(0)
    with pytest.raises(
        BadInput, match=r"hue acts on red, green and blue, but small is fed grey; .* 'contrast'"
    ):
        refuse_unfitting(hue(), subject(1, 8))
    with pytest.raises(BadInput, match="'rotation'"):
        refuse_unfitting(parse("hue*rotation"), subject(1, 8))
    with pytest.raises(BadInput, match="at least 5 x 5"):
        refuse_unfitting(rotation(), subject(3, 3))
    refuse_unfitting(rotation(), subject(1, 8))
    refuse_unfitting(parse("contrast"), subject(1, 3))
