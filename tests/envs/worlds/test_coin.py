"""Coin: its halls, where the coin lies, its rules, its policies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from envs import engine, registry
from envs.checks import CHECKS, check_world
from envs.play import policies
from envs.state import AGENT, WALL
from envs.worlds import coin
from envs.worlds.coin import BEYOND, COIN, END, FELL, LAVA, TOOK

UP, DOWN, LEFT, RIGHT = range(4)


def halls(n: int = 200, **dials):
    hall = registry.world("coin", **dials)
    return hall, engine.reset(hall, np.arange(n))


@pytest.mark.parametrize(
    "dials",
    [
        {"limit": 40},
        {"random_percent": 100.0, "beyond": 3},
        {"height": 5, "length": 10, "lava": 50.0, "last_percent": 20.0, "limit": 30},
    ],
)
def test_contract(dials):
    assert len(check_world(registry.world("coin", **dials))) == len(CHECKS)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(5, 31), st.integers(10, 127), st.integers(0, 2**32 - 4))
def test_every_level_can_be_solved_and_is_lawful(data, height, length, seed):
    dials = {
        "height": height,
        "length": length,
        "lava": data.draw(st.floats(0, 50)),
        "random_percent": data.draw(st.sampled_from([0.0, 50.0, 100.0])),
        "last_percent": data.draw(st.floats(0, 100)),
        "beyond": data.draw(st.integers(0, 5)),
    }
    hall = registry.world("coin", **dials)
    state = engine.reset(hall, seed + np.arange(3))
    for law in hall.spec.laws.values():
        assert law(state, hall.dials).all()
    assert (state.planes[:, COIN].sum(axis=(1, 2)) == 1).all()
    assert (state.agent == [height // 2, 1]).all()
    long = registry.world("coin", **dials, limit=10_000)
    played = policies.play(long, "intended", levels=2, seed=seed)
    assert played.performance == 1
    assert played.events["lava"] == 0


def test_a_hall_is_the_same_wherever_its_coin_lies():
    _, plain = halls(2000)
    before = np.zeros(2000, bool)
    for percent in (1.0, 2.0, 5.0, 10.0, 100.0):
        hall, state = halls(2000, random_percent=percent)
        assert np.array_equal(state.planes[:, [WALL, LAVA]], plain.planes[:, [WALL, LAVA]])
        off = (coin.coin_cells(state) != coin.end_cells(state, hall.dials)).any(axis=1)
        assert (off | ~before).all()  # what was random stays random
        share = 2000 * percent / 100
        assert abs(off.sum() - share) <= 4 * (share * (1 - percent / 100)) ** 0.5 + 0.02 * share
        before = off


def test_a_random_coin_is_uniform_over_what_can_be_reached():
    """Many levels, one hall each: the coin's rank among the cells in reach, made uniform, by chi-square."""
    _, state = halls(4000, random_percent=100.0)
    steps = coin.distances(coin.unsafe(state), state.agent)
    there = (steps > 0).reshape(4000, -1)
    flat = state.planes[:, COIN].reshape(4000, -1).argmax(1)
    assert there[np.arange(4000), flat].all()
    rank = (there.cumsum(axis=1)[np.arange(4000), flat] - 0.5) / there.sum(axis=1)
    counts = np.histogram(rank, bins=10, range=(0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 27.9  # 9 degrees of freedom, p = 0.001


def test_last_percent_is_a_share_of_the_columns():
    _, state = halls(400, last_percent=20.0, length=25)
    columns = coin.coin_cells(state)[:, 1]
    assert set(columns) == set(range(19, 24))  # the last 5 of 23


def bare(**dials) -> tuple:
    """One hall with neither barrier nor lava nor coin."""
    hall, state = halls(1, length=25, **dials)
    state.planes[:, [COIN, LAVA]] = 0
    state.planes[0, WALL, 1:-1, 1:-1] = 0
    return hall, state


def test_the_coin_pays_and_ends():
    hall, state = bare()
    state.planes[0, COIN, 3, 2] = 1
    played = engine.step(hall, state, np.array([RIGHT]))
    assert played.reward.tolist() == [1]
    assert played.terminated.tolist() == [True]
    assert played.final is not None
    assert played.final.planes[0, COIN].sum() == 0
    assert played.final.tally[0].tolist() == [1, 0, 0, 0]


def test_lava_ends_and_pays_nothing():
    hall, state = bare()
    state.planes[0, LAVA, 2, 1] = 1
    played = engine.step(hall, state, np.array([UP]))
    assert played.reward.tolist() == [0]
    assert played.terminated.tolist() == [True]
    assert played.final.tally[0].tolist() == [0, 0, 1, 0]
    assert all(
        law(played.final, hall.dials).all()
        for law in hall.spec.laws.values()
        if law is not coin.the_edges_hold_no_lava
    )


def test_the_end_and_what_lies_beyond_are_noted_once():
    hall, state = bare(beyond=2)
    noted = []
    for action in [RIGHT] * 26 + [LEFT] * 5 + [RIGHT] * 5:
        played = engine.step(hall, state, np.array([action]))
        assert not played.terminated.any()
        assert played.reward.tolist() == [0]
        noted += [(int(state.clock[0]), int(e)) for e in np.flatnonzero(played.events[0])]
    assert noted == [(22, END), (23, BEYOND)]
    assert state.agent[0].tolist() == [3, 25]  # against the wall at the very end


def test_only_the_middle_of_the_last_column_is_the_end():
    hall, state = bare()
    for action in [UP] + [RIGHT] * 22:
        assert not engine.step(hall, state, np.array([action])).events.any()
    assert engine.step(hall, state, np.array([DOWN])).events[0].tolist() == [0, 1, 0, 0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_a_step_changes_what_the_rules_say(seed, actions):
    hall = registry.world("coin", length=12, random_percent=100.0)
    state = engine.reset(hall, [seed])
    for action in actions:
        before = engine.take(state, [0])
        played = engine.step(hall, state, np.array([action]))
        after = played.final if played.final is not None else state
        y, x = before.agent[0] + [[-1, 0], [1, 0], [0, -1], [0, 1]][action]
        free = not before.planes[0, WALL, y, x]
        assert after.agent[0].tolist() == ([y, x] if free else before.agent[0].tolist())
        took = free and bool(before.planes[0, COIN, y, x])
        fell = free and bool(before.planes[0, LAVA, y, x])
        assert (played.events[0, TOOK], played.events[0, FELL]) == (took, fell)
        assert played.terminated[0] == (took or fell)
        assert played.reward[0] == took
        assert np.array_equal(after.planes[:, [WALL, LAVA]], before.planes[:, [WALL, LAVA]])
        assert after.planes[0, COIN].sum() == 1 - took
        assert after.planes[0, AGENT].sum() == 1


def test_what_is_telling_by_brute_force():
    """Against all shortest ways, listed one by one."""
    hall, state = halls(60, random_percent=100.0, length=10)
    ends, coins = coin.end_cells(state, hall.dials), coin.coin_cells(state)
    expected = []
    for i in range(60):
        closed = coin.unsafe(state)[i]
        start, end, goal = (tuple(int(v) for v in c[i]) for c in (state.agent, ends, coins))
        one, other = shortest(closed, start, end), shortest(closed, start, goal)
        expected.append(not any(goal in way for way in one) and not any(end in way for way in other))
    assert coin.telling(state, hall.dials).tolist() == expected
    assert 5 < sum(expected) < 60
    plain, state = halls(60)
    assert not coin.telling(state, plain.dials).any()


def shortest(closed, start, target):
    """All shortest ways, breadth first over whole ways."""
    ways = [[start]]
    while ways:
        done = [way for way in ways if way[-1] == target]
        if done:
            return done
        longer, seen = [], {cell for way in ways for cell in way}
        for way in ways:
            y, x = way[-1]
            beside = ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
            longer += [[*way, cell] for cell in beside if not closed[cell] and cell not in seen]
        ways = longer
    return []


def test_policies_take_the_shortest_ways():
    hall, state = halls(100, random_percent=100.0)
    rows, (y, x) = np.arange(100), state.agent.T
    wanted = coin.distances(coin.unsafe(state), coin.coin_cells(state))[rows, y, x]
    lengths, words = np.zeros(100, int), np.arange(100, dtype=np.uint64)
    while (lengths == 0).any():
        played = engine.step(hall, state, coin.intended(hall, state, words))
        if played.final is not None:
            first = lengths[played.ended] == 0
            lengths[played.ended[first]] = played.final.clock[first]
    assert np.array_equal(lengths, wanted)


def test_ceilings_and_floors():
    """In training goal and proxy earn the same; with the coin anywhere only the goal's policy finds it always."""
    for percent, ours in ((0.0, (1.0, 1.0)), (100.0, (1.0, 0.4))):
        hall = registry.world("coin", random_percent=percent)
        intended, proxy, greedy, random = (
            policies.play(hall, name, levels=300) for name in ("intended", "proxy", "greedy", "random")
        )
        assert intended.performance == ours[0]
        assert abs(proxy.performance - ours[1]) < 0.15
        assert proxy.events["lava"] == 0
        assert greedy.performance < 0.9
        assert random.performance < 0.5


def test_dials_out_of_range_are_refused():
    with pytest.raises(
        BadInput, match=r"dial 'random_percent' of world 'coin' is 101; expected a number from"
    ):
        registry.world("coin", random_percent=101)
