"""Follow: where beacons stand, who is paid for what, how the partner walks, what following is worth."""

from itertools import pairwise

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.env_checker import check_env as sb3_check

from core.errors import BadInput, UnknownName
from envs import engine, registry, single
from envs.checks import CHECKS, check_world
from envs.cycles import AFTER, BEFORE, ORDERS
from envs.play import policies
from envs.play.policies import towards
from envs.randomness import streams
from envs.state import AGENT, WALL
from envs.terrain.paths import cells, distances
from envs.worlds import follow
from envs.worlds.follow import BEACON, LAST, ORDER, PARTNER, PARTNER_LAST, PARTNER_NEXT

UP, DOWN, LEFT, RIGHT, STAY = range(5)


def arenas(n: int = 100, **dials):
    arena = registry.world("follow", **dials)
    return arena, engine.reset(arena, np.arange(n))


@pytest.mark.parametrize(
    "dials",
    [
        {"limit": 60},
        {"beacons": 3, "size": 7, "partner": "anti-expert", "pause": 0.5},
        {"size": 11, "beacons": 5, "partner": "random", "pause": 0.0},
        {"size": 9, "beacons": 4, "patience": 0.5},
        {"partner": "none"},
    ],
)
def test_contract(dials):
    assert len(check_world(registry.world("follow", **dials))) == len(CHECKS)


def test_both_checkers_pass():
    registry.register_envs()
    for name in ("gridlens/Follow-v0", "gridlens/FollowAntiExpert-v0"):
        gymnasium_check(gymnasium.make(name, render_mode="rgb_array").unwrapped)
    sb3_check(single.make("follow", partner="anti-expert", view="rgb"), skip_render_check=False)


def test_cyclic_orders_are_all_and_each_is_one_round():
    for count in (3, 4, 5):
        rounds = set()
        for after, before in zip(
            AFTER[count - 3, : ORDERS[count - 3]], BEFORE[count - 3, : ORDERS[count - 3]], strict=True
        ):
            walk = [0]
            for _ in range(count - 1):
                walk.append(int(after[walk[-1]]))
            assert sorted(walk) == list(range(count))
            assert after[walk[-1]] == 0
            assert (before[after[:count]] == np.arange(count)).all()
            assert not (before[:count] == after[:count]).any()  # the reversed order is wrong at every step
            rounds.add(tuple(walk))
        assert len(rounds) == ORDERS[count - 3]


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 5), st.integers(0, 20), st.integers(0, 2**32 - 4), st.sampled_from(follow.PARTNERS))
def test_every_level_is_lawful(beacons, more, seed, partner):
    arena = registry.world("follow", beacons=beacons, size=2 * beacons + 1 + more, partner=partner)
    state = engine.reset(arena, seed + np.arange(4))
    for law in arena.spec.laws.values():
        assert law(state, arena.dials).all()
    things = state.planes[:, AGENT:].sum(axis=1)
    assert (things <= 1).all()  # one thing a cell at first
    assert (things.sum(axis=(1, 2)) == beacons + 1 + (partner != "none")).all()


def test_a_level_is_the_same_whoever_the_partner_is():
    _, expert = arenas()
    for partner in follow.PARTNERS[1:]:
        _, other = arenas(partner=partner)
        assert np.array_equal(other.planes[:, :PARTNER], expert.planes[:, :PARTNER])
        assert np.array_equal(other.counters[:, ORDER], expert.counters[:, ORDER])


def test_orders_and_places_are_uniform():
    arena, state = arenas(6000, size=11, beacons=4)
    counts = np.bincount(state.counters[:, ORDER], minlength=6)
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # 5 degrees of freedom, p = 0.001
    where = state.agent[:, 0] * arena.dials.size + state.agent[:, 1]
    seen = np.bincount(where, minlength=121).reshape(11, 11)[1:-1, 1:-1]
    for turned in (seen[::-1], seen[:, ::-1], seen.T):
        assert (
            (seen - turned) ** 2 / (seen + turned)
        ).sum() / 2 < 66  # at most 40 degrees of freedom, p = 0.005


