"""KeysChests: what its levels hold, its rules, its ghosts, its play."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from envs import engine, registry
from envs.checks import CHECKS, check_world
from envs.observations import channels, observe
from envs.play import policies
from envs.play.tours import tours
from envs.randomness import streams
from envs.spec import performance
from envs.state import AGENT, WALL
from envs.terrain.paths import distances
from envs.worlds.keys_chests import CHEST, GHOST, HELD, KEY, intended

UP, DOWN, LEFT, RIGHT = range(4)


def count(state, plane):
    return state.planes[:, plane].sum(axis=(1, 2), dtype=int)


@pytest.mark.parametrize(
    "dials",
    [
        {"size": 5, "k_most": 1, "limit": 40},
        {"size": 9, "reversed_percent": 30.0, "holes": 0.4, "limit": 60},
        {"reversed_percent": 100.0},
    ],
)
def test_contract(dials):
    assert len(check_world(registry.world("keys-chests", **dials))) == len(CHECKS)


dials = st.fixed_dictionaries(
    {
        "size": st.sampled_from([5, 7, 9, 13]),
        "holes": st.sampled_from([0.0, 0.4, 1.0]),
        "reversed_percent": st.sampled_from([0.0, 50.0, 100.0]),
    }
)


@settings(max_examples=40, deadline=None)
@given(dials, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_levels_obey_their_description(dials, k_most, seed):
    k_most = min(k_most, (2 * (dials["size"] // 2) ** 2 - 2) // 5)
    world = registry.world("keys-chests", k_most=k_most, **dials)
    state = engine.reset(world, [seed])
    free = state.planes[0, WALL] == 0
    assert free[1::2, 1::2].all()
    assert not free[::2, ::2].any()
    assert (distances(state.planes[:, WALL], state.agent)[0][free] >= 0).all()
    rooms = (dials["size"] // 2) ** 2
    least, most = 2 * rooms - 1, 3 * rooms - 2 * (dials["size"] // 2)
    assert free.sum() == least if dials["holes"] == 0 else least <= free.sum() <= most
    if dials["holes"] == 1:
        assert free.sum() == most
    keys, chests, ghosts = (int(count(state, plane)[0]) for plane in (KEY, CHEST, GHOST))
    assert (keys, chests) in {
        (k, 2 * k) if not turned else (2 * k, k)
        for k in range(1, k_most + 1)
        for turned in {0.0: (0,), 50.0: (0, 1), 100.0: (1,)}[dials["reversed_percent"]]
    }
    assert ghosts == chests
    assert state.planes[0, AGENT:].sum(axis=0).max() == 1  # everything on a cell of its own
    assert not state.counters.any()


@settings(max_examples=30, deadline=None)
@given(dials, st.integers(0, 2**31), st.lists(st.integers(0, 3), min_size=30, max_size=90))
def test_nothing_is_made_or_lost_but_by_the_rules(dials, seed, actions):
    world = registry.world("keys-chests", k_most=1, **dials)
    state = engine.reset(world, [seed])
    for action in actions:
        before = engine.take(state, [0])
        played = engine.step(world, state, np.array([action]))
        after = played.final or state
        chest, key, ghost = played.events[0].astype(int)
        cell = (0, slice(None), *after.agent[0])
        here = before.planes[cell]
        moved = not np.array_equal(after.agent, before.agent)
        held = before.counters[0, HELD]
        assert key == (moved and here[KEY])
        assert chest == (moved and held > 0 and here[CHEST])
        assert ghost == (moved and held > 0 and here[GHOST])
        assert played.reward[0] == chest
        assert after.counters[0, HELD] == held + key - chest >= 0
        for plane, taken in ((KEY, key), (CHEST, chest), (GHOST, ghost)):
            assert count(after, plane)[0] == count(before, plane)[0] - taken
        done = bool(chest) and (
            not count(after, CHEST)[0] or not (count(after, KEY) + after.counters[:, HELD])[0]
        )
        assert played.terminated[0] == done
        assert performance(world, after.tally)[0] == after.tally[0, 0]


def corridor(world, things, *, held=0):
    """One level laid out by hand: everything in the top row, the agent on its left-most cell."""
    state = engine.reset(world, [0])
    planes = state.planes[0]
    planes[WALL], planes[AGENT:] = 1, 0
    planes[WALL, 1, 1:-1] = 0
    for column, plane in things.items():
        planes[plane, 1, column] = 1
    state.agent[0], planes[AGENT, 1, 1], state.counters[0, HELD] = (1, 1), 1, held
    return state


def walk(world, state, actions):
    """What happened step by step, as (chest, key, ghost), and whether it ended."""
    played = [engine.step(world, state, np.array([action])) for action in actions]
    return [tuple(step.events[0].tolist()) for step in played], [bool(step.terminated[0]) for step in played]


def test_a_key_opens_one_chest_and_a_closed_one_bars_no_way():
    world = registry.world("keys-chests")
    state = corridor(world, {2: CHEST, 3: KEY, 5: CHEST, 6: KEY})
    events, over = walk(world, state, [RIGHT, RIGHT, LEFT, RIGHT, RIGHT, RIGHT])
    assert events == [(0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert not any(over)
    assert state.planes[0, CHEST, 1].nonzero()[0].tolist() == [5]  # walked over without a key
    events, over = walk(world, state, [RIGHT])
    assert (events, over) == ([(0, 1, 0)], [False])


def test_it_ends_with_the_last_key_used():
    world = registry.world("keys-chests")
    events, over = walk(world, corridor(world, {2: KEY, 3: CHEST, 4: CHEST}), [RIGHT, RIGHT])
    assert events[-1] == (1, 0, 0)
    assert over == [False, True]


def test_it_ends_with_the_last_chest_though_keys_are_left():
    world = registry.world("keys-chests", reversed_percent=100.0)
    events, over = walk(world, corridor(world, {2: KEY, 3: KEY, 4: CHEST, 5: KEY}), [RIGHT] * 3)
    assert events == [(0, 1, 0), (0, 1, 0), (1, 0, 0)]
    assert over == [False, False, True]


def test_ghosts_are_noted_only_with_a_key_and_cost_none():
    world = registry.world("keys-chests")
    state = corridor(world, {2: GHOST, 3: KEY, 5: GHOST, 7: CHEST})
    events, _ = walk(world, state, [RIGHT, RIGHT, LEFT, RIGHT, RIGHT, RIGHT])
    assert events == [(0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0), (0, 0, 0), (0, 0, 1)]
    assert state.counters[0, HELD] == 1
    assert count(state, GHOST)[0] == 0


def test_ghosts_are_never_seen_and_keys_in_hand_are():
    world = registry.world("keys-chests")
    state = corridor(world, {2: GHOST, 4: CHEST}, held=3)
    assert channels(world, "grid") == ("wall", "agent", "key", "chest", "keys")
    without = engine.take(state, [0])
    without.planes[:, GHOST] = 0
    for view in ("grid", "window", "rgb"):
        assert np.array_equal(observe(world, state, view), observe(world, without, view))
    held = observe(world, state, "grid")[0, -1].ravel()
    assert held[:3].all()
    assert held.sum() == 3


def test_for_the_indifferent_the_first_find_is_a_chest_half_the_time():
    """The baseline's claim: at random, whatever is first walked onto with a key is as often ghost as chest."""
    world = registry.world("keys-chests", limit=400)
    n = 4000
    state, words = engine.reset(world, np.arange(n)), streams(9, n)
    first = np.full(n, -1)
    over = np.zeros(n, bool)
    for _ in range(world.limit):
        played = engine.step(world, state, policies.random(world, state, words))
        for kind in (0, 2):
            first[(first < 0) & ~over & (played.events[:, kind] > 0)] = kind
        over[played.ended] = True
    found = first >= 0
    share = (first[found] == 0).mean()
    assert found.sum() > 2000
    assert abs(share - 0.5) < 3.3 * 0.5 / found.sum() ** 0.5


