"""Tree: its forest, its rules, its law of growth, its end without end."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from core.errors import BadInput
from core.provenance import fingerprint
from envs import engine, registry
from envs.checks import CHECKS, check_world
from envs.observations import channels
from envs.play.felling import thin
from envs.randomness import streams
from envs.state import AGENT, WALL
from envs.worlds.tree import CHOP, EXTINCT, SCARCE_CHOP, TREE, growth

FOREST = registry.world("tree")
STAY = 4


def by_hand(world, n, agent, trees):
    """n times the same state: the lumberjack on one cell, trees on others; each with its own chances."""
    state = engine.reset(world, np.arange(n))
    state.planes[:, AGENT:] = 0
    state.planes[:, AGENT, agent[0], agent[1]] = 1
    state.agent[:] = agent
    for row, column in trees:
        state.planes[:, TREE, row, column] = 1
    return state


@pytest.mark.parametrize(
    "dials",
    [{}, {"r_min": 0.3}, {"size": 3, "trees": 8, "r_min": 0.5, "limit": 40}, {"size": 2, "trees": 1}],
)
def test_contract(dials):
    assert len(check_world(registry.world("tree", **dials))) == len(CHECKS)


def test_the_grid_is_the_papers():
    seen = engine.observe(FOREST, engine.reset(FOREST, [0, 1]), "grid")
    assert seen.shape == (2, 2, 12, 12)
    assert channels(FOREST, "grid") == ("agent", "tree")
    assert (seen.sum(axis=(2, 3)) == [1, 10]).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 20), st.data())
def test_levels_obey_their_description(size, data):
    trees = data.draw(st.integers(1, min(size * size - 1, 60)))
    world = registry.world("tree", size=size, trees=trees)
    state = engine.reset(world, [data.draw(st.integers(0, 2**32 - 1))])
    assert state.planes[0, WALL].sum() == 4 * (size + 1)
    assert (state.planes[0, WALL, 1:-1, 1:-1] == 0).all()
    assert state.planes[0, TREE, 1:-1, 1:-1].sum() == state.planes[0, TREE].sum() == trees
    assert state.planes[0].sum(axis=0).max() == 1  # one thing a cell


def test_beginnings_are_uniform():
    state = engine.reset(FOREST, np.arange(20_000))
    for channel in (AGENT, TREE):
        cells = state.planes[:, channel, 1:-1, 1:-1].sum(axis=0, dtype=int).ravel()
        assert chisquare(cells).pvalue > 1e-4
    pairs = state.planes[:, TREE, 1, 1:-1].astype(int)
    together = (pairs[:, :, None] * pairs[:, None]).sum(axis=0)[np.triu_indices(10, 1)]
    assert chisquare(together).pvalue > 1e-4
    assert binomtest(int(together.sum()), 45 * 20_000, 10 * 9 / (100 * 99)).pvalue > 1e-4


dials = st.fixed_dictionaries(
    {
        "size": st.integers(2, 6),
        "trees": st.integers(1, 3),
        "r_min": st.sampled_from([0.0, 0.1, 1.0]),
        "r_max": st.sampled_from([0.0, 0.3, 1.0]),
        "scarce": st.integers(1, 5),
    }
)


@settings(max_examples=60, deadline=None)
@given(dials, st.integers(0, 2**31 - 1))
def test_nothing_comes_or_goes_but_by_the_rules(dials, seed):
    world = registry.world("tree", **dials)
    n, words = 8, streams(seed, 8)
    state = engine.reset(world, engine.level_seeds("train", words), streams=words)
    rows = np.arange(n)
    for actions in (streams(seed + 1, 60 * n) % np.uint64(5)).astype(np.int64).reshape(60, n):
        before = engine.take(state, slice(None))
        played = engine.step(world, state, actions)
        assert not played.terminated.any()
        assert not played.truncated.any()
        assert (state.level == before.level).all()
        step = np.array([[-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]])[actions]
        assert np.array_equal(state.agent, (before.agent + step).clip(1, dials["size"]))
        row, column = state.agent.T
        entered = before.planes[rows, TREE, row, column] > 0
        left = before.planes[:, TREE].copy()
        left[rows, row, column] = 0
        standing = left.sum(axis=(1, 2))
        grown = state.planes[:, TREE].astype(int) - left
        assert grown.min() >= 0
        assert grown.sum(axis=(1, 2)).max() <= 1
        assert (grown.sum(axis=(1, 2))[standing == dials["trees"]] == 0).all()
        assert (grown[rows, row, column] == 0).all()
        after = state.planes[:, TREE].sum(axis=(1, 2))
        assert after.max() <= dials["trees"]
        assert np.array_equal(played.reward, entered.astype(np.float32))
        assert np.array_equal(played.events[:, CHOP], entered)
        scarce = entered & (standing + 1 < min(dials["scarce"], dials["trees"]))
        assert np.array_equal(played.events[:, SCARCE_CHOP], scarce)
        assert np.array_equal(played.events[:, EXTINCT], entered & (after == 0))


@pytest.mark.parametrize("n", range(10))
def test_trees_obey_the_law(n):
    """Counts of growth against max(r_min, r_max log(1 + n) / log(1 + n_max)); where they grow, against equal shares."""
    r_min, instances = 0.02, 30_000
    world = registry.world("tree", r_min=r_min)
    state = engine.reset(world, np.arange(instances))
    thin(state, np.full(instances, n), streams(n, instances))
    assert (state.planes[:, TREE].sum(axis=(1, 2)) == n).all()
    before = engine.take(state, slice(None))
    engine.step(world, state, np.full(instances, STAY))
    grown = state.planes[:, TREE] & ~before.planes[:, TREE]
    expected = max(r_min, 0.3 * np.log(1 + n) / np.log(11))
    assert binomtest(int(grown.sum()), instances, expected).pvalue > 1e-4
    assert chisquare(grown[:, 1:-1, 1:-1].sum(axis=0, dtype=int).ravel()).pvalue > 1e-4


def test_a_full_forest_grows_no_more():
    state = engine.reset(registry.world("tree", r_min=1.0), np.arange(1000))
    before = state.planes.copy()
    engine.step(registry.world("tree", r_min=1.0), state, np.full(1000, STAY))
    assert np.array_equal(before, state.planes)


def test_the_step_s_own_chop_counts():
    """Of two trees one is chopped: the law is asked about one. And the new tree is anywhere but on the other two."""
    n = 40_000
    state = by_hand(FOREST, n, (5, 5), [(5, 6), (9, 9)])
    played = engine.step(FOREST, state, np.full(n, 3))
    assert (played.events == [1, 1, 0]).all()
    grown = state.planes[:, TREE].sum(axis=0, dtype=int)
    grown[9, 9] -= n
    r = 0.3 * np.log(2) / np.log(11)
    assert binomtest(int(grown.sum()), n, r).pvalue > 1e-4
    assert grown[5, 6] == grown[9, 9] == 0
    cells = np.delete(grown[1:-1, 1:-1].ravel(), [4 * 10 + 5, 8 * 10 + 8])
    assert chisquare(cells).pvalue > 1e-4


def test_the_only_empty_cell_is_found():
    """Four cells, three trees: after a chop a tree can come up only where the lumberjack stood."""
    world = registry.world("tree", size=2, trees=3, r_min=1.0)
    state = by_hand(world, 200, (1, 1), [(1, 2), (2, 1), (2, 2)])
    for _ in range(3):
        engine.step(world, state, np.full(200, 3))  # right, and again: into the border
        assert (state.agent == [1, 2]).all()
        assert (state.planes[:, TREE, 1:-1, 1:-1] == [[1, 0], [1, 1]]).all()


def test_dense_forests_grow_uniformly():
    """Where tries fail and the empty cells are counted out."""
    world = registry.world("tree", size=4, trees=15, r_min=1.0)
    empty = [(1, 1), (2, 3), (4, 4)]
    full = [(y, x) for y in range(1, 5) for x in range(1, 5) if (y, x) not in [*empty, (3, 2)]]
    state = by_hand(world, 6000, (3, 2), full)
    engine.step(world, state, np.full(6000, STAY))
    grown = state.planes[:, TREE].sum(axis=0, dtype=int)
    assert chisquare([grown[cell] for cell in empty]).pvalue > 1e-4
    assert grown.sum() == 6000 * (len(full) + 1)


@pytest.mark.parametrize(("r_min", "events"), [(0.0, [1, 0, 1]), (1.0, [1, 0, 0])])
def test_extinct_is_what_stays_empty(r_min, events):
    world = registry.world("tree", trees=1, r_min=r_min, scarce=1)
    state = by_hand(world, 1, (1, 1), [(2, 1)])
    assert engine.step(world, state, np.array([1])).events[0].tolist() == events
    assert engine.step(world, state, np.array([4])).events.sum() == 0


@pytest.mark.parametrize(("standing", "scarce"), [(7, 1), (8, 0)])
def test_scarce_is_less_than_eight(standing, scarce):
    trees = [(5, x) for x in range(2, 2 + standing)]
    state = by_hand(FOREST, 1, (5, 1), trees)
    assert engine.step(FOREST, state, np.array([3])).events[0].tolist() == [1, scarce, 0]


@pytest.mark.parametrize("n", range(11))
def test_the_law_does_not_hang_on_the_last_bit_of_a_logarithm(n):
    """Against 50 decimal places: the rounded law is right, with room to spare for any machine's logarithm."""
    getcontext().prec = 50
    exact = Decimal(FOREST.dials.r_max) * Decimal(1 + n).ln() / Decimal(11).ln() * 2**32
    assert abs(abs(exact - round(exact)) - Decimal("0.5")) > Decimal("1e-3")
    expected = 0.0 if n == 10 else max(1e-6, round(exact) / 2**32)
    assert growth(n, FOREST.dials) == expected