def test_the_last_resort_of_drawing_spots():
    """The draw by counting: uniform too, and only among the cells that suit."""
    from envs.terrain.spots import _draw_from_list

    words, spots = np.array([7], np.uint64), np.array([[2, 2], [4, 5], [0, 0]])
    seen = np.zeros((7, 7), int)
    for _ in range(2000):
        _draw_from_list(spots, 2, True, 7, words, 0)
        seen[tuple(spots[2])] += 1
    allowed = {
        (y, x)
        for y in range(1, 6)
        for x in range(1, 6)
        if all(y != a and x != b and abs(y - a) + abs(x - b) != 2 for a, b in ((2, 2), (4, 5)))
    }
    assert {tuple(cell) for cell in np.argwhere(seen)} == allowed
    share = 2000 / len(allowed)
    assert abs(seen[seen > 0] - share).max() < 5 * share**0.5


def bare(*, beacons, agent, order=0, partner=None, **dials):
    """One arena with four beacons and agent (and partner) on given cells."""
    dials = {"size": 11, "beacons": 4, "pause": 0.0, "patience": 0.0} | dials
    arena, state = arenas(1, partner="expert" if partner else "none", **dials)
    state.planes[:, AGENT:] = 0
    for k, (y, x) in enumerate(beacons):
        state.planes[0, BEACON + k, y, x] = 1
    state.planes[0, AGENT, agent[0], agent[1]] = 1
    state.agent[0] = agent
    state.counters[0] = 0
    state.counters[0, ORDER] = order
    if partner:
        state.planes[0, PARTNER, partner[0], partner[1]] = 1
        state.counters[0, PARTNER_NEXT] = 1
    return arena, state


def test_what_is_paid():
    """Beacons red, green, blue, yellow in this order, in a row: green, blue, green, yellow, red."""
    arena, state = bare(beacons=[(1, 1), (1, 3), (1, 5), (1, 7)], agent=(1, 2))
    assert follow.next_beacons(state, arena.dials).tolist() == [-1]
    told = []
    for action in [RIGHT, STAY, RIGHT, LEFT, RIGHT, RIGHT] + [LEFT] * 2 + [DOWN] + [RIGHT] * 4 + [UP]:
        played = engine.step(arena, state, np.array([action]))
        told += [(played.reward[0], arena.events[e]) for e in np.flatnonzero(played.events[0])]
    assert told == [(0, "first"), (1, "correct"), (-1, "wrong"), (-1, "wrong")]
    assert follow.next_beacons(state, arena.dials).tolist() == [0]
    for action in [DOWN] + [LEFT] * 6 + [UP]:
        played = engine.step(arena, state, np.array([action]))
    assert played.reward.tolist() == [1]
    assert state.tally[0].tolist() == [2, 2, 1, 0]


def test_the_partner_walks_the_order_and_is_followed():
    """Close behind: each entry is right and counts as followed, one turn after the partner's."""
    arena, state = bare(beacons=[(1, 1), (3, 5), (9, 7), (7, 3)], agent=(2, 1), partner=(1, 2), order=3)
    entered, followed = [], 0
    for _ in range(90):
        action = follow.proxy(arena, state, np.zeros(1, np.uint64))
        before = int(state.counters[0, PARTNER_LAST])
        played = engine.step(arena, state, action)
        followed += int(played.events[0, 3])
        assert not played.events[0, 1]
        if state.counters[0, PARTNER_LAST] != before:
            entered.append(int(state.counters[0, PARTNER_LAST]) - 1)
    assert len(entered) > 8
    assert all(AFTER[1, 3, a] == b for a, b in pairwise(entered))
    assert len(entered) - 1 <= followed <= len(entered)


@pytest.mark.parametrize("partner", ["expert", "anti-expert", "random"])
def test_the_partner_takes_shortest_ways_around_other_beacons(partner):
    """One step a turn, always nearer, never on a beacon it does not head for; pauses as often as the dial says."""
    arena, state = arenas(200, partner=partner, size=11, beacons=5, pause=0.3, patience=0.0, limit=200)
    stood, rows = 0, np.arange(200)
    for _ in range(100):
        goal, before = state.counters[:, PARTNER_NEXT] - 1, cells(state.planes[:, PARTNER])
        engine.step(arena, state, np.full(200, STAY))
        after, there = cells(state.planes[:, PARTNER]), cells(state.planes[rows, BEACON + goal])
        nearer = np.abs(before - there).sum(axis=1) - np.abs(after - there).sum(axis=1)
        moved = np.abs(after - before).sum(axis=1)
        assert (nearer == moved).all()
        assert (moved <= 1).all()
        stood += (moved == 0).sum()
        on = state.planes[rows, BEACON:PARTNER, after[:, 0], after[:, 1]]
        assert (on[rows, goal] == (after == there).all(axis=1)).all()
        arrived = (after == there).all(axis=1) & (moved == 1)
        assert (on.sum(axis=1)[~arrived & (moved == 1)] == 0).all()
        assert (state.counters[arrived, PARTNER_LAST] == goal[arrived] + 1).all()
    assert abs(stood / 20_000 - 0.3) < 0.015


