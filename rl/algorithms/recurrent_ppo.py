"""Proximal policy optimisation of a network with a memory, by sb3-contrib's RecurrentPPO [schulman2017; raffin2021]."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvStepReturn, VecEnvWrapper

from rl.algorithms import on_policy, ppo
from rl.algorithms.algorithm import Kept
from rl.algorithms.memory_policy import MemoryPolicy
from rl.algorithms.settings import setting

LOSSES = ppo.LOSSES


@dataclass(frozen=True)
class Settings(ppo.Settings):
    """What recurrent PPO can be set to: what PPO can. Gradients reach back to the beginning of a rollout."""

    n_envs: int = setting(64, "levels played side by side", least=1)
    batch: int = setting(512, "transitions in one gradient step", least=2)


class ScaledRewards(VecEnvWrapper):
    """Rewards times ``scale``: before sb3-contrib adds to them what truncated episodes were worth."""

    def __init__(self, venv: VecEnv, scale: float) -> None:
        super().__init__(venv)
        self.scale = np.float32(scale)

    def reset(self) -> np.ndarray:
        return self.venv.reset()  # type: ignore[return-value]

    def step_wait(self) -> VecEnvStepReturn:
        seen, rewards, dones, infos = self.venv.step_wait()
        return seen, rewards * self.scale, dones, infos


def make(settings: Settings, venv: VecEnv, *, network: str, seed: int) -> RecurrentPPO:
    """RecurrentPPO on any VecEnv with image observations and discrete actions; the network must have a memory."""
    return RecurrentPPO(
        MemoryPolicy,
        ScaledRewards(venv, settings.reward_scale),
        policy_kwargs={"network": network, "seed": seed, "optimizer_kwargs": {"eps": 1e-5, "fused": True}},
        **on_policy.options(settings, seed),
        **ppo.updates(settings),
    )


@contextmanager
def keep(model: RecurrentPPO, folder: Path) -> Iterator[Kept]:
    """Between two rollouts there is also what every level's agent remembers."""
    said, cells = cast(RNNStates, model._last_lstm_states).pi
    with on_policy.keep(model, folder) as kept:
        yield Kept({**kept.tensors, "memory.said": said, "memory.cells": cells}, kept.numbers)


def recall(model: RecurrentPPO, folder: Path, kept: Kept) -> None:
    """Undo ``keep``."""
    on_policy.recall(model, folder, kept)
    memory = (kept.tensors["memory.said"], kept.tensors["memory.cells"])
    model._last_lstm_states = RNNStates(memory, memory)  # type: ignore[assignment]
