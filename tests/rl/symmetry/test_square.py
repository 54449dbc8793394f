"""Turned views, turned actions and the group's table are one action; what cannot be turned is refused."""

import numpy as np
import pytest
import torch

from core.errors import BadInput
from envs.registry import world
from rl.symmetry import turned_states
from rl.symmetry.actions import turned_actions
from rl.symmetry.square import PLACES, SQUARE, still_planes, turned

MOVES = ("up", "down", "left", "right", "stay")
PAIRS = [(g, h) for g in range(8) for h in range(8)]


@pytest.mark.parametrize("side", [4, 5])
def test_places_and_turned_views_follow_the_table(side):
    seen = torch.rand(1, 2, side, side)
    for g, h in PAIRS:
        both = int(SQUARE.table[g, h])
        assert np.array_equal(PLACES[both], PLACES[g] @ PLACES[h])
        assert torch.equal(turned(turned(seen, h), g), turned(seen, both))


@pytest.mark.parametrize("side", [4, 5])
def test_a_cell_goes_where_places_says(side):
    for g in range(8):
        for y, x in [(0, 1), (side - 1, 0)]:
            seen = torch.zeros(1, 1, side, side)
            seen[0, 0, y, x] = 1
            centred = 2 * np.array([y, x]) - (side - 1)
            led = (PLACES[g] @ centred + side - 1) / 2
            assert turned(seen, g)[0, 0, int(led[0]), int(led[1])] == 1


def test_labels_are_read_as_seen():
    assert SQUARE.labels[1] == "90°"
    assert SQUARE.labels[4] == "mirrored 0°"
    names = [MOVES[a] for a in turned_actions(MOVES)[1]]
    assert names == ["left", "right", "down", "up", "stay"]  # counter-clockwise
    assert [MOVES[a] for a in turned_actions(MOVES)[4]] == ["up", "down", "right", "left", "stay"]


@pytest.mark.parametrize("flipped", [False, True])
def test_actions_follow_the_table(flipped):
    becomes = turned_actions(MOVES, flipped=flipped)
    for g, h in PAIRS:
        assert np.array_equal(becomes[SQUARE.table[g, h]], becomes[g][becomes[h]])


def test_upside_down_a_quarter_turn_leads_the_other_way():
    upright, flipped = turned_actions(MOVES), turned_actions(MOVES, flipped=True)
    assert np.array_equal(flipped[1], upright[3])
    assert np.array_equal(flipped[4], upright[4])


def test_actions_of_several_words():
    names = (
        "push up",
        "push left",
        "push down",
        "push right",
        "up-left",
        "down-left",
        "down-right",
        "up-right",
    )
    assert [names[a] for a in turned_actions(names)[1]] == [
        "push left", "push down", "push right", "push up", "down-left", "down-right", "up-right", "up-left",
    ]  # fmt: skip
    assert [turned_actions(("north", "east", "south", "west"))[1].tolist()] == [[3, 0, 1, 2]]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("turn left", "turn right", "forward"), "'turn left' into 'down turn', which is none of"),
        (("left", "right", "jump"), "turn action 'left' into 'down'"),
        (
            ("fire", "wait"),
            "permute actions that name directions, as up, right, down and left do; got fire, wait",
        ),
    ],
)
def test_actions_that_cannot_be_turned_are_one_sentence(names, said):
    with pytest.raises(BadInput, match=said):
        turned_actions(names)


def test_what_is_held_stays():
    monster = world("monster")
    views = turned_states(monster, "window", count=16)
    batch = torch.cat([look(1) for look in views.batches(5)])
    assert views.still == 1
    assert torch.equal(batch[:, -1], views.seen[:, -1])
    assert torch.equal(batch[:, :-1], torch.rot90(views.seen[:, :-1], 1, (2, 3)))
    assert len(views) == 16
    assert views.size == (15, 15)
    assert "16 states of held-out levels of monster" in views.states


def test_other_views_are_other_data():
    maze = world("cheese", size=7, rand_region=63)
    one, other = (turned_states(maze, "window", count=16, seed=seed) for seed in (0, 1))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == turned_states(maze, "window", count=16, seed=0).fingerprint


@pytest.mark.parametrize(
    ("name", "view", "said"),
    [
        (
            "coin",
            "grid",
            r"is 7 x 17 cells, on which the symmetries of the square do not act; expected .* 'window'",
        ),
        ("cheese", "rgb", "draws its things upright"),
    ],
)
def test_views_that_cannot_be_turned_are_one_sentence(name, view, said):
    with pytest.raises(BadInput, match=said):
        still_planes(world(name), view)
    with pytest.raises(BadInput, match="got 7 x 12 cells"):
        turned(torch.zeros(1, 1, 7, 12), 1)
