"""Our policy and buffer give what stable-baselines3's own give."""

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.distributions import CategoricalDistribution

from rl.algorithms.actor_critic import NetworkPolicy
from rl.algorithms.rollout_buffer import LeanRolloutBuffer

SPACE = gymnasium.spaces.Box(0, 1, (2, 9, 9), np.uint8)
ACTIONS = gymnasium.spaces.Discrete(4)


def policy(space=SPACE):
    return NetworkPolicy(space, ACTIONS, lambda _: 1e-3, network="mlp", seed=0)


def test_log_probabilities_and_entropy_are_those_of_sb3s_distribution():
    mine, seen = policy(), torch.randint(0, 2, (32, 2, 9, 9), dtype=torch.uint8)
    actions, values, logs = mine(seen)
    theirs = CategoricalDistribution(4).proba_distribution(mine.network(seen.float())["policy"])
    torch.testing.assert_close(logs, theirs.log_prob(actions))
    again, relogs, entropy = mine.evaluate_actions(seen, actions)
    torch.testing.assert_close(relogs, theirs.log_prob(actions))
    torch.testing.assert_close(entropy, theirs.entropy())
    torch.testing.assert_close(again, values)
    torch.testing.assert_close(mine.predict_values(seen), values)
    assert torch.equal(mine(seen, deterministic=True)[0], theirs.mode())
    assert torch.equal(mine.get_distribution(seen).mode(), theirs.mode())


def test_actions_are_drawn_as_often_as_the_policy_says():
    mine = policy()
    torch.nn.init.normal_(mine.network.policy.weight, generator=torch.Generator().manual_seed(0))
    seen = torch.ones(1, 2, 9, 9, dtype=torch.uint8).expand(20_000, -1, -1, -1)
    torch.manual_seed(0)
    drawn = torch.bincount(mine(seen)[0], minlength=4) / len(seen)
    torch.testing.assert_close(
        drawn, mine.network(seen[:1].float())["policy"].softmax(1)[0], atol=0.02, rtol=0
    )


def test_pictures_are_scaled_to_one():
    pixels = gymnasium.spaces.Box(0, 255, (3, 16, 16), np.uint8)
    mine, seen = policy(pixels), torch.full((1, 3, 16, 16), 255, dtype=torch.uint8)
    torch.testing.assert_close(mine.predict_values(seen), mine.network(torch.ones(1, 3, 16, 16))["value"])


def fill(buffer, *, steps, envs):
    rng = np.random.default_rng(0)
    for _ in range(steps):
        buffer.add(
            rng.integers(0, 2, (envs, 2, 9, 9), np.uint8),
            rng.integers(0, 4, (envs, 1)),
            rng.random(envs).astype(np.float32),
            rng.random(envs) < 0.2,
            torch.from_numpy(rng.random((envs, 1)).astype(np.float32)),
            torch.from_numpy(rng.random(envs).astype(np.float32)),
        )


def test_advantages_and_minibatches_are_those_of_sb3s_buffer():
    options = {"device": "cpu", "gamma": 0.9, "gae_lambda": 0.8, "n_envs": 3}
    mine = LeanRolloutBuffer(5, SPACE, ACTIONS, truncations=list, **options)
    theirs = RolloutBuffer(5, SPACE, ACTIONS, **options)
    for _ in range(2):  # a second rollout writes over the first
        for buffer in (mine, theirs):
            buffer.reset()
            fill(buffer, steps=5, envs=3)
            buffer.compute_returns_and_advantage(
                torch.tensor([[0.1], [0.2], [0.3]]), np.array([True, False, False])
            )
        np.testing.assert_array_equal(mine.advantages, theirs.advantages)
        np.testing.assert_array_equal(mine.returns, theirs.returns)
    rows = {
        float(r): (a, o.sum())
        for b in mine.get(4)
        for r, a, o in zip(b.returns, b.actions, b.observations, strict=True)
    }
    batch = next(theirs.get(None))
    for r, a, o in zip(batch.returns, batch.actions, batch.observations, strict=True):
        assert rows[float(r)] == (int(a), o.sum())
    assert len(rows) == 15


def test_a_truncated_episode_is_bootstrapped_by_the_value_of_its_last_view():
    cut = [[], [(1, np.full((2, 9, 9), 7, np.uint8))], []]
    mine = LeanRolloutBuffer(
        3, SPACE, ACTIONS, truncations=lambda: cut.pop(0), device="cpu", gamma=0.5, gae_lambda=1.0, n_envs=2
    )
    mine.value_of = lambda seen: seen.float().mean((1, 2, 3))[:, None]
    zeros = torch.zeros(2)
    for step in range(3):
        mine.add(
            np.zeros((2, 2, 9, 9), np.uint8),
            np.zeros(2, int),
            np.zeros(2),
            np.full(2, step == 2),
            zeros,
            zeros,
        )
    mine.compute_returns_and_advantage(zeros, np.zeros(2, bool))
    assert mine.returns[:, 1].tolist() == pytest.approx([0.5 * 0.5 * 7, 0.5 * 7, 0])
    assert not mine.returns[:, 0].any()
