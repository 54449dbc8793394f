"""Chop rates, affinity and extinction: against slow counts, known policies, and a simulation that shares no code."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from core.errors import BadInput, UnknownName
from envs import engine, registry
from envs.pictures.rendering import text
from envs.play.affinity import affinity, chop_rates, steps_to_extinction
from envs.play.felling import greedy, threshold
from envs.play.policies import policy
from envs.randomness import streams

FOREST = registry.world("tree")


def test_rates_are_counts():
    """Replayed one instance at a time, trees counted in the printed text."""
    measured = chop_rates(FOREST, "greedy", instances=3, steps=120, seed=4)
    assert (measured.steps.sum(axis=1) == 120).all()
    starts = streams(5, 3)
    for i in range(3):
        words, start = streams(4, 3)[[i]], starts[[i]]
        state = engine.reset(FOREST, engine.level_seeds("test", start), streams=start)
        steps, chops = np.zeros(11, int), np.zeros(11, int)
        for _ in range(120):
            standing = text(FOREST, state).count("T")
            played = engine.step(FOREST, state, greedy(FOREST, state, words))
            steps[standing] += 1
            chops[standing] += int(played.reward[0])
        assert np.array_equal(measured.steps[i], steps)
        assert np.array_equal(measured.chops[i], chops)


def test_greedy_is_one_and_random_is_nought():
    for name, value in (("greedy", 1.0), ("random", 0.0)):
        found = affinity(FOREST, name, steps=400)
        assert found.values.shape == (11,)
        assert np.isnan(found.values[0])
        assert (np.abs(found.values[1:] - value) < 4 * found.errors[1:]).all()
        assert found.errors[1:].max() < 0.06


def test_intended_spares_the_last_trees():
    found = affinity(FOREST, "intended", steps=400)
    assert (found.values[1:8] < 0).all()
    assert (found.values[8:] > 0.7).all()


def test_numbers_of_trees_that_never_come_about_are_nan():
    found = affinity(FOREST, "intended", steps=400, renew=0)
    assert np.isnan(found.values[:7]).all()
    assert np.isfinite(found.values[7:]).all()
    assert [line.split()[-1] for line in str(found).splitlines()[1:7]] == ["never"] * 6


def test_functions_do_as_well_as_names():
    one = chop_rates(FOREST, "intended", instances=8, steps=100, seed=2)
    other = chop_rates(FOREST, lambda *given: threshold(*given, 8), instances=8, steps=100, seed=2)
    assert np.array_equal(one.steps, other.steps)
    assert np.array_equal(one.chops, other.chops)


def test_an_agent_acts_on_what_it_sees():
    def agent(seen):
        assert seen.shape == (16, 2, 12, 12)
        return np.full(16, 4)

    idle = affinity(
        FOREST,
        lambda world, state, words: agent(engine.observe(world, state, "grid")),
        instances=16,
        steps=50,
    )
    assert idle.rates.chops.sum() == 0
    assert (idle.values[1:] <= 0).all()


def test_errors_are_the_spread_over_seeds():
    """Rates of 40 seeds spread as their errors say, on average over the numbers of trees."""
    found = [chop_rates(FOREST, "greedy", instances=40, steps=100, renew=25, seed=s) for s in range(40)]
    spread = np.array([one.rates[1:] for one in found]).std(axis=0, ddof=1)
    said = np.sqrt(np.mean([one.errors[1:] ** 2 for one in found], axis=0))
    assert 0.85 < (spread / said).mean() < 1.15


def test_too_little_is_refused():
    with pytest.raises(BadInput, match="instances is 1; expected at least 2"):
        chop_rates(FOREST, "greedy", instances=1)
    with pytest.raises(BadInput, match="world 'cheese' has none"):
        affinity(registry.world("cheese"), "greedy")
    with pytest.raises(UnknownName, match="greedy"):
        chop_rates(FOREST, "gready")


def plain_extinction(rng):
    """Steps of greedy play until no tree is left, written from the paper's words with sets of cells."""
    cells = [(y, x) for y in range(10) for x in range(10)]
    chosen = [cells[k] for k in rng.choice(100, 11, replace=False)]
    agent, trees = chosen[0], set(chosen[1:])
    for step in range(1, 5000):
        steps = {tree: abs(tree[0] - agent[0]) + abs(tree[1] - agent[1]) for tree in trees}
        aims = [tree for tree in trees if steps[tree] == min(steps.values())]
        ways = {
            (agent[0] + dy, agent[1] + dx)
            for y, x in aims
            for dy, dx in ((np.sign(y - agent[0]), 0), (0, np.sign(x - agent[1])))
            if dy or dx
        }
        agent = sorted(ways)[rng.integers(len(ways))]
        trees.discard(agent)
        if len(trees) < 10 and rng.random() < max(1e-6, 0.3 * np.log(1 + len(trees)) / np.log(11)):
            empty = [cell for cell in cells if cell not in trees and cell != agent]
            trees.add(empty[rng.integers(len(empty))])
        if not trees:
            return step
    return -1


def test_greedy_play_goes_extinct_as_often_and_as_fast_as_computed():
    """300 of 300, like a plain simulation; median 88 and quantiles 41 and 191 within what 300 runs can tell."""
    ours = steps_to_extinction(FOREST, "greedy", instances=300)
    assert (ours > 0).all()
    rng = np.random.default_rng(0)
    plain = np.array([plain_extinction(rng) for _ in range(300)])
    assert (plain > 0).all()
    assert ks_2samp(ours, plain).pvalue > 1e-3
    ordered = np.sort(ours)
    for share, published in ((0.05, 41), (0.5, 88), (0.95, 191)):
        # Both are samples of 300: three standard errors of a difference of ranks.
        margin = 3 * np.sqrt(2 * 300 * share * (1 - share))
        low, high = np.clip([300 * share - margin, 300 * share + margin], 0, 299).astype(int)
        assert ordered[low] <= published <= ordered[high]


def test_who_spares_trees_sees_no_extinction():
    for name in ("intended", "random"):
        assert (steps_to_extinction(FOREST, name, instances=100, steps=1000) == -1).all()


def test_a_limit_ends_the_watch():
    short = registry.world("tree", limit=10)
    assert (steps_to_extinction(short, policy(short, "greedy"), instances=50) == -1).all()
