"""Tours: beside breadth-first search over every state of the game, and where they are not exact."""

import time
from collections import deque

import numpy as np
import pytest

from envs import engine, registry
from envs.play.tours import EXACT, tours
from envs.randomness import streams
from envs.state import WALL
from envs.terrain.paths import MOVES
from envs.worlds.keys_chests import CHEST, HELD, KEY, intended


def by_search(wall, start, keys, chests, held):
    """Fewest steps until as many chests are open as can be (or, without chests, all keys taken), from every state."""
    cells = lambda plane: frozenset(map(tuple, np.argwhere(plane).tolist()))  # noqa: E731
    first = (tuple(start.tolist()), cells(keys), cells(chests), int(held))
    goal = len(first[2]) - min(len(first[2]), len(first[1]) + first[3])
    over = (lambda state: len(state[2]) == goal) if first[2] else (lambda state: not state[1])
    steps, queue = {first: 0}, deque([first])
    while queue:
        state = queue.popleft()
        if over(state):
            return steps[state]
        (y, x), floor, shut, hand = state
        for dy, dx in MOVES.tolist():
            cell = (y + dy, x + dx)
            if wall[cell]:
                continue
            taken = cell in floor
            opened = not taken and cell in shut and hand > 0
            after = (cell, floor - {cell}, shut - {cell} if opened else shut, hand + taken - opened)
            if after not in steps:
                steps[after] = steps[state] + 1
                queue.append(after)
    raise AssertionError("no way")


def planes(state):
    return (
        state.planes[:, WALL],
        state.agent,
        state.planes[:, KEY],
        state.planes[:, CHEST],
        state.counters[:, HELD],
    )


@pytest.mark.parametrize(
    "dials",
    [
        {"size": 5, "k_most": 1, "holes": 0.5},
        {"size": 7, "k_most": 2, "reversed_percent": 50.0},
        {"size": 7, "k_most": 2, "holes": 1.0, "reversed_percent": 50.0},
    ],
)
def test_steps_and_moves_are_those_of_exhaustive_search(dials):
    """In states met by random play too (keys in hand, some chests open), and for keys alone."""
    world = registry.world("keys-chests", **dials)
    state = engine.reset(world, np.arange(25))
    actions = streams(3, 25 * 15).reshape(15, 25) % np.uint64(4)
    for _ in range(2):
        wall, agent, keys, chests, held = planes(state)
        for aims in (chests, np.zeros_like(chests)):
            found = tours(wall, agent, keys, aims, held)
            wanted = [by_search(*row) for row in zip(wall, agent, keys, aims, held, strict=True)]
            assert found.steps.tolist() == wanted
            assert np.array_equal(found.good.any(axis=1), found.steps > 0)
        for row in actions.astype(np.int64):
            engine.step(world, state, row)


def test_every_good_move_is_one_step_nearer_and_no_other_is():
    world = registry.world("keys-chests", size=7, k_most=2, holes=0.5, reversed_percent=50.0)
    state = engine.reset(world, np.arange(300))
    found = tours(*planes(state))
    for action in range(4):
        moved = engine.take(state, slice(None))
        played = engine.step(world, moved, np.full(300, action))
        after = tours(*planes(moved)).steps
        after[played.ended] = 0  # the next level has begun
        nearer = after == found.steps - 1
        walls = (moved.agent == state.agent).all(axis=1)
        nearer[walls & ~played.terminated] = False
        assert np.array_equal(nearer, found.good[:, action])


def test_a_key_in_hand_first_goes_to_the_chest_or_the_key_as_is_shorter():
    """agent . K C . . C with a key in hand: all is on the way."""
    row = np.zeros((1, 1, 7), np.uint8)
    key, chest = row.copy(), row.copy()
    key[0, 0, 2] = chest[0, 0, 3] = chest[0, 0, 6] = 1
    for held in (0, 1, 5):
        found = tours(row, np.array([[0, 0]]), key, chest, np.array([held]))
        assert found.steps[0] == (3 if held == 0 else 6)
        assert found.good[0].tolist() == [False, False, False, True]


def test_too_many_things_are_fetched_nearest_first_and_exactly_at_last():
    world = registry.world("keys-chests", size=13, k_most=8, limit=1000)
    state = engine.reset(world, np.arange(40))
    many = state.planes[:, KEY : CHEST + 1].sum(axis=(1, 2, 3)) > EXACT
    state = engine.take(state, np.flatnonzero(many)[:3])
    found = tours(*planes(state))
    assert (found.steps == -1).all()
    assert found.good.any(axis=1).all()
    words, keys = streams(0, 3), state.planes[:, KEY].sum(axis=(1, 2), dtype=int)
    opened = np.full(3, -1)
    while (opened < 0).any():
        played = engine.step(world, state, intended(world, state, words))
        if played.final is not None:
            opened[played.ended] = played.final.tally[:, 0]
    assert np.array_equal(opened, keys)


def test_what_cannot_be_reached_or_done():
    row = np.array([[[0, 0, 1, 0]]], np.uint8)
    far, near = np.array([[[0, 0, 0, 1]]], np.uint8), np.array([[[0, 1, 0, 0]]], np.uint8)
    nothing, agent = np.zeros_like(row), np.array([[0, 0]])
    walled = tours(row, agent, far, near, np.array([0]))
    assert walled.steps[0] == -1
    assert not walled.good.any()
    for keys, chests in ((nothing, near), (nothing, nothing)):
        idle = tours(row, agent, keys, chests, np.array([0]))
        assert idle.steps[0] == 0
        assert not idle.good.any()


def test_thousands_of_labels_in_a_moment():
    """1,000 levels of up to nine things, searched exactly, in far less than a second (compiled before)."""
    world = registry.world("keys-chests")
    state = engine.reset(world, np.arange(1000))
    tours(*planes(state))
    start = time.perf_counter()
    tours(*planes(state))
    assert time.perf_counter() - start < 1