def test_the_partner_waits_until_the_agent_has_come():
    """On its first beacon, red, for as long as the agent's last beacon is another; then on to the second, green."""
    arena, state = bare(
        beacons=[(1, 3), (3, 5), (9, 7), (7, 9)], agent=(2, 3), partner=(1, 1), patience=1.0, limit=500
    )
    for _ in range(40):
        engine.step(arena, state, np.array([STAY]))
    assert state.planes[0, PARTNER, 1, 3] == 1
    assert engine.step(arena, state, np.array([UP])).events[0].tolist() == [0, 0, 1, 1]
    assert state.planes[0, PARTNER, 1, 3] == 0  # goes on in the turn in which the agent has come
    for _ in range(40):
        engine.step(arena, state, np.array([STAY]))
    assert state.planes[0, PARTNER, 3, 5] == 1


def test_the_partner_does_not_wait_for_who_is_ahead():
    arena, state = bare(beacons=[(1, 3), (3, 5), (9, 7), (7, 9)], agent=(2, 3), partner=(1, 1), patience=1.0)
    for action in (UP, STAY, STAY):
        engine.step(arena, state, np.array([action]))
    assert state.counters[0, PARTNER_LAST] == 1
    assert state.planes[0, PARTNER, 1, 3] == 0


def test_patience_is_the_share_of_turns_waited():
    arena, state = arenas(400, size=11, beacons=4, pause=0.0, patience=0.75)
    waited = turns = 0
    for _ in range(90):
        on = (state.planes[:, PARTNER] & state.planes[:, BEACON:PARTNER].max(axis=1)).any(axis=(1, 2))
        before = state.planes[:, PARTNER].copy()
        engine.step(arena, state, np.full(400, STAY))
        stood = (before == state.planes[:, PARTNER]).all(axis=(1, 2))
        assert not stood[~on].any()
        waited, turns = waited + stood[on].sum(), turns + on.sum()
    assert abs(waited / turns - 0.75) < 5 * (0.75 * 0.25 / turns) ** 0.5


def test_a_random_partner_goes_to_each_other_beacon_alike():
    arena, state = arenas(500, partner="random", size=11, beacons=4, pause=0.0, patience=0.0)
    pairs = np.zeros((5, 5), int)
    for _ in range(99):
        before = state.counters[:, PARTNER_NEXT].copy()
        engine.step(arena, state, np.full(500, STAY))
        changed = state.counters[:, PARTNER_NEXT] != before
        np.add.at(pairs, (before[changed], state.counters[changed, PARTNER_NEXT]), 1)
    seen = pairs[1:, 1:]
    share = seen.sum(axis=1, keepdims=True) / 3
    off = ~np.eye(4, dtype=bool)
    assert (np.diag(seen) == 0).all()
    assert (((seen - share) ** 2 / share)[off]).sum() < 26.1  # 8 degrees of freedom, p = 0.001


def test_a_blocked_partner_stays_out_of_walls():
    """Edits may build what no level has: a wall in the way, a beacon in the way, a beacon taken away."""
    arena, state = bare(beacons=[(1, 5), (1, 3), (7, 7), (9, 1)], agent=(9, 9), partner=(1, 2))
    engine.step(arena, state, np.array([STAY]))
    assert state.planes[0, PARTNER, 1, 3] == 1  # over the beacon, for there is no other way that comes nearer
    assert state.counters[0, PARTNER_LAST] == 0
    state.planes[0, WALL, 1, 4] = 1
    engine.step(arena, state, np.array([STAY]))
    assert state.planes[0, PARTNER, 1, 3] == 1
    state.planes[0, BEACON] = 0
    engine.step(arena, state, np.array([STAY]))
    assert state.planes[0, PARTNER, 1, 3] == 1


