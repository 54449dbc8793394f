"""Concept labels of states made by hand."""

import numpy as np
import pytest

from core.errors import UnknownName
from envs import engine
from envs.editing.edits import move, place_agent
from envs.registry import world
from envs.state import AGENT, WALL
from rl.concepts import labels, sampled_states


def open_room():
    """A 5 x 5 room without inner walls, cheese at row 2, column 3, agent at row 3, column 1."""
    maze = world("cheese", size=5)
    state = engine.reset(maze, [0])
    state.planes[0, WALL, 1:4, 1:4] = 0
    state = place_agent(maze, state, np.array([3, 1]))
    return maze, move(maze, state, "cheese", np.array([2, 3]), allow=("one cheese in its region",))


def test_labels_are_true_of_a_state_made_by_hand():
    maze, state = open_room()
    known = {
        "goal row": 2,
        "goal column": 3,
        "goal rows below": -1,
        "goal columns right": 2,
        "proxy row": 1,
        "proxy column": 3,
        "proxy rows below": -2,
        "proxy columns right": 2,
        "agent row": 3,
        "agent column": 1,
        "steps to goal": 3,
        "steps to proxy": 4,
        "turn to goal": 0,  # up before right, among equals
        "turn to proxy": 0,
        "goal adjacent": False,
        "proxy nearer": False,
        "cheese count": 1,
        "up barred": False,
        "left barred": True,
        "right barred": False,
        "down barred": True,
    }
    assert {name: value.item() for name, value in labels(maze, state, list(known)).items()} == known


def test_a_wall_turns_the_way():
    maze, state = open_room()
    state.planes[0, WALL, 2, 1] = 1
    assert labels(maze, state, ["turn to goal", "steps to goal"]) == {
        "turn to goal": [3],
        "steps to goal": [3],
    }


def test_sampled_states_are_one_a_level_and_anywhere():
    maze = world("cheese", size=7, rand_region=63)
    state = sampled_states(maze, 400, seed=0)
    assert len(np.unique(state.level)) == 400
    assert (state.level >= 2**31).all()
    rows = np.arange(400)
    assert not state.planes[rows, WALL, *state.agent.T].any()
    assert not state.planes[rows, 2, *state.agent.T].any()
    assert state.planes[rows, AGENT, *state.agent.T].all()
    assert len(np.unique(state.agent, axis=0)) > 20
    same = sampled_states(maze, 400, seed=0)
    np.testing.assert_array_equal(same.agent, state.agent)


def test_an_unknown_concept_is_met_with_the_nearest():
    maze, state = open_room()
    with pytest.raises(UnknownName, match="nearest valid one is 'goal row'"):
        labels(maze, state, ["goal rwo"])
