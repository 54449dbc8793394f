"""What a state's hash depends on, in every world."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.artifacts import read_tensors, write_tensors
from envs import engine, registry
from envs.checks import play, same
from envs.randomness import streams
from envs.state import State, blank, hashes, take

IDS = sorted(registry.IDS)


def reached(identifier: str, seed: int, steps: int, n: int = 4):
    """A world and the state after some random steps."""
    name, dials = registry.IDS[identifier]
    world = registry.world(name, **dials)
    actions = streams(seed, steps * n).reshape(steps, n) % np.uint64(len(world.actions))
    return world, play(world, np.arange(seed, seed + n), actions.astype(np.int64))[0]


@pytest.mark.parametrize("identifier", IDS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31), steps=st.integers(0, 40))
def test_a_hash_belongs_to_the_instance_not_to_the_batch(identifier, seed, steps):
    _, state = reached(identifier, seed, steps)
    order = [2, 0, 3, 1, 2]
    assert hashes(take(state, order)) == [hashes(state)[i] for i in order]
    assert hashes(take(state, [3])) == hashes(state)[3:]
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in hashes(state))
    strided = State(*(np.repeat(array, 2, axis=0)[::2] for array in state))
    assert hashes(strided) == hashes(state)


@pytest.mark.parametrize("identifier", IDS)
@pytest.mark.parametrize("field", State._fields)
def test_every_number_of_a_field_counts_but_for_the_tally(identifier, field):
    _, state = reached(identifier, 3, 9, n=2)
    size = getattr(state, field)[1].size
    if not size:
        pytest.skip(f"this world has no {field}")
    for k in {0, size // 2, size - 1}:
        changed = take(state, slice(None))
        getattr(changed, field)[1:].reshape(-1)[k] ^= 1
        assert hashes(changed)[0] == hashes(state)[0]
        assert (hashes(changed)[1] == hashes(state)[1]) == (field == "tally")


@pytest.mark.parametrize("identifier", IDS)
def test_equal_hashes_play_on_alike_whatever_the_tally(identifier):
    world, state = reached(identifier, 5, 20)
    other = take(state, slice(None))
    other.tally[:] += 3
    for row in streams(8, 200).reshape(50, 4) % np.uint64(len(world.actions)):
        assert hashes(state) == hashes(other)
        one, two = (engine.step(world, s, row.astype(np.int64)) for s in (state, other))
        assert np.array_equal(one.events, two.events)
        assert np.array_equal(one.ended, two.ended)


def test_levels_differ_and_so_do_their_hashes():
    for identifier in IDS:
        _, state = reached(identifier, 0, 0, n=300)
        assert len(set(hashes(state))) == 300


def test_the_same_bytes_in_another_form_are_another_state():
    one, other = (blank(1, shape, counters=0, events=0) for shape in ((3, 4, 6), (3, 6, 4)))
    assert hashes(one) != hashes(other)


def test_a_hash_is_the_same_everywhere():
    """A value of this world and seed: it must never change, on any machine."""
    state = engine.reset(registry.world("cheese", size=5), [7])
    assert hashes(state) == ["1343aa700e74d321ef7e6c3ed60142a2"]
    swapped = State(*(array.astype(array.dtype.newbyteorder(">")) for array in state))
    assert hashes(swapped) == hashes(state)


@pytest.mark.parametrize("identifier", IDS)
def test_several_states_in_one_file(identifier, tmp_path):
    _, state = reached(identifier, 11, 15)
    write_tensors(tmp_path / "states.safetensors", engine.dump_state(state))
    arrays = {name: array.numpy() for name, array in read_tensors(tmp_path / "states.safetensors").items()}
    assert same(engine.load_state(arrays), state)