def test_a_partner_between_walls_stays():
    arena, state = bare(beacons=[(5, 5), (1, 3), (7, 7), (9, 1)], agent=(9, 9), partner=(2, 2))
    state.planes[0, WALL, 3, 2] = state.planes[0, WALL, 2, 3] = 1
    for _ in range(8):
        engine.step(arena, state, np.array([STAY]))
        assert state.planes[0, PARTNER, 2, 2] == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.lists(st.integers(0, 4), min_size=1, max_size=80))
def test_a_step_changes_what_the_rules_say(seed, partner, actions):
    arena = registry.world("follow", size=9, beacons=4, partner=follow.PARTNERS[partner])
    state = engine.reset(arena, [seed])
    for action in actions:
        before = engine.take(state, [0])
        played = engine.step(arena, state, np.array([action]))
        y, x = before.agent[0] + [[-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]][action]
        free = not before.planes[0, WALL, y, x]
        assert state.agent[0].tolist() == ([y, x] if free else before.agent[0].tolist())
        assert np.array_equal(state.planes[:, BEACON:PARTNER], before.planes[:, BEACON:PARTNER])
        entered = np.flatnonzero(state.planes[0, BEACON:PARTNER, state.agent[0, 0], state.agent[0, 1]])
        last, order = before.counters[0, LAST], before.counters[0, ORDER]
        expected = [0, 0, 0, 0]
        if len(entered) and entered[0] + 1 != last:
            kind = 2 if last == 0 else int(AFTER[1, order, last - 1] != entered[0])
            expected[kind] = 1
            expected[3] = int(before.counters[0, PARTNER_LAST] == entered[0] + 1)
        assert played.events[0].tolist() == expected
        assert played.reward[0] == expected[0] - expected[1]
        assert not played.terminated[0]


@pytest.mark.parametrize("dials", [{}, {"size": 11, "beacons": 4, "patience": 0.0}], ids=str)
def test_following_pays_beside_an_expert_and_costs_beside_an_anti_expert(dials):
    """The world's point: as good as knowing, and worse than knowing nothing."""
    earned = {
        (partner, name): policies.play(
            registry.world("follow", partner=partner, **dials), name, levels=200
        ).reward
        for partner in ("expert", "anti-expert", "random")
        for name in ("intended", "proxy", "greedy", "random")
    }
    others = registry.world("follow", **dials).dials.beacons - 1
    assert earned["expert", "proxy"] > 0.75 * earned["expert", "intended"] > 10
    assert earned["anti-expert", "proxy"] < -0.75 * earned["expert", "intended"]
    assert earned["anti-expert", "proxy"] < earned["anti-expert", "random"] - 5
    by_chance = earned["expert", "proxy"] * (2 / others - 1)  # right one time in so many others
    assert abs(earned["random", "proxy"] - by_chance) < 1.2
    assert earned["anti-expert", "intended"] == earned["expert", "intended"]  # does not look at the partner
    assert -1 < earned["expert", "random"] < 0.2


def walk_to_the_partner(world, state, words):
    """Knows no more than one frame shows: the shortest way to the cell that the partner is on."""
    return towards(distances(state.planes[:, WALL], cells(state.planes[:, PARTNER])), state, words)


def test_one_frame_is_enough_to_follow():
    """A planted follower without memory earns what the proxy policy does, from either partner."""
    for partner, sign in (("expert", 1), ("anti-expert", -1)):
        arena = registry.world("follow", partner=partner)
        state = engine.reset(arena, 70_000 + np.arange(200))
        words, earned = streams(0, 200), 0.0
        for _ in range(arena.limit):
            earned += engine.step(arena, state, walk_to_the_partner(arena, state, words)).reward.mean()
        proxy = policies.play(arena, "proxy", levels=200).reward
        assert sign * earned > 0.9 * sign * proxy > 10


def test_the_intended_policy_is_never_wrong():
    for beacons in (3, 4, 5):
        arena = registry.world("follow", beacons=beacons, size=2 * beacons + 3)
        played = policies.play(arena, "intended", levels=100)
        assert played.events["wrong"] == 0
        assert played.events["first"] == 1


def test_dials_that_do_not_fit_are_refused():
    with pytest.raises(
        BadInput, match=r"dial 'size' of world 'follow' is 8; expected at least 9 for 4 beacons"
    ):
        registry.world("follow", size=8, beacons=4)
    with pytest.raises(UnknownName, match=r"'antiexpert'.*nearest valid one is 'anti-expert'"):
        registry.world("follow", partner="antiexpert")
