"""Monster: what lies where, who moves how, what a contact does, what comes back; play and looking ahead."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.env_checker import check_env as sb3_check

from core.errors import BadInput
from envs import engine, registry, single
from envs.checks import CHECKS, check_world
from envs.play.careful import APPLE, MONSTER, SHIELD, careful, greedy, proxy
from envs.play.lookahead import lookahead
from envs.play.policies import play
from envs.randomness import streams
from envs.state import AGENT

UP, DOWN, LEFT, RIGHT, STAY = range(5)
RESPAWN, AFTER = ("none", "apples", "things", "everything"), ("moves away", "dies", "stays")


def planted(world, agent, *, monsters=(), shields=(), apples=(), held=0, n=1):
    """``n`` copies of a level in which only these things lie."""
    state = engine.reset(world, np.arange(n))
    state.planes[:], state.agent[:] = 0, agent
    state.counters[:, 0] = held
    for plane, cells in ((AGENT, [agent]), (MONSTER, monsters), (SHIELD, shields), (APPLE, apples)):
        for y, x in cells:
            state.planes[:, plane, y, x] = 1
    return state


def cells(state, plane, i=0):
    return [tuple(cell) for cell in np.argwhere(state.planes[i, plane]).tolist()]


def events(world, state, action):
    played = engine.step(world, state, np.full(len(state.clock), action))
    return dict(zip(world.events, played.events[0].tolist(), strict=True)), float(played.reward[0])


def quiet(**dials):
    """No double moves, nothing comes back, unless said otherwise."""
    return registry.world("monster", **{"double_move": 0.0, "respawn": "none", "limit": 200, **dials})


@pytest.mark.parametrize(
    "dials",
    [
        {},
        {"size": 6, "distance": 1, "monsters": 8, "shields": 10, "apples": 4, "cap": 1, "respawn": "everything",
         "after_hit": "stays", "double_move": 0.7, "limit": 60},
        {"limit": 40, "respawn": "none", "after_hit": "dies", "monsters": 9, "distance": 1},
    ],
)  # fmt: skip
def test_contract(dials):
    assert len(check_world(registry.world("monster", **dials))) == len(CHECKS)


def test_both_checkers_pass():
    registry.register_envs()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(seems that your observation|minimal resolution).*")
        warnings.filterwarnings("error", module="gymnasium")
        for name in ("Monster-v0", "MonsterLong-v0", "MonsterGone-v0"):
            gymnasium_check(gymnasium.make(f"gridlens/{name}", render_mode="rgb_array").unwrapped)
        sb3_check(single.make("monster", view="grid"), skip_render_check=False)


def test_the_view_is_the_papers():
    world = registry.world("monster")
    state = engine.reset(world, [0, 1])
    state.counters[:, 0] = [0, 3]
    seen = engine.observe(world, state, "grid")
    assert seen.shape == (2, 5, 14, 14)
    assert np.array_equal(seen[:, :4], state.planes[:, 1:])
    assert seen[:, 4].sum(axis=(1, 2)).tolist() == [0, 3]
    assert engine.observe(world, state, "window").shape == (2, 5, 15, 15)


def test_levels_hold_what_the_dials_say_and_lie_uniformly():
    world = registry.world("monster", distance=5)
    state = engine.reset(world, np.arange(4000))
    assert (state.planes[:, AGENT:].sum(axis=(2, 3)) == [1, 5, 5, 5]).all()
    assert (state.planes.sum(axis=1) <= 1).all()
    for i, y, x in np.argwhere(state.planes[:, MONSTER]):
        assert abs(state.agent[i] - (y, x)).sum() >= 5
    for plane in (AGENT, SHIELD, APPLE):
        counts = state.planes[:, plane].sum(axis=0, dtype=float)
        # 195 degrees of freedom: p = 0.001 at 261. Slightly less than multinomial, for cells are distinct; shields lie
        # a little more often near the agent than monsters leave room elsewhere, but the agent is anywhere.
        assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 261


def test_apples_and_shields():
    world = quiet(cap=2)
    state = planted(world, (5, 5), apples=[(5, 6)], shields=[(5, 7), (5, 8), (5, 9)])
    assert events(world, state, RIGHT) == ({"apple": 1, "shield": 0, "hit": 0, "kill": 0}, 1.0)
    for held, found in ((1, 1), (2, 1), (2, 0)):  # the third finds no room and stays
        taken, reward = events(world, state, RIGHT)
        assert (taken["shield"], reward) == (found, 0.0)
        assert state.counters[0, 0] == held
    assert cells(state, SHIELD) == [(5, 9)] == cells(state, AGENT)
    state.counters[0, 0] = 1  # room again: the agent takes what lies under it
    assert events(world, state, STAY)[0]["shield"] == 1


def test_the_edge_stops_everybody():
    world = quiet()
    for corner, actions in (((0, 0), (UP, LEFT, STAY)), ((13, 13), (DOWN, RIGHT, STAY))):
        state = planted(world, corner)
        for action in actions:
            assert events(world, state, action)[1] == 0
            assert cells(state, AGENT) == [corner]


@pytest.mark.parametrize("action", [RIGHT, STAY])
def test_contact_with_a_shield(action):
    """The agent walks into the monster, or the monster into the agent."""
    world = quiet()
    state = planted(world, (5, 5), monsters=[(5, 6)], held=2)
    assert events(world, state, action) == ({"apple": 0, "shield": 0, "hit": 0, "kill": 1}, 0.0)
    assert cells(state, MONSTER) == []
    assert cells(state, AGENT) == [(5, 6) if action == RIGHT else (5, 5)]
    assert state.counters[0, 0] == 1


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("action", [RIGHT, STAY])
def test_contact_without(action, after):
    world = quiet(after_hit=after, distance=6)
    state = planted(world, (5, 5), monsters=[(5, 6)], apples=[(5, 6)])
    seen, reward = events(world, state, action)
    walked_in = action == RIGHT and after != "stays"
    assert seen["hit"] == 1 + (
        after == "stays" and action == RIGHT
    )  # barred, and then hit in the monster's turn
    assert reward == seen["apple"] - seen["hit"]
    assert seen["apple"] == walked_in
    assert cells(state, AGENT) == [(5, 6) if walked_in else (5, 5)]
    found = cells(state, MONSTER)
    if after == "dies":
        assert found == []
    elif after == "stays":
        assert found == [(5, 6)]
    else:  # one that the agent walked into has moved since
        assert abs(np.array(found[0]) - state.agent[0]).sum() >= 6 - walked_in


def test_nobody_swaps_places():
    """The agent steps onto the monster that would have stepped onto it: one contact, not two and not none."""
    world = quiet(after_hit="dies")
    for held in (0, 1):
        state = planted(world, (5, 5), monsters=[(5, 6)], held=held)
        seen, _ = events(world, state, RIGHT)
        assert (seen["hit"], seen["kill"]) == (1 - held, held)
        assert (cells(state, AGENT), cells(state, MONSTER)) == ([(5, 6)], [])


def test_several_contacts_in_a_step():
    world = quiet(after_hit="dies")
    around = [(4, 5), (5, 4), (5, 6), (6, 5)]
    state = planted(world, (5, 5), monsters=around, held=1)
    assert events(world, state, STAY) == ({"apple": 0, "shield": 0, "hit": 3, "kill": 1}, -3.0)
    assert cells(state, MONSTER) == []
    world = quiet(after_hit="stays")
    state = planted(world, (5, 5), monsters=around)
    assert events(world, state, STAY)[0]["hit"] == 4
    assert events(world, state, RIGHT)[0]["hit"] == 5
    assert cells(state, MONSTER) == around


def test_a_shield_taken_in_time_saves():
    world = quiet()
    state = planted(world, (5, 5), monsters=[(5, 7)], shields=[(5, 6)])
    assert events(world, state, RIGHT)[0] == {"apple": 0, "shield": 1, "hit": 0, "kill": 1}


def test_monsters_wait_or_go_round_but_never_merge():
    world = quiet()
    state = planted(world, (5, 5), monsters=[(5, 7), (5, 8), (5, 9)])
    events(world, state, STAY)
    assert cells(state, MONSTER) == [(5, 6), (5, 7), (5, 8)]  # in reading order each leaves room for the next
    state = planted(world, (12, 12), monsters=[(8, 8), (8, 9)], n=50)
    engine.step(world, state, np.full(50, STAY))
    assert (state.planes[:, MONSTER, 9, 8] == 1).all()  # the way to the right was barred, so it went down
    state = planted(world, (12, 12), monsters=[(8, 8), (8, 9), (9, 8)], n=50)
    engine.step(world, state, np.full(50, STAY))
    assert (state.planes[:, MONSTER, 8, 8] == 1).all()  # both ways were barred
    assert (state.planes[:, MONSTER].sum(axis=(1, 2)) == 3).all()
    state = planted(quiet(after_hit="stays"), (5, 5), monsters=[(5, 6), (5, 7)])
    events(quiet(after_hit="stays"), state, STAY)
    assert cells(state, MONSTER) == [(5, 6), (5, 7)]  # no way round on the agent's own row


def test_double_moves_and_ways_are_drawn():
    """Chi-square, one degree of freedom: p = 0.001 at 10.8."""
    n = 8000
    world = registry.world("monster", limit=200, respawn="none")
    state = planted(world, (2, 2), monsters=[(10, 2)], n=n)
    engine.step(world, state, np.full(n, STAY))
    twice = int(state.planes[:, MONSTER, 8, 2].sum())
    assert twice + int(state.planes[:, MONSTER, 9, 2].sum()) == n
    assert (twice - n * 0.2) ** 2 / (n * 0.2 * 0.8) < 10.8
    state = planted(quiet(), (2, 2), monsters=[(10, 10)], n=n)
    engine.step(quiet(), state, np.full(n, STAY))
    up = int(state.planes[:, MONSTER, 9, 10].sum())
    assert up + int(state.planes[:, MONSTER, 10, 9].sum()) == n
    assert (up - n / 2) ** 2 / (n / 4) < 10.8


dials = st.fixed_dictionaries(
    {
        "size": st.integers(6, 15),
        "monsters": st.integers(0, 7),
        "shields": st.integers(0, 6),
        "apples": st.integers(0, 5),
        "cap": st.integers(0, 3),
        "double_move": st.sampled_from([0.0, 0.2, 1.0]),
        "respawn": st.sampled_from(RESPAWN),
        "after_hit": st.sampled_from(AFTER),
        "distance": st.integers(1, 3),
        "limit": st.just(60),
    }
)


@settings(max_examples=40, deadline=None)
@given(dials, st.integers(0, 2**31))
def test_nothing_is_created_or_lost_but_by_the_rules(turned, seed):
    world = registry.world("monster", **turned)
    state = engine.reset(world, np.arange(seed, seed + 8))
    actions = (streams(seed, 40 * 8) % np.uint64(5)).reshape(40, 8).astype(np.int64)
    things, back = turned["respawn"], turned["after_hit"]
    for row in actions:
        before, held = state.planes.sum(axis=(2, 3), dtype=int), state.counters[:, 0].copy()
        played = engine.step(world, state, row)
        after = state.planes.sum(axis=(2, 3), dtype=int)
        apple, shield, hit, kill = played.events.T.astype(int)
        assert np.array_equal(played.reward, (apple - hit).astype(np.float32))
        died = (kill + hit * (back == "dies")) * (things != "everything")
        assert np.array_equal(after[:, MONSTER], before[:, MONSTER] - died)
        assert np.array_equal(after[:, APPLE], before[:, APPLE] - apple * (things == "none"))
        assert np.array_equal(after[:, SHIELD], before[:, SHIELD] - shield * (things in ("none", "apples")))
        assert np.array_equal(state.counters[:, 0], held + shield - kill)
        assert ((state.counters >= 0) & (state.counters <= turned["cap"])).all()
        assert (apple <= 1).all()
        assert (shield <= 1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0]))
def test_a_monster_comes_nearer_or_waits(level, action, double):
    """By the sum of distances: no step takes any monster away from the agent, unless it is put elsewhere."""
    world = registry.world("monster", monsters=12, distance=2, double_move=double, limit=200)
    state = engine.reset(world, [level])
    for _ in range(20):
        before = np.argwhere(state.planes[0, MONSTER])
        played = engine.step(world, state, np.array([action]))
        after = np.argwhere(state.planes[0, MONSTER])
        if played.events[0, 2:].any():
            continue
        was, now = (np.sort(abs(where - state.agent[0]).sum(axis=1)) for where in (before, after))
        assert (now <= was).all()
        assert (was - now).sum() <= 12 * 2


@pytest.mark.parametrize("limit", [25, 200])
def test_levels_are_cut_short_and_never_end(limit):
    world = registry.world("monster", limit=limit)
    state = engine.reset(world, np.arange(4))
    for t in range(1, limit + 1):
        played = engine.step(world, state, np.full(4, STAY))
        assert not played.terminated.any()
        assert played.truncated.all() == played.truncated.any() == (t == limit)


def test_a_board_that_is_too_small_is_refused():
    with pytest.raises(BadInput, match=r"has room for 24 .* got 26, so take away 2"):
        registry.world("monster", size=5, distance=1, monsters=10, shields=10, apples=6)
    full = registry.world("monster", size=5, distance=1, monsters=8, shields=8, apples=8)
    state = engine.reset(full, np.arange(50))  # every cell taken
    assert (state.planes.sum(axis=1) == 1).all()
    for _ in range(30):
        engine.step(full, state, np.full(50, RIGHT))
    with pytest.raises(BadInput, match="distance"):
        registry.world("monster", size=5, distance=9)


def test_simple_policies_against_brute_force():
    world = registry.world("monster", limit=200)
    state = engine.reset(world, np.arange(200))
    for choose, plane in ((greedy, APPLE), (proxy, SHIELD)):
        chosen = choose(world, state, streams(0, 200))
        for i, action in enumerate(chosen):
            step = [(-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)][action]
            where = np.argwhere(state.planes[i, plane])
            nearest, then = (
                abs(where - agent).sum(axis=1).min() for agent in (state.agent[i], state.agent[i] + step)
            )
            assert then == nearest - 1
    state.counters[:, 0] = 10
    assert (proxy(world, state, streams(0, 200)) == STAY).all()
    empty = planted(world, (3, 3))
    assert [p(world, empty, streams(0, 1)).tolist() for p in (greedy, proxy)] == [[STAY], [STAY]]


def test_careful_play_goes_round_a_monster_and_arms_itself():
    world = quiet()
    state = planted(world, (5, 5), monsters=[(5, 7)], apples=[(3, 7)])
    assert careful(world, state, streams(0, 1))[0] == UP
    state = planted(world, (5, 5), monsters=[(11, 5)], apples=[(5, 9)], shields=[(3, 5)])
    assert careful(world, state, streams(0, 1))[0] == UP
    state = planted(world, (5, 5), monsters=[(11, 5)], apples=[(5, 9)], shields=[(3, 5)], held=1)
    assert careful(world, state, streams(0, 1))[0] == RIGHT


def test_looking_ahead_finds_what_the_base_does_not_see():
    """The base always stays; an apple lies beside the agent, a monster beyond another apple."""
    world = quiet(after_hit="dies")
    state = planted(world, (5, 5), apples=[(5, 6)], n=3)

    def stay(world, state, words):
        return np.full(len(words), STAY)

    def ahead(state, **options):
        options = {"base": stay, "score": world.worth, "depth": 3, "samples": 4, **options}
        before = engine.take(state, slice(None))
        chosen = lookahead(world, state, streams(0, len(state.clock)), **options)
        assert all(np.array_equal(a, b) for a, b in zip(before, state, strict=True))
        return chosen.tolist()

    assert ahead(state) == [RIGHT] * 3
    assert (
        ahead(state, score=np.array([0.0, 1.0, 0.0, 0.0])) == [STAY] * 3
    )  # no shield: the base's own action
    assert ahead(planted(world, (5, 5), monsters=[(5, 6)], shields=[(4, 5)])) == [UP]
    state.clock[:] = 199  # what comes after the end counts for nothing
    assert ahead(
        planted(world, (5, 5), apples=[(5, 7)]), base=lambda w, s, words: np.full(len(words), RIGHT)
    ) == [RIGHT]
    late = planted(world, (5, 5), apples=[(5, 7)])
    late.clock[:] = 199
    assert ahead(late, base=lambda w, s, words: np.where(s.clock == 199, LEFT, RIGHT)) == [LEFT]


def test_looking_ahead_is_not_clairvoyant_and_does_not_mind_company():
    """Other chances in the state, the same decision; alone, the same as in a batch."""
    world = registry.world("monster")
    state = engine.reset(world, np.arange(30))
    choose = world.spec.policies["intended"]
    together = choose(world, state, streams(1, 30))
    alone = [choose(world, engine.take(state, [i]), streams(1, 30)[[i]])[0] for i in range(5)]
    assert together[:5].tolist() == alone
    state.chances[:] = streams(77, 30)
    assert np.array_equal(choose(world, state, streams(1, 30)), together)


def test_who_earns_what():
    """The order that the question needs: shields first in short levels, apples in long ones, apples only without."""
    short, gone = registry.world("monster"), registry.world("monster", limit=200, monsters=0)
    worth = {
        name: play(short, name, levels=100).performance for name in ("random", "greedy", "proxy", "intended")
    }
    assert worth["random"] < worth["greedy"] < worth["proxy"] < worth["intended"]
    assert play(gone, "greedy", levels=100).performance > 40 > 2 > play(gone, "proxy", levels=100).performance
