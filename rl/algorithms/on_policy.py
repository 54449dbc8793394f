"""What PPO and A2C have in common: how they are made around one of our networks, and what a checkpoint keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from rl.algorithms.actor_critic import NetworkPolicy
from rl.algorithms.algorithm import Kept
from rl.algorithms.rollout_buffer import LeanRolloutBuffer, TruncationsAside

A = TypeVar("A", bound=OnPolicyAlgorithm)


def options(settings: Any, seed: int) -> dict[str, Any]:
    """What SB3's actor-critics are all told."""
    return {
        "learning_rate": settings.learning_rate,
        "n_steps": settings.rollout,
        "gamma": settings.gamma,
        "gae_lambda": settings.gae_lambda,
        "ent_coef": settings.entropy,
        "vf_coef": settings.value_weight,
        "max_grad_norm": settings.gradient_norm,
        "seed": seed,
        "device": "cpu",
    }


def on_policy(
    kind: type[A], settings: Any, venv: VecEnv, *, policy: dict[str, Any], seed: int, **more: Any
) -> A:
    """A model of that kind with our policy and buffer, and ``more`` options of its own."""
    aside = TruncationsAside(venv)
    model = kind(
        NetworkPolicy,
        aside,
        rollout_buffer_class=LeanRolloutBuffer,
        rollout_buffer_kwargs={"truncations": aside.take, "reward_scale": settings.reward_scale},
        policy_kwargs={"seed": seed, **policy},
        **options(settings, seed),
        **more,
    )
    model.rollout_buffer.value_of = model.policy.predict_values  # type: ignore[attr-defined]
    return model


@contextmanager
def keep(model: OnPolicyAlgorithm, folder: Path) -> Iterator[Kept]:
    """Between two rollouts there is only which levels have just begun."""
    yield Kept({"episode_starts": torch.as_tensor(model._last_episode_starts)})


def recall(model: OnPolicyAlgorithm, folder: Path, kept: Kept) -> None:
    """Undo ``keep``."""
    model._last_episode_starts = kept.tensors["episode_starts"].numpy()