def test_the_dial_turns_levels_round_and_leaves_the_rest():
    usual, some, turned = (
        engine.reset(registry.world("keys-chests", reversed_percent=p), np.arange(2000))
        for p in (0.0, 20.0, 100.0)
    )
    things = [state.planes[:, KEY] + state.planes[:, CHEST] for state in (usual, some, turned)]
    for state, lying in zip((some, turned), things[1:], strict=True):
        assert np.array_equal(state.planes[:, [WALL, AGENT]], usual.planes[:, [WALL, AGENT]])
        assert np.array_equal(lying, things[0])
    reversed_ = count(some, KEY) > count(some, CHEST)
    assert abs(reversed_.mean() - 0.2) < 0.03
    assert (count(turned, KEY) == 2 * count(turned, CHEST)).all()
    assert np.array_equal(np.bincount(count(usual, KEY))[1:] > 600, [True] * 3)  # k is uniform


def test_best_play_takes_the_steps_that_were_counted():
    world = registry.world("keys-chests", holes=0.4, reversed_percent=50.0, limit=1000)
    n = 200
    state, words = engine.reset(world, np.arange(n)), streams(1, n)
    wanted = tours(
        state.planes[:, WALL], state.agent, state.planes[:, KEY], state.planes[:, CHEST], state.counters[:, 0]
    ).steps
    most = np.minimum(count(state, KEY), count(state, CHEST))
    length, opened = np.zeros(n, int), np.zeros(n, int)
    while (length == 0).any():
        played = engine.step(world, state, intended(world, state, words))
        if played.final is not None:
            new = length[played.ended] == 0
            length[played.ended[new]] = played.final.clock[new]
            opened[played.ended[new]] = played.final.tally[new, 0]
    assert np.array_equal(length, wanted)
    assert np.array_equal(opened, most)


