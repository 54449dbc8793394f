"""Views: each against a slow, obvious construction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, UnknownName
from envs import engine, observations, registry
from envs.checks import play
from envs.randomness import streams
from envs.rendering import frame

MAZE = registry.world("cheese", size=9, rand_region=63, limit=50)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12).map(lambda k: 2 * k + 1), st.integers(0, 2**32 - 1))
def test_window_is_the_padded_grid_around_the_agent(side, seed):
    actions = (streams(seed, 90) % np.uint64(4)).reshape(30, 3).astype(np.int64)
    state, _ = play(MAZE, np.array([seed, 1, 2]), actions)
    seen = engine.observe(MAZE, state, f"window:{side}")
    for i, (y, x) in enumerate(state.agent):
        padded = [np.pad(state.planes[i, c], side, constant_values=int(c == 0)) for c in (0, 2)]
        corner = side - side // 2
        expected = np.stack([p[y + corner :, x + corner :][:side, :side] for p in padded])
        assert np.array_equal(seen[i], expected)


def test_default_window_sees_every_free_cell_from_everywhere():
    state, _ = play(MAZE, np.arange(40), (streams(0, 4000) % np.uint64(4)).reshape(100, 40).astype(np.int64))
    assert (engine.observe(MAZE, state, "window")[:, 1].sum(axis=(1, 2)) == 1).all()


def test_grid_is_the_planes_and_a_copy():
    state = engine.reset(MAZE, [0])
    seen = engine.observe(MAZE, state, "grid")
    assert np.array_equal(seen, state.planes)
    seen[:] = 9
    assert state.planes.max() == 1


def test_rgb_is_the_frame():
    state = engine.reset(MAZE, [3])
    seen = engine.observe(MAZE, state, "rgb:16")
    assert np.array_equal(seen[0].transpose(1, 2, 0), frame(MAZE, state, 0, cell=16))


def test_channels_name_what_is_seen():
    assert observations.channels(MAZE, "grid") == ("wall", "agent", "cheese")
    assert observations.channels(MAZE, "window:5") == ("wall", "cheese")
    assert observations.channels(MAZE, "rgb") == ("red", "green", "blue")


@pytest.mark.parametrize("view", ["window:4", "window:x", "window:1", "grid:3", "rgb:0", "window:1001"])
def test_impossible_views(view):
    with pytest.raises(BadInput, match="does not exist; expected"):
        observations.parse_view(MAZE, view)


def test_unknown_view_and_wrong_buffer():
    with pytest.raises(UnknownName, match="nearest valid one is 'window'"):
        observations.parse_view(MAZE, "windwo")
    with pytest.raises(BadInput, match="expected a contiguous uint8 array"):
        engine.observe(MAZE, engine.reset(MAZE, [0]), "grid", out=np.empty((1, 3, 9, 9), np.float32))
