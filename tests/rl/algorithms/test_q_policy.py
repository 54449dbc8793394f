"""DQN and QR-DQN learn with our policy and buffer what they learn with stable-baselines3's buffer."""

import gymnasium
import numpy as np
import pytest
import torch
from sb3_contrib import QRDQN
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import NStepReplayBuffer, ReplayBuffer

from envs.registry import world
from envs.vector import make_vec
from rl.algorithms import off_policy
from rl.algorithms.dqn import Settings
from rl.algorithms.q_policy import QPolicy

SPACE = gymnasium.spaces.Box(0, 1, (2, 5, 5), np.uint8)
ACTIONS = gymnasium.spaces.Discrete(4)
SEEN = torch.randint(0, 2, (32, 2, 5, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def policy(space=SPACE, **options):
    return QPolicy(space, ACTIONS, lambda _: 1e-3, network="mlp", seed=0, **options)


@pytest.mark.parametrize("quantiles", [None, 7])
def test_it_plays_what_is_worth_most(quantiles):
    mine = policy(quantiles=quantiles)
    worth = mine.network(SEEN.float())["q"]
    assert mine.predict(SEEN.numpy())[0].tolist() == worth.argmax(1).tolist()
    said = mine.quantile_net(SEEN)
    assert said.shape == ((32, 4) if quantiles is None else (32, 7, 4))
    torch.testing.assert_close(said if quantiles is None else said.mean(1), worth)
    torch.testing.assert_close(said, mine.q_net_target(SEEN))


def test_pictures_are_scaled_to_one():
    mine = policy(gymnasium.spaces.Box(0, 255, (2, 5, 5), np.uint8))
    torch.testing.assert_close(mine.q_net(SEEN * 255), mine.network(SEEN.float())["q"])


@pytest.mark.parametrize(
    ("kind", "steps", "theirs"),
    [(DQN, 1, ReplayBuffer), (DQN, 3, NStepReplayBuffer), (QRDQN, 1, ReplayBuffer)],
)
def test_training_is_that_with_sb3s_own_buffer(kind, steps, theirs):
    settings = Settings(
        n_envs=4, batch=16, learning_starts=40, buffer=4000, target_every=100, n_steps=steps, gamma=0.9
    )
    told = off_policy.options(settings, 0)
    own = {"n_steps": steps, "gamma": 0.9} if steps > 1 else {}
    weights = []
    for buffer in (told, told | {"replay_buffer_class": theirs, "replay_buffer_kwargs": own}):
        venv = make_vec(world("cheese", size=5, limit=10), 4, seed=0)
        seven = {"quantiles": 7} if kind is QRDQN else {}
        model = kind(QPolicy, venv, policy_kwargs={"network": "mlp", "seed": 0, **seven}, **buffer)
        np.random.seed(0)  # noqa: NPY002
        model.learn(400)
        weights.append(model.policy.state_dict())
    assert model._n_updates > 50
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], atol=1e-5, rtol=1e-4)
    fresh = policy(**({"quantiles": 7} if kind is QRDQN else {})).state_dict()
    assert not torch.equal(
        weights[0]["target.network.hidden1.weight"], fresh["target.network.hidden1.weight"]
    )
