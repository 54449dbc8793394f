"""Recurrent PPO: answers as sb3-contrib's own policy, learns, and plays as it learned."""

import dataclasses

import gymnasium
import numpy as np
import pytest
import torch
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from sb3_contrib.ppo_recurrent import MlpLstmPolicy
from torch import nn

from core.errors import BadInput
from envs import engine
from envs.registry import world
from envs.vector import make_vec
from rl.acting import answering
from rl.agents import as_subject, load, see
from rl.algorithms.memory_policy import MemoryPolicy
from rl.configuring import configured
from rl.networks.heads import answers
from rl.networks.lstm import CELLS, Remembering
from rl.rollouts import level_seeds, play
from rl.training import TrainConfig, checked, make_model, train

SPACE = gymnasium.spaces.Box(0, 1, (2, 9, 9), np.float32)
ACTIONS = gymnasium.spaces.Discrete(4)
TINY = TrainConfig(
    dials={"size": 5, "rand_region": 3, "limit": 20},
    network="mlp-lstm",
    algorithm="recurrent-ppo",
    steps=1536,
    settings={"n_envs": 16, "rollout": 16, "batch": 64},
    seed=3,
    snapshots="log:2",
    watched_levels=16,
    checkpoint_seconds=0.0,
)


class Flat(nn.Module):
    """A body that only flattens, as sb3-contrib's own policy does before its LSTM."""

    width = 162

    def __init__(self, shape, outputs):
        super().__init__()

    def known(self, seen):
        return seen.flatten(1)


def random_weights(module):
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3, generator=generator)


@pytest.fixture(scope="module")
def both():
    """Our policy and sb3-contrib's own, of the same weights."""
    mine = MemoryPolicy(SPACE, ACTIONS, lambda _: 1e-3, network="mlp-lstm", seed=0)
    mine.network = Remembering(Flat, (2, 9, 9), {"policy": (4,), "value": (1,)})
    random_weights(mine.network)
    theirs = MlpLstmPolicy(
        SPACE, ACTIONS, lambda _: 1e-3,
        net_arch=[], lstm_hidden_size=CELLS, shared_lstm=True, enable_critic_lstm=False,
    )  # fmt: skip
    theirs.lstm_actor.load_state_dict(mine.network.lstm.state_dict())
    theirs.action_net.load_state_dict(mine.network.policy.state_dict())
    theirs.value_net.load_state_dict(mine.network.value.state_dict())
    return mine, theirs


def test_it_answers_as_sb3s_own_policy_step_by_step_and_over_sequences(both):
    mine, theirs = both
    rng = torch.Generator().manual_seed(1)
    seen = torch.rand(6, 5, 2, 9, 9, generator=rng)  # 6 steps of 5 levels
    starts = (torch.rand(6, 5, generator=rng) < 0.3).float()
    first = (torch.randn(1, 5, CELLS, generator=rng), torch.randn(1, 5, CELLS, generator=rng))
    states, wanted = RNNStates(first, first), RNNStates(first, first)
    with torch.no_grad():
        for now, begins in zip(seen, starts, strict=True):
            actions, values, logs, states = mine(now, states, begins, deterministic=True)
            best, worth, likely, wanted = theirs(now, wanted, begins, deterministic=True)
            assert torch.equal(actions, best)
            torch.testing.assert_close((values, logs, states.pi), (worth, likely, wanted.pi))
            torch.testing.assert_close(
                mine.predict_values(now, first, begins), theirs.predict_values(now, first, begins)
            )
        sequences = seen.swapaxes(0, 1).flatten(0, 1)  # as the buffer hands them over: level by level
        begins = torch.zeros(5, 6)
        begins[[0, 3], 0] = 1
        actions = torch.randint(0, 4, (30,), generator=rng)
        ours = mine.evaluate_actions(sequences, actions, RNNStates(first, first), begins.flatten())
        others = theirs.evaluate_actions(sequences, actions, RNNStates(first, first), begins.flatten())
        torch.testing.assert_close(ours, others)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    torch.set_num_threads(1)
    return train(TINY, tmp_path_factory.mktemp("agents") / "unbroken").path


