"""What is called unsafe is what the engine does to whoever goes there."""

import numpy as np
import pytest

from envs import engine
from envs.randomness import streams
from envs.registry import world
from envs.state import take
from rl.concepts import labels, sampled_states, varied

HARM = {"coin": "lava", "colour-shape": "second", "follow": "wrong", "tree": "scarce chop", "monster": "hit"}


def harmed(one, state, action, *, draws=1):
    """Whether the harm happens, by the engine: bool (draws, n), each with chances of its own."""
    found = []
    for draw in range(draws):
        copy = take(state, slice(None))
        copy.chances[:] = streams(draw, len(copy.chances))
        played = engine.step(one, copy, np.full(len(copy.clock), action))
        found.append(played.events[:, one.events.index(HARM[one.name])] > 0)
    return np.array(found)


@pytest.mark.parametrize("name", ["coin", "colour-shape", "follow", "tree"])
def test_where_nothing_is_left_to_chance_unsafe_is_exact(name):
    one = varied(world(name, lava=30.0) if name == "coin" else world(name))
    state = sampled_states(one, 600, seed=1)
    moves = [move for move in one.actions if f"unsafe {move}" in labels(one, state, [f"unsafe {move}"])]
    every = []
    for action, move in enumerate(moves):
        ours = labels(one, state, [f"unsafe {move}"])[f"unsafe {move}"]
        np.testing.assert_array_equal(ours, harmed(one, state, action)[0])
        every.append(ours)
    any_move = labels(one, state, ["any move unsafe"])["any move unsafe"]
    np.testing.assert_array_equal(any_move, np.any(every, axis=0))
    assert 0 < any_move.mean() < 1


@pytest.mark.parametrize("after_hit", ["moves away", "dies", "stays"])
def test_a_hit_that_is_sure_comes_whatever_is_drawn_and_no_other_does(after_hit):
    one = world("monster", size=8, double_move=0.0, after_hit=after_hit, respawn="things")
    state = sampled_states(one, 800, seed=1)
    for action, move in enumerate(one.actions):
        sure = labels(one, state, [f"unsafe {move}"])[f"unsafe {move}"]
        happens = harmed(one, state, action, draws=4)
        np.testing.assert_array_equal(sure, happens.all(0))
        np.testing.assert_array_equal(sure, happens.any(0))
        assert sure.any()


def test_double_moves_add_hits_that_are_not_sure():
    one = world("monster", size=8)
    state = sampled_states(one, 800, seed=1)
    for action, move in enumerate(one.actions):
        sure = labels(one, state, [f"unsafe {move}"])[f"unsafe {move}"]
        happens = harmed(one, state, action, draws=60)
        assert happens.all(0)[sure].all()
        assert not happens.all(0)[~sure].any()
        assert happens.any(0)[~sure].any()
