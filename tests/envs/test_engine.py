"""The driver: determinism, splits, saving, time limits, refusals; the random streams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, UnknownName
from envs import engine, registry
from envs.checks import play, same
from envs.randomness import below, chance, draw, streams

MAZE = registry.world("cheese", size=7, rand_region=5, limit=20)


def test_splitmix64_gives_the_published_numbers():
    """The first outputs for seed 1234567, as in the reference implementation by Vigna."""
    words = np.array([1234567], np.uint64)
    assert [int(draw(words, 0)) for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]
    assert streams(1234567, 3).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_draws_are_uniform():
    words = np.array([7], np.uint64)
    counts = np.bincount([below(words, 0, 6) for _ in range(6000)], minlength=6)
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # chi-square, 5 degrees of freedom, p = 0.001
    values = np.array([chance(words, 0) for _ in range(4000)])
    assert 0 <= values.min() < values.max() < 1
    assert abs(values.mean() - 0.5) < 0.02


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6), st.integers(0, 2**32), st.randoms())
def test_a_trajectory_depends_on_seed_and_actions_alone(seeds, key, random):
    actions = (streams(key, 60 * len(seeds)) % np.uint64(4)).reshape(60, -1).astype(np.int64)
    order = list(range(len(seeds)))
    random.shuffle(order)
    together, _ = play(MAZE, np.array(seeds), actions)
    shuffled, _ = play(MAZE, np.array(seeds)[order], actions[:, order])
    alone, _ = play(MAZE, np.array(seeds[:1]), actions[:, :1])
    assert same(engine.take(together, order), shuffled)
    assert same(engine.take(together, [0]), alone)


def test_trajectories_are_the_same_on_every_machine():
    """Levels, tallies and random words after 200 steps as computed once; a change here breaks every saved run."""
    actions = (streams(3, 200 * 4) % np.uint64(4)).reshape(200, 4).astype(np.int64)
    state, results = play(MAZE, np.arange(4), actions)
    assert state.level.tolist() == [2044470342, 867888699, 940224598, 1499880201]
    assert sum(int(result.events[:, 0].sum()) for result in results) == 11


def test_levels_depend_on_the_seed_of_the_level_alone():
    state, _ = play(
        MAZE, np.array([5]), np.zeros((20, 1), np.int64)
    )  # cut short once: now on its second level
    assert same_level(state, engine.reset(MAZE, state.level))


def same_level(one: engine.State, other: engine.State) -> bool:
    return np.array_equal(one.planes, other.planes) and np.array_equal(one.chances, other.chances)


def test_splits_and_level_pools():
    for split, (first, _) in engine.SPLITS.items():
        seeds = engine.level_seeds(split, streams(0, 50), levels=8)
        assert set(seeds - first) <= set(range(8))
        state = engine.reset(MAZE, seeds, streams=streams(1, 50), levels=8)
        for _ in range(25):
            engine.step(MAZE, state, np.zeros(50, np.int64))
        assert set(state.level - first) <= set(range(8))
        assert len(set(state.level.tolist())) > 4


def test_time_limit_and_final_state():
    state = engine.reset(MAZE, [0, 1])
    for _ in range(MAZE.limit - 1):
        assert (
            engine.step(MAZE, state, np.array([1, 1])).final is None
        )  # downwards is the border: nothing moves
    before = engine.take(state, [0, 1])
    last = engine.step(MAZE, state, np.array([1, 1]))
    assert last.truncated.all()
    assert not last.terminated.any()
    assert last.ended.tolist() == [0, 1]
    assert last.final is not None
    assert np.array_equal(last.final.planes, before.planes)
    assert (last.final.clock == MAZE.limit).all()
    assert (state.clock == 0).all()
    assert (state.level != before.level).all()


def test_saved_states_go_on_exactly(tmp_path):
    from safetensors.numpy import load_file, save_file

    state, _ = play(MAZE, np.arange(3), np.ones((33, 3), np.int64) * 3)
    save_file(engine.dump_state(state), tmp_path / "state.safetensors")
    loaded = engine.load_state(load_file(tmp_path / "state.safetensors"))
    for key in range(40):
        actions = (streams(key, 3) % np.uint64(4)).astype(np.int64)
        engine.step(MAZE, state, actions)
        engine.step(MAZE, loaded, actions)
    assert same(state, loaded)


def test_broken_saves_are_refused():
    arrays = engine.dump_state(engine.reset(MAZE, [0]))
    with pytest.raises(BadInput, match="needs the array 'clock'"):
        engine.load_state({name: array for name, array in arrays.items() if name != "clock"})
    with pytest.raises(BadInput, match="'level' of a saved state is int32"):
        engine.load_state(arrays | {"level": arrays["level"].astype(np.int32)})


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        ([0, 4], "action 4 of instance 1 does not exist; there are: 0 up, 1 down, 2 left, 3 right"),
        ([-1, 0], "action -1 of instance 0"),
        ([0], "expected 2 whole numbers"),
        ([0.0, 1.0], "got float64"),
    ],
)
def test_wrong_actions_leave_the_state_as_it_was(actions, sentence):
    state = engine.reset(MAZE, [0, 1])
    before = engine.take(state, [0, 1])
    with pytest.raises(BadInput, match=sentence):
        engine.step(MAZE, state, np.array(actions))
    assert same(state, before)


def test_wrong_seeds_and_splits():
    for seeds in ([], [-1], [2**32], [0.5], [[1]]):
        with pytest.raises(BadInput, match="level seeds"):
            engine.reset(MAZE, seeds)
    with pytest.raises(BadInput, match="a split has"):
        engine.reset(MAZE, [0], levels=0)
    with pytest.raises(UnknownName, match="nearest valid one is 'train'"):
        engine.level_seeds("trian", streams(0, 1))
