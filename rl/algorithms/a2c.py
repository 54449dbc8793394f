"""Advantage actor-critic [mnih2016] by stable-baselines3 [raffin2021]."""

from dataclasses import dataclass

from stable_baselines3 import A2C
from stable_baselines3.common.vec_env import VecEnv

from rl.algorithms.on_policy import on_policy
from rl.algorithms.settings import setting

LOSSES = ("train/value_loss", "train/policy_loss", "train/entropy_loss")


@dataclass(frozen=True)
class Settings:
    """What A2C can be set to."""

    n_envs: int = setting(64, "levels played side by side", least=1)
    rollout: int = setting(8, "steps of each level between two updates", least=2)
    learning_rate: float = setting(2e-3, "RMSprop's step size", above=0, up_to=1)
    gamma: float = setting(0.97, "discount a step", above=0, up_to=1)
    gae_lambda: float = setting(0.95, "decay of generalised advantage estimation", above=0, up_to=1)
    reward_scale: float = setting(
        1.0, "what rewards are multiplied by before they are learned from", above=0, up_to=1000
    )
    entropy: float = setting(0.01, "weight of the entropy bonus", least=0)
    value_weight: float = setting(0.5, "weight of the value loss", least=0)
    gradient_norm: float = setting(0.5, "gradients are scaled down to this length", above=0)


def make(settings: Settings, venv: VecEnv, *, network: str, seed: int) -> A2C:
    """A2C on any VecEnv with image observations and discrete actions."""
    return on_policy(A2C, settings, venv, policy={"network": network}, seed=seed)
