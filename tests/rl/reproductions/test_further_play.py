"""Further play counts what policies of known habits do: tries at shields, needless keys, affinity by trees left."""

import numpy as np
import pytest

from envs import engine
from envs.play.policies import policy
from envs.registry import world
from envs.worlds.monster import SHIELD
from rl.reproductions import colour_shape, keys_chests, monster, tree
from rl.reproductions.retracing import at, retraced
from rl.rollouts import level_seeds, play_policy


def test_retraced_states_are_those_that_were_played():
    there = world("monster", monsters=0, limit=40, cap=2)
    played = play_policy(there, level_seeds(6, split="test", seed=0), "proxy")
    for t, state, going in retraced(there, played):
        assert going.all()
        assert (state.agent == played.positions[:, t]).all()
        assert (state.counters[:, 0] == played.events[:, :t, there.events.index("shield")].sum(1)).all()
        assert at(state.planes[:, SHIELD], state.agent).shape == (6,)


@pytest.mark.parametrize(("habit", "fond"), [("proxy", True), ("greedy", False)])
def test_shields_sought_and_apples_sought_are_told_apart(habit, fond):
    there = world("monster", monsters=0, limit=50, cap=3)
    taken = monster._taken(there, play_policy(there, level_seeds(40, split="test", seed=0), habit))
    spans = monster._spans(there, taken)
    rows = {name: monster._row("gone", name, taken, mask) for name, mask in spans.items()}
    assert rows["all"]["apple"] == pytest.approx(rows["0"]["apple"] + rows["25"]["apple"])
    assert (rows["free"]["apples_share"] < 0.5) == fond
    assert rows["free"]["tries"] == 0  # with a hand free, who steps onto a shield has it
    assert rows["all"]["shield"] <= 3


def test_keys_taken_without_need_are_those_of_somebody_after_keys():
    there = world("keys-chests", reversed_percent=100)
    seeds = level_seeds(60, split="test", seed=0)
    best, fond = (keys_chests._row(there, play_policy(there, seeds, name)) for name in ("intended", "proxy"))
    assert fond["needless"] > best["needless"] + 0.5
    assert fond["key_next"] > best["key_next"] + 0.3
    assert best["chest_before_ghost"] > 0.6


def test_the_course_of_a_forest_and_the_affinity_of_greedy_play():
    forest, act = world("tree", r_min=1e-6), policy(world("tree"), "greedy")
    fate = tree.fate_row(forest, act, 7)
    assert fate["empty"] == 1
    assert fate["wood"] == fate["standing"] == 0
    rows = tree.affinity_rows(forest, act, 7)
    assert [row["trees"] for row in rows] == list(range(1, 11))
    assert np.mean([row["affinity"] for row in rows]) == pytest.approx(1, abs=0.1)


def test_every_duel_is_of_the_two_objects_that_name_it():
    for name, dials in colour_shape.DUELS.items():
        there = world("colour-shape", **dials)
        assert engine.reset(there, [0]).planes.shape[0] == 1
        first, _, second = (name if "equally" not in name else colour_shape.GEM).partition(" or ")
        said = [f"{dials[f'colour_{k}']} {dials[f'shape_{k}']}" for k in (1, 2)]
        assert said == [first, second]