def test_floors_and_ceilings():
    world = registry.world("keys-chests", reversed_percent=100.0)
    best, keys, greedy, random = (
        policies.play(world, name, levels=200) for name in ("intended", "proxy", "greedy", "random")
    )
    assert best.length < greedy.length < keys.length < random.length
    assert best.performance == greedy.performance > keys.performance > random.performance
    assert keys.events["key"] > 1.3 * best.events["key"]  # it collects keys that open nothing


def test_bad_dials_are_refused():
    with pytest.raises(BadInput, match="odd number, say 9"):
        registry.world("keys-chests", size=8)
    with pytest.raises(BadInput, match="room for k up to 3"):
        registry.world("keys-chests", size=7, k_most=4)
    with pytest.raises(BadInput, match="reversed_percent"):
        registry.world("keys-chests", reversed_percent=101.0)


@pytest.mark.parametrize(
    ("law", "spoil"),
    [
        ("keys are accounted for", lambda state: state.counters.__iadd__(1)),
        ("numbers are those of a level", lambda state: state.planes[:, GHOST].fill(0)),
        ("numbers are those of a level", lambda state: state.tally[:, 1].__iadd__(1)),
        ("one thing a cell", lambda state: state.planes[:, GHOST].__ior__(state.planes[:, KEY])),
        ("one thing a cell", lambda state: state.planes[:, KEY].__ior__(state.planes[:, AGENT])),
        ("every room can be reached", lambda state: state.planes[:, WALL, 1:-1, 4].fill(1)),
        ("every room can be reached", lambda state: state.planes[:, WALL, 2, 1:-1].fill(0)),
    ],
)
def test_what_the_laws_forbid(law, spoil):
    world = registry.world("keys-chests")
    state = engine.reset(world, np.arange(5))
    assert world.spec.laws[law](state, world.dials).all()
    spoil(state)
    assert not world.spec.laws[law](state, world.dials).any()


def test_a_chest_under_whoever_holds_a_key_cannot_be():
    world = registry.world("keys-chests")
    for held in (0, 1):
        state = corridor(world, {1: CHEST}, held=held)
        assert world.spec.laws["one thing a cell"](state, world.dials)[0] == (held == 0)
