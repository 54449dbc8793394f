"""Deep Q-networks [mnih2015] by stable-baselines3 [raffin2021]."""

from dataclasses import dataclass
from typing import Any

from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import VecEnv

from core.errors import BadInput
from rl.algorithms import off_policy
from rl.algorithms.q_policy import QPolicy
from rl.algorithms.settings import setting

LOSSES = ("train/loss",)


@dataclass(frozen=True)
class Settings:
    """What DQN can be set to."""

    n_envs: int = setting(64, "levels played side by side", least=1)
    rollout: int = setting(4, "steps of each level between two updates", least=1)
    gradient_steps: int = setting(4, "gradient steps in one update", least=1)
    batch: int = setting(256, "transitions in one gradient step", least=2)
    buffer: int = setting(50_000, "transitions that are remembered", least=2)
    learning_starts: int = setting(5_000, "steps of random play before the first update", least=1)
    learning_rate: float = setting(1e-3, "Adam's step size", above=0, up_to=1)
    gamma: float = setting(0.97, "discount a step", above=0, up_to=1)
    n_steps: int = setting(5, "steps of reward before the target network's value takes over", least=1)
    target_every: int = setting(2_000, "steps after which the target network becomes the network", least=1)
    explore_first: float = setting(1.0, "share of random actions in the beginning", least=0, up_to=1)
    explore_last: float = setting(0.05, "share of random actions later on", least=0, up_to=1)
    explore_share: float = setting(
        0.5, "share of the training in which the first becomes the second", above=0, up_to=1
    )
    reward_scale: float = setting(
        1.0, "what rewards are multiplied by before they are learned from", above=0, up_to=1000
    )
    gradient_norm: float = setting(10.0, "gradients are scaled down to this length", above=0)


def check(settings: Any) -> None:
    """Raise BadInput where the buffer would not hold one step of every level and the next."""
    if settings.buffer < 2 * settings.n_envs:
        raise BadInput(
            f"training setting 'buffer' is {settings.buffer}; expected at least 2 steps of each of the "
            f"{settings.n_envs} levels, {2 * settings.n_envs} transitions"
        )


def make(settings: Settings, venv: VecEnv, *, network: str, seed: int) -> DQN:
    """DQN on any VecEnv with image observations and discrete actions."""
    policy = {"network": network, "seed": seed, "optimizer_kwargs": {"fused": True}}
    return DQN(QPolicy, venv, policy_kwargs=policy, **off_policy.options(settings, seed))  # type: ignore[arg-type]