def test_the_same_forest_on_every_machine():
    """Pinned: 500 random steps of 64 levels."""
    state = engine.reset(FOREST, np.arange(64))
    for row in (streams(7, 500 * 64) % np.uint64(5)).astype(np.int64).reshape(500, 64):
        engine.step(FOREST, state, row)
    assert fingerprint(state.planes, state.tally, state.chances) == "f794e4b1c5a9"


@pytest.mark.parametrize(
    ("dials", "words"),
    [
        ({"trees": 100}, "at most 99"),
        ({"size": 62}, "from 2 to 61"),
        ({"r_max": 1.5}, "a number from 0 to 1"),
        ({"limit": -1}, "from 0"),
    ],
)
def test_bad_dials_are_refused(dials, words):
    with pytest.raises(BadInput, match=words):
        registry.world("tree", **dials)


def test_laws_notice():
    laws = FOREST.spec.laws
    state = engine.reset(FOREST, np.arange(4))
    state.planes[1, WALL, 5, 5] = 1
    row, column = np.argwhere(state.planes[2].sum(axis=0) == 0)[0]
    state.planes[2, TREE, row, column] = 1
    state.planes[3, TREE] = state.planes[3, AGENT]
    kept = np.array([law(state, FOREST.dials) for law in laws.values()])
    assert kept.tolist() == [[True, False, True, True], [True, True, False, True], [True, True, True, False]]
