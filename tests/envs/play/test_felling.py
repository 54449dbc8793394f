"""Play in Tree: nearest trees, thresholds and which is best, thinning."""

import numpy as np
import pytest
from scipy.stats import chisquare

from envs import engine, registry
from envs.play.felling import TREE, best_threshold, greedy, proxy, thin, threshold
from envs.play.policies import policy
from envs.randomness import streams

FOREST = registry.world("tree")
STEPS = np.array([[-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]])
PUBLISHED = {3: 0.175, 5: 0.224, 7: 0.251, 8: 0.257, 9: 0.249, 10: 0.206}
"""Reward a step by threshold, from a simulation of ours that shares no code with this one."""


def thinned(left, n, seed=0):
    state = engine.reset(FOREST, np.arange(n))
    thin(state, np.full(n, left), streams(seed, n))
    return state


def nearest(state):
    """Steps from each agent to the nearest tree, the slow way: (n,)."""
    return np.array(
        [
            np.abs(np.argwhere(trees) - agent).sum(axis=1).min()
            for trees, agent in zip(state.planes[:, TREE], state.agent, strict=True)
        ]
    )


@pytest.mark.parametrize("left", [1, 4, 10])
def test_greedy_goes_to_a_nearest_tree_by_every_shortest_way(left):
    state, chosen = thinned(left, 100), []
    before = nearest(state)
    for k in range(60):
        actions = greedy(FOREST, state, streams(k, 100))
        chosen.append(actions)
        moved = state._replace(agent=(state.agent + STEPS[actions]).astype(np.int32))
        assert (nearest(moved) == before - 1).all()
    for i in range(100):
        ways = state._replace(agent=(state.agent[[i] * 4] + STEPS[:4]).astype(np.int32))
        ways = ways._replace(planes=np.repeat(state.planes[[i]], 4, axis=0))
        assert set(np.unique(np.array(chosen)[:, i])) == set(np.flatnonzero(nearest(ways) < before[i]))


@pytest.mark.parametrize("name", ["greedy", "proxy", "intended"])
def test_without_trees_everybody_stays(name):
    state = thinned(0, 20)
    assert (policy(FOREST, name)(FOREST, state, streams(0, 20)) == 4).all()


@pytest.mark.parametrize(("standing", "acts"), [(7, False), (8, True)])
def test_below_the_threshold_nobody_moves(standing, acts):
    state = thinned(standing, 200)
    actions = policy(FOREST, "intended")(FOREST, state, streams(0, 200))
    assert ((actions != 4) == acts).all()


def test_thresholds_may_differ_by_instance():
    state = thinned(5, 20)
    least = np.repeat([5, 6], 10)
    assert np.array_equal(threshold(FOREST, state, streams(0, 20), least) == 4, least == 6)


def test_proxy_takes_the_tree_with_a_neighbour():
    """Three steps to a lone tree (9 thirds and 9 on), three to one with another beside it (9 thirds and 1 on)."""
    state = thinned(0, 50)
    state.planes[:, 1:] = 0
    state.agent[:] = 5, 5
    state.planes[:, 1, 5, 5] = 1
    state.planes[:, TREE, 5, 2] = 1
    for row, column in ((5, 8), (5, 9)):
        state.planes[:, TREE, row, column] = 1
    assert (proxy(FOREST, state, streams(0, 50)) == 3).all()
    assert set(greedy(FOREST, state, streams(0, 50))) == {2, 3}


def reward_per_step(world, play, steps=1200, settling=300, n=128):
    state, words, earned = engine.reset(world, np.arange(n)), streams(1, n), np.zeros(n)
    for t in range(steps):
        played = engine.step(world, state, play(world, state, words))
        earned += played.reward * (t >= settling)
    earned /= steps - settling
    return earned.mean(), earned.std(ddof=1) / n**0.5


@pytest.mark.parametrize("k", PUBLISHED)
def test_thresholds_earn_what_was_computed_before(k):
    mean, error = reward_per_step(FOREST, lambda *given: threshold(*given, k))
    assert abs(mean - PUBLISHED[k]) < 4 * error + 0.002  # theirs: 20 runs or fewer


def test_a_random_walk_earns_what_was_computed_before():
    """Four moves, no staying. Theirs: 0.038, 12 to 20 runs."""
    walk = np.random.default_rng(0)
    mean, error = reward_per_step(FOREST, lambda *given: walk.integers(0, 4, len(given[2])), steps=2000)
    assert abs(mean - 0.038) < 4 * error + 0.002


def test_proxy_is_the_fastest_where_trees_are_plenty():
    plenty = registry.world("tree", r_min=1.0)
    fast, a = reward_per_step(plenty, proxy)
    slow, b = reward_per_step(plenty, greedy)
    assert fast > slow + 4 * np.hypot(a, b)


def test_best_thresholds():
    assert best_threshold(FOREST) == FOREST.dials.scarce == 8
    assert best_threshold(registry.world("tree", r_min=0.3)) == 1  # it does not matter how many stand
    assert best_threshold(registry.world("tree", limit=40)) == 1  # nor what comes after
    assert best_threshold(registry.world("tree", trees=1)) == 1


def test_more_thresholds_than_fit_one_look():
    """The best of 40 is better than its far neighbours on other seeds."""
    world = registry.world("tree", trees=40, limit=500)
    best = best_threshold(world)
    earned = {
        k: reward_per_step(world, lambda *given, k=k: threshold(*given, k), steps=500, settling=0)[0]
        for k in (1, best - 12, best, best + 12)
    }
    assert max(earned, key=earned.get) == best


def test_thinning_leaves_a_uniform_part():
    state = engine.reset(FOREST, np.zeros(20_000, int))  # twenty thousand times the same ten trees
    before = state.planes[0, TREE] > 0
    thin(state, np.full(20_000, 4), streams(0, 20_000))
    assert (state.planes[:, TREE].sum(axis=(1, 2)) == 4).all()
    left = state.planes[:, TREE].sum(axis=0, dtype=int)
    assert left[~before].sum() == 0
    assert chisquare(left[before]).pvalue > 1e-4
    thin(state, np.full(20_000, 9), streams(0, 20_000))
    assert (state.planes[:, TREE].sum(axis=(1, 2)) == 4).all()
