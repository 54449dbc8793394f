"""Cheese: its mazes, where things lie, its rules, its routes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import engine, registry
from envs.checks import CHECKS, check_world
from envs.spec import performance
from envs.state import WALL
from envs.terrain.paths import best_actions, distances
from envs.worlds.cheese import CHEESE, cheese_cells, corner_cells, routes

sizes = st.integers(2, 12).map(lambda k: 2 * k + 1)


@pytest.mark.parametrize("dials", [{"size": 5, "limit": 30}, {"size": 9, "rand_region": 63, "limit": 50}])
def test_contract(dials):
    assert len(check_world(registry.world("cheese", **dials))) == len(CHECKS)


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(1, 63), st.integers(0, 2**32 - 1))
def test_levels_obey_their_description(size, region, seed):
    maze = registry.world("cheese", size=size, rand_region=region)
    state = engine.reset(maze, [seed])
    free = state.planes[0, WALL] == 0
    rooms = (size // 2) ** 2
    assert free[1::2, 1::2].all()  # every room is open
    assert free.sum() == 2 * rooms - 1  # rooms and the passages of a spanning tree
    reach = distances(state.planes[:, WALL], corner_cells(state))[0]
    assert (reach[free] >= 0).all()  # connected
    assert state.agent[0].tolist() == [size - 2, 1]
    row, column = cheese_cells(state)[0]
    assert free[row, column]
    assert (row, column) != (size - 2, 1)
    assert row <= min(region, size - 2)
    assert column >= max(1, size - 1 - region)


def test_cheese_is_uniform_in_its_region():
    """Within one maze, over many draws: chi-square against equal shares."""
    maze = registry.world("cheese", size=5, rand_region=5)
    state = engine.reset(maze, np.arange(8000))
    walls = state.planes[:, WALL].reshape(8000, -1)
    kinds, which = np.unique(walls, axis=0, return_inverse=True)
    assert len(kinds) == 4  # the four spanning trees of two rooms by two
    for kind in range(4):
        cells = cheese_cells(state)[which.ravel() == kind]
        _, counts = np.unique(cells, axis=0, return_counts=True)
        assert len(counts) == 6  # seven free cells less the mouse's
        assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 20.5  # p = 0.001


def best_towards(state: engine.State, cells: np.ndarray) -> np.ndarray:
    return best_actions(distances(state.planes[:, WALL], cells), state.agent).argmax(1)


def test_eating_pays_and_ends():
    maze = registry.world("cheese", size=11, rand_region=63)
    state = engine.reset(maze, np.arange(64))
    expected = routes(state).to_cheese[np.arange(64), state.agent[:, 0], state.agent[:, 1]]
    lengths = np.zeros(64, int)
    while (lengths == 0).any():
        played = engine.step(maze, state, best_towards(state, cheese_cells(state)))
        assert np.array_equal(played.reward, played.events[:, 0].astype(np.float32))
        assert np.array_equal(played.terminated, played.events[:, 0] > 0)
        if played.final is not None:
            assert (performance(maze, played.final.tally) == 1).all()
            assert (played.final.planes[:, CHEESE] == 0).all()
            first = lengths[played.ended] == 0
            lengths[played.ended[first]] = played.final.clock[first]
    assert np.array_equal(lengths, expected)


def test_the_corner_is_noted_and_ends_nothing():
    maze = registry.world("cheese", size=9, rand_region=63)
    state = engine.reset(maze, np.arange(200))
    ways = routes(state)
    start = (np.arange(200), state.agent[:, 0], state.agent[:, 1])
    off = [i for i in range(200) if ways.decision[i, 0] >= 0]
    assert len(off) > 50
    state = engine.take(state, off)
    steps = ways.to_corner[start][off]
    for t in range(1, steps.max() + 1):
        played = engine.step(maze, state, best_towards(state, corner_cells(state)))
        arrived = steps == t
        assert (played.events[arrived, 1] == 1).all()
        assert not played.terminated[arrived].any()
        if t == steps.min():
            assert (played.reward == 0).all()


def test_standing_still_in_the_corner_is_one_visit():
    maze = registry.world("cheese", size=5, rand_region=1)
    state = engine.reset(maze, [0])
    seen = 0
    for _ in range(10):  # upwards into walls: the mouse never leaves the bottom rows in this level
        seen += int(engine.step(maze, state, np.array([0])).events.sum())
    assert seen == 0
    assert state.agent[0].tolist() == [3, 1]


def test_decision_square():
    """Both ways go through it, and the next step differs."""
    maze = registry.world("cheese", size=11, rand_region=63)
    state = engine.reset(maze, np.arange(100))
    ways = routes(state)
    for i in range(100):
        y, x = ways.decision[i]
        if y < 0:
            continue
        here = np.array([[y, x]])
        one, other = (best_actions(steps[i : i + 1], here)[0] for steps in (ways.to_cheese, ways.to_corner))
        assert one.sum() == other.sum() == 1
        assert one.argmax() != other.argmax()


def test_cheese_in_the_corner_has_no_decision_square():
    state = engine.reset(registry.world("cheese", size=9), np.arange(20))
    assert (routes(state).decision == -1).all()
