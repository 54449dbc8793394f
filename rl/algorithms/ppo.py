"""Proximal policy optimisation [schulman2017] by stable-baselines3 [raffin2021]."""

from dataclasses import dataclass
from typing import Any

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from core.errors import BadInput
from rl.algorithms.on_policy import on_policy
from rl.algorithms.settings import setting

LOSSES = ("train/value_loss", "train/policy_gradient_loss", "train/entropy_loss")


@dataclass(frozen=True)
class Settings:
    """What PPO can be set to."""

    n_envs: int = setting(256, "levels played side by side", least=1)
    rollout: int = setting(32, "steps of each level between two updates", least=2)
    batch: int = setting(1024, "transitions in one gradient step", least=2)
    epochs: int = setting(3, "passes over each rollout", least=1)
    learning_rate: float = setting(1e-3, "Adam's step size", above=0, up_to=1)
    gamma: float = setting(0.97, "discount a step", above=0, up_to=1)
    gae_lambda: float = setting(0.95, "decay of generalised advantage estimation", above=0, up_to=1)
    clip: float = setting(0.2, "how far the policy may move in one update", above=0, up_to=1)
    reward_scale: float = setting(
        1.0, "what rewards are multiplied by before they are learned from", above=0, up_to=1000
    )
    entropy: float = setting(0.01, "weight of the entropy bonus", least=0)
    value_weight: float = setting(0.5, "weight of the value loss", least=0)
    gradient_norm: float = setting(0.5, "gradients are scaled down to this length", above=0)


def check(settings: Any) -> None:
    """Raise BadInput where a minibatch would be larger than the rollout that it is drawn from."""
    whole = settings.n_envs * settings.rollout
    if settings.batch > whole:
        raise BadInput(
            f"training setting 'batch' is {settings.batch}, more than one rollout of {settings.n_envs} x "
            f"{settings.rollout} = {whole} transitions; expected at most that"
        )


def updates(settings: Settings) -> dict[str, Any]:
    """What SB3's PPO is told of its updates, besides ``on_policy.options``."""
    return {"batch_size": settings.batch, "n_epochs": settings.epochs, "clip_range": settings.clip}


def make(settings: Settings, venv: VecEnv, *, network: str, seed: int) -> PPO:
    """PPO on any VecEnv with image observations and discrete actions."""
    policy = {"network": network, "optimizer_kwargs": {"eps": 1e-5, "fused": True}}
    return on_policy(PPO, settings, venv, policy=policy, seed=seed, **updates(settings))
