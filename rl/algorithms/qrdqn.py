"""Quantile regression DQN [dabney2018] by sb3-contrib [raffin2021]."""

from dataclasses import dataclass

import torch
from sb3_contrib import QRDQN
from stable_baselines3.common.vec_env import VecEnv

from rl.algorithms import dqn, off_policy
from rl.algorithms.q_policy import QPolicy
from rl.algorithms.settings import setting


@dataclass(frozen=True)
class Settings(dqn.Settings):
    """What QR-DQN can be set to: what DQN can, and the number of quantiles."""

    quantiles: int = setting(25, "quantiles of the return that are learned for each action", least=2)


def make(settings: Settings, venv: VecEnv, *, network: str, seed: int) -> QRDQN:
    """QR-DQN on any VecEnv with image observations and discrete actions."""
    policy = {
        "network": network,
        "seed": seed,
        "quantiles": settings.quantiles,
        "optimizer_class": torch.optim.Adam,
        "optimizer_kwargs": {"fused": True, "eps": 0.01 / settings.batch},  # as in the paper
    }
    return QRDQN(QPolicy, venv, policy_kwargs=policy, **off_policy.options(settings, seed))  # type: ignore[arg-type]
