"""States: independent ones, and those met in play."""

import numpy as np
import pytest

from core.errors import BadInput
from envs.registry import world
from envs.state import hashes, take
from rl.agents import as_subject, see
from rl.concepts import met_states, sampled_states, varied
from rl.episodes import replay, trajectory
from rl.networks import build
from rl.rollouts import level_seeds, play, play_policy


@pytest.mark.parametrize("name", ["cheese", "monster", "tree"])
def test_met_states_are_those_of_the_play(name):
    one = varied(world(name, size=7) if name == "cheese" else world(name))
    state, level = met_states(None, one, 33, seed=2, each=4)
    assert len(state.clock) == len(level) == 33
    played = play_policy(one, level_seeds(9, split="test", seed=2), "random", seed=2, steps=300)
    for k, seed in enumerate(dict.fromkeys(level.tolist())):
        whole = replay(one, trajectory(played, k))
        rows = np.flatnonzero(level == seed)
        assert len(rows) <= 4
        assert (np.diff(state.clock[rows]) > 0).all()
        wanted = take(whole, state.clock[rows])
        assert hashes(take(state, rows)) == hashes(wanted)


def test_an_agents_own_states_are_met_and_short_episodes_give_what_they_have():
    one = world("cheese", size=7, limit=3)
    network = build("mlp", shape=(2, 9, 9), actions=4, seed=0)
    agent = as_subject(network, one, view="window", name="fresh")
    state, level = met_states(agent, one, 20, view="window", seed=1)
    assert len(state.clock) == 20
    assert set(np.unique(level, return_counts=True)[1].tolist()) <= {1, 2, 3}
    assert set(state.clock.tolist()) == {0, 1, 2}
    played = play(agent, one, level_seeds(8, split="test", seed=1), view="window", seed=1)
    np.testing.assert_array_equal(state.agent[:3], [played.positions[0, t] for t in state.clock[:3]])
    assert see(one, state, "window").shape[0] == 20


def test_levels_are_held_out_and_the_same_seed_meets_the_same():
    one = world("cheese", size=7)
    first, level = met_states(None, one, 50, seed=3)
    again, _ = met_states(None, one, 50, seed=3)
    assert hashes(first) == hashes(again)
    assert (level >= 2**31).all()


def test_fresh_states_are_as_levels_begin():
    one = varied(world("monster"))
    state = sampled_states(one, 50, seed=0, fresh=True)
    assert (state.counters == 0).all()
    assert (state.planes[:, 2].sum((1, 2)) == 5).all()


@pytest.mark.parametrize("n", [0, -1])
def test_no_state_is_refused(n):
    with pytest.raises(BadInput, match="at least one state"):
        met_states(None, world("cheese"), n, seed=0)
