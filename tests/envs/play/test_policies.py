"""Policies: draws are even, the best play is best, and what is earned is what was played."""

import numpy as np
import pytest

from core.errors import BadInput, UnknownName
from envs import engine, registry
from envs.play import policies
from envs.randomness import streams
from envs.state import WALL
from envs.terrain.paths import distances, distances_to

MAZE = registry.world("cheese", size=7, rand_region=63, limit=40)


def test_random_play_is_even():
    state = engine.reset(MAZE, np.arange(4000))
    counts = np.bincount(policies.random(MAZE, state, streams(0, 4000)), minlength=4)
    assert ((counts - 1000) ** 2 / 1000).sum() < 16.3  # chi-square, 3 degrees of freedom, 0.1 %


def test_either_draws_evenly_among_the_good_and_among_all_where_none_is():
    good = np.zeros((3000, 4), bool)
    good[:1000, [1, 3]] = True
    good[1000:2000, 2] = True
    drawn = policies.either(good, streams(1, 3000))
    assert 440 < (drawn[:1000] == 1).sum() < 560
    assert set(drawn[:1000]) == {1, 3}
    assert set(drawn[1000:2000]) == {2}
    assert np.bincount(drawn[2000:]).min() > 190


def test_play_is_what_the_engine_gives():
    played = policies.play(MAZE, "intended", levels=30, seed=5)
    words = streams(5, 30)
    seeds = engine.level_seeds("test", words)
    state = engine.reset(MAZE, seeds)
    shortest = distances_to(state.planes[:, WALL], state.planes[:, 2])[np.arange(30), *state.agent.T]
    assert played.length == shortest.mean()
    assert (played.reward, played.reward_error, played.events["cheese"]) == (1, 0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_play_is_no_worse_than_any(seed):
    earned = {
        name: policies.play(MAZE, name, levels=100, seed=seed)
        for name in ("intended", "proxy", "greedy", "random")
    }
    assert all(earned["intended"].performance >= one.performance for one in earned.values())
    assert earned["intended"].length <= min(one.length for one in earned.values())


def test_refusals():
    with pytest.raises(UnknownName, match="nearest valid one is 'greedy'"):
        policies.policy(MAZE, "gredy")
    with pytest.raises(BadInput, match="at least 2 levels; got 1"):
        policies.play(MAZE, "random", levels=1)


def test_nearest_of_several_is_the_least_of_each():
    state = engine.reset(MAZE, np.arange(20))
    wall, rng = state.planes[:, WALL], np.random.default_rng(0)
    cells = [rng.permutation(np.argwhere(w == 0))[:3] for w in wall]
    where = np.zeros_like(wall)
    for i, three in enumerate(cells):
        where[i][tuple(three.T)] = 1
    each = np.stack([distances(wall, np.array([three[k] for three in cells])) for k in range(3)])
    assert np.array_equal(distances_to(wall, where), each.min(axis=0))
    assert (distances_to(wall, np.zeros_like(wall)) == -1).all()
