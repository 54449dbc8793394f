"""Whatever is not finite stops training, by every algorithm, with the step, the cause and what to try."""

import dataclasses

import numpy as np
import pytest
import torch

from core.errors import NotFinite
from core.runs import read_manifest
from envs.registry import world
from envs.sb3 import WorldVecEnv
from rl import training
from rl.agents import POLICY
from rl.algorithms.algorithm import network_of
from rl.finite import check_rollout, check_step, check_update
from rl.training import TrainConfig, make_model, train

SETTINGS = {
    "ppo": {"n_envs": 8, "rollout": 8, "batch": 32},
    "a2c": {"n_envs": 8, "rollout": 8},
    "dqn": {"n_envs": 8, "rollout": 8, "batch": 16, "learning_starts": 64, "buffer": 512},
    "qrdqn": {"n_envs": 8, "rollout": 8, "batch": 16, "learning_starts": 64, "buffer": 512, "quantiles": 5},
}


def config(algorithm, **settings):
    return TrainConfig(
        dials={"size": 5, "limit": 20},
        network="mlp",
        algorithm=algorithm,
        steps=2048,
        settings=SETTINGS[algorithm] | settings,
        snapshots="log:1",
        watched_levels=4,
    )


def stopped(one, out, match):
    with pytest.raises(NotFinite, match=match) as caught:
        train(one, out)
    assert read_manifest(out)["state"] == "stopped"
    assert "training stopped at step" in read_manifest(out)["why"]
    assert not (out / POLICY).exists()
    return str(caught.value)


def spoiled(monkeypatch, spoil, *, after=20):
    """From a step on the world answers with what ``spoil(seen, rewards)`` makes of its answer."""
    honest, steps = WorldVecEnv.step_wait, []

    def step_wait(self):
        steps.append(0)
        seen, rewards, dones, infos = honest(self)
        return (*(spoil(seen, rewards) if len(steps) > after else (seen, rewards)), dones, infos)

    monkeypatch.setattr(WorldVecEnv, "step_wait", step_wait)


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_a_reward_is_named_with_its_instance(monkeypatch, tmp_path, algorithm):
    def spoil(seen, rewards):
        rewards[3] = np.nan
        return seen, rewards

    spoiled(monkeypatch, spoil)
    stopped(
        config(algorithm), tmp_path / "a", "stopped at step 168: world 'cheese' gave reward nan in instance 3"
    )


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_an_observation_is_named_with_its_channel(monkeypatch, tmp_path, algorithm):
    def spoil(seen, rewards):
        seen = seen.astype(np.float32)
        seen[2, 1, 0, 0] = np.inf
        return seen, rewards

    spoiled(monkeypatch, spoil)
    stopped(
        config(algorithm), tmp_path / "a", "step 168: world 'cheese' showed inf in channel 1 of instance 2"
    )


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_rewards_too_large_to_learn_from_are_blamed(monkeypatch, tmp_path, algorithm):
    spoiled(monkeypatch, lambda seen, rewards: (seen, rewards + np.float32(1e38)))
    said = stopped(
        config(algorithm), tmp_path / "a", r"stopped at step [\d,]+: the .* (is|are) (nan|inf|not)"
    )
    assert "rewards were as large as 1e+38: a smaller reward_scale than 1 may help" in said


def test_a_loss_is_named_and_the_learning_rate_blamed(tmp_path):
    one = dataclasses.replace(config("ppo", value_weight=1e39), network="small-conv")
    said = stopped(one, tmp_path / "a", r"stopped at step [\d,]+: the value loss is nan")
    assert "weight 'conv.weight' of the network is not finite" in said
    assert said.endswith("a smaller learning_rate than 0.001 may help")


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_a_weight_is_named(monkeypatch, tmp_path, algorithm):
    def planted(config, venv):
        model = make_model(config, venv)
        with torch.no_grad():
            network_of(model).hidden2.bias[3] = torch.nan
        return model

    monkeypatch.setattr(training, "make_model", planted)
    stopped(config(algorithm), tmp_path / "a", "stopped at step 0: weight 'hidden2.bias' of the network")


def test_logits_that_overflow_from_finite_weights_are_named(monkeypatch, tmp_path):
    def planted(config, venv):
        model = make_model(config, venv)
        torch.nn.init.constant_(network_of(model).policy.weight, 3e38)
        torch.nn.init.constant_(network_of(model).hidden2.bias, 10.0)
        return model

    monkeypatch.setattr(training, "make_model", planted)
    monkeypatch.setattr(training.Watch, "look", lambda self: self.rows.append({"steps": self.num_timesteps}))
    stopped(config("ppo"), tmp_path / "a", "stopped at step 0: the policy's logits are not finite; a smaller")


def test_finite_numbers_pass():
    maze, seen = world("cheese"), np.zeros((2, 1, 3, 3), np.float32)
    assert check_step(1, maze, np.array([1.0, -5.0]), seen) == 5.0
    check_rollout(1, {"values": np.ones(3)}, "")
    check_update(1, {"train/loss": 0.5}, torch.nn.Linear(2, 2), "")
    with pytest.raises(NotFinite, match="the rollout's values are not finite; less"):
        check_rollout(1, {"values": np.array([np.inf])}, "less")
