"""What is shown again is what was seen; an agent's activations go into a store and their rows back to states."""

import numpy as np
import pytest
import torch

from core.activations import capture
from core.errors import BadInput
from core.store import Images, collect
from envs import engine
from envs.observations import observation_shape
from envs.registry import world
from rl.agents import as_subject, see
from rl.concepts import labels
from rl.networks import build
from rl.observations import Observations
from rl.rollouts import level_seeds, play


@pytest.fixture(scope="module")
def maze():
    return world("cheese", size=7, limit=15)


@pytest.fixture(scope="module")
def agent(maze):
    net = build("mlp", shape=observation_shape(maze, "grid"), actions=4, seed=0)
    return as_subject(net, maze, view="grid", name="fresh")


@pytest.fixture(scope="module")
def seen(maze, agent):
    return Observations(maze, play(agent, maze, level_seeds(6, split="test", seed=0), view="grid"), "grid")


def test_observations_are_those_of_the_episodes_step_by_step(maze, seen):
    assert isinstance(seen, Images)
    whole = torch.cat(list(seen.batches(10)))
    assert len(whole) == len(seen) == seen.episodes.length.sum()
    starts = np.concatenate([[0], np.cumsum(seen.episodes.length)[:-1]])
    assert torch.equal(whole[starts], see(maze, engine.reset(maze, seen.episodes.levels), "grid"))
    episode, step = seen.step_of(np.arange(len(seen)))
    states = seen.states(np.arange(len(seen)))
    assert np.array_equal(states.agent, seen.episodes.positions[episode, step])
    assert torch.equal(see(maze, states, "grid"), whole)


@pytest.mark.parametrize("start", [0, 1, 14, 15, 16, 44])
def test_batches_go_on_from_anywhere(seen, start):
    whole = torch.cat(list(seen.batches(10)))
    parts = list(seen.batches(7, start=start))
    assert torch.equal(torch.cat(parts), whole[start:])
    assert {len(part) for part in parts[:-1]} <= {7}
    assert torch.equal(torch.stack(list(seen.at([start, 3]))), whole[[start, 3]])


def test_an_agents_activations_go_into_a_store_and_back_to_what_it_saw(maze, agent, seen, tmp_path):
    layer = next(name for name, info in agent.layers.items() if info.kind == "Linear")
    store = collect(agent, seen, [layer], tmp_path / "s", batch_size=16)[layer]
    assert len(store) == len(seen)
    some = np.array([len(seen) - 1, 0, 20])
    shown = torch.stack(list(seen.at(store.origin(some).image.tolist())))
    assert torch.allclose(store.rows(some), capture(agent, shown, [layer])[layer], atol=1e-5)
    assert labels(maze, seen.states(some), ["agent row"])["agent row"].shape == (3,)


def test_an_observation_that_is_not_there_is_one_sentence(seen):
    with pytest.raises(BadInput, match=f"observations 0 to {len(seen) - 1}; got 3 to {len(seen)}"):
        seen.step_of(np.array([3, len(seen)]))
