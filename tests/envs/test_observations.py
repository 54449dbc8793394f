"""Views: each against a slow, obvious construction."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, UnknownName
from envs import engine, observations, registry
from envs.checks import play
from envs.pictures.rendering import frame
from envs.pictures.seen import picture
from envs.randomness import streams
from envs.spec import Gauge, World
from envs.worlds import cheese

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


def pockets(**looks) -> World:
    """Cheese with things to hold that the rules never touch."""
    spec = replace(cheese.SPEC, counters=("coins", "keys"), **looks)
    return World(spec, cheese.Dials(size=5))


def test_what_is_held_is_seen_as_so_many_cells_and_icons():
    world = pockets(gauges=(Gauge("keys", "cheese"), Gauge("coins", "mouse")))
    state = engine.reset(world, [0, 1, 2])
    state.counters[:, 1], state.counters[:, 0] = (0, 2, 99), (3, 1, 0)
    for view in ("grid", "window:3", "flipped-window:7"):
        assert observations.channels(world, view)[-2:] == ("keys", "coins")
        seen = engine.observe(world, state, view)
        room = seen[0, 0].size
        assert seen[:, -2:].sum(axis=(2, 3)).tolist() == [[0, 3], [2, 1], [min(99, room), 0]]
    seen = engine.observe(world, state, "grid")
    assert seen[1, -2, 0].tolist() == [1, 1, 0, 0, 0]
    pictures = engine.observe(world, state, "rgb:8")
    assert pictures.shape == (3, 3, 48, 40)
    strip = pictures[1, :, :8].reshape(3, 8, 5, 8).transpose(2, 0, 1, 3)
    assert np.array_equal(strip[0], strip[1])
    assert not np.array_equal(strip[1], strip[2])
    assert np.array_equal(strip[3], strip[4])
    assert np.array_equal(picture(world, seen[1], "grid", cell=8), frame(world, state, 1, cell=8))


def test_what_no_view_shows():
    world = pockets(unseen=("cheese",), wall_shown=False)
    state = engine.reset(world, [0])
    assert observations.channels(world, "grid") == ("agent",)
    assert observations.channels(world, "window") == ("wall",)
    assert np.array_equal(engine.observe(world, state, "grid")[0], state.planes[0, 1:2])
    bare = engine.take(state, [0])
    bare.planes[:, 2] = 0
    for view in ("grid", "window", "rgb"):
        assert np.array_equal(engine.observe(world, state, view), engine.observe(world, bare, view))


@pytest.mark.parametrize("view", ["grid", "window:7", "rgb"])
def test_flipped_views_are_upside_down(view):
    state, _ = play(MAZE, np.arange(5), (streams(0, 100) % np.uint64(4)).reshape(20, 5).astype(np.int64))
    seen, flipped = engine.observe(MAZE, state, view), engine.observe(MAZE, state, f"flipped-{view}")
    assert np.array_equal(flipped, seen[:, :, ::-1])
    if view != "rgb":
        assert np.array_equal(picture(MAZE, flipped[0], f"flipped-{view}"), picture(MAZE, seen[0], view))


def test_a_world_may_say_how_large_its_window_is():
    assert str(observations.parse_view(pockets(window=11), "window")) == "window:11"