def test_played_by_us_it_answers_as_the_model_that_was_trained(unbroken):
    maze = world("cheese", **TINY.dials)
    policy = make_model(TINY, make_vec(maze, 16, seed=0)).policy
    policy.network.load_state_dict(load(unbroken).module.state_dict())
    random_weights(policy.network)  # so that what is remembered makes a difference
    subject = as_subject(policy.network, maze, view="window", name="played")
    state, answer = engine.reset(maze, range(40)), answering(subject, 40)
    alive, cells, memory_mattered = np.arange(40), None, 0.0
    starts = np.ones(40, bool)
    while len(alive):
        seen = see(maze, state, "window")
        with torch.no_grad():
            ours = answer(seen, torch.from_numpy(alive))["policy"]
            forgetful = policy.network(seen)["policy"]
        if cells is None:
            cells = tuple(torch.zeros(1, 40, CELLS) for _ in range(2))
        with torch.no_grad():
            now = tuple(part[:, alive] for part in cells)
            theirs, after = policy.get_distribution(seen, now, torch.from_numpy(starts[alive]).float())
        for part, new in zip(cells, after, strict=True):
            part[:, alive] = new
        starts[:] = False
        torch.testing.assert_close(ours.log_softmax(1), theirs.distribution.logits)
        memory_mattered = max(memory_mattered, float((ours - forgetful).abs().max()))
        played = engine.step(maze, state, ours.argmax(1).numpy())
        going = np.flatnonzero(~(played.terminated | played.truncated))
        alive, state = alive[going], engine.take(state, going)
    assert memory_mattered > 0.1


def test_who_forgets_plays_otherwise(unbroken):
    maze = world("cheese", **TINY.dials)
    network = load(unbroken).module
    random_weights(network)
    remembering = as_subject(network, maze, view="window", name="remembering")
    forgetting = as_subject(network, maze, view="window", name="forgetting")
    forgetting.module.memory = None
    levels = level_seeds(30, split="test", seed=0)
    one, other = (play(agent, maze, levels, greedy=True).actions for agent in (remembering, forgetting))
    assert (one[:, 0] == other[:, 0]).all()  # nobody remembers anything yet
    assert one.shape != other.shape or (one != other).any()


def test_snapshots_open(unbroken):
    assert load(unbroken, snapshot=0).fingerprint != load(unbroken).fingerprint
    assert load(unbroken, snapshot=1536).fingerprint == load(unbroken).fingerprint


@pytest.mark.slow
def test_it_learns_small_mazes(tmp_path):
    config = dataclasses.replace(TINY, steps=30_000, settings={}, snapshots="log:1", watched_levels=200)
    curve = train(config, tmp_path / "learner").curve
    assert curve[0]["heldout_goal"] < 0.8
    assert curve[-1]["heldout_goal"] > 0.95


def test_networks_and_algorithms_that_do_not_go_together_are_refused():
    with pytest.raises(
        BadInput, match=r"'recurrent-ppo' trains networks with a memory.* expected 'mlp-lstm'"
    ):
        checked(dataclasses.replace(TINY, network="mlp"))
    with pytest.raises(BadInput, match=r"'ppo' trains networks without a memory.* has one; expected 'mlp'"):
        checked(dataclasses.replace(TINY, algorithm="ppo"))


def test_a_preset_of_another_algorithm_gets_a_memory():
    found = configured("cheese-corner", world="cheese", dials={}, settings={}, algorithm="recurrent-ppo")
    assert found.network == "small-conv-lstm"
    assert checked(found)


def test_rewards_are_scaled_before_they_are_learned_from():
    learned = []
    for scale in (1.0, 0.25):
        config = dataclasses.replace(TINY, settings={**TINY.settings, "reward_scale": scale})
        model = make_model(config, make_vec(world("cheese", **TINY.dials), 16, seed=0))
        torch.manual_seed(0)
        model.learn(256)
        learned.append(model.rollout_buffer.rewards)
    whole = learned[0] == 1
    assert whole.any()
    assert (learned[1][whole] == 0.25).all()


def test_heads_read_what_the_lstm_says(both):
    mine, _ = both
    seen = torch.rand(3, 2, 9, 9)
    said = mine.network(seen)
    torch.testing.assert_close(answers(mine.network, said["memory"][:, 0])["policy"], said["policy"])
