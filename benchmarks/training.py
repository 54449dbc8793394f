"""PPO on our vector environment beside the same PPO on one that does nothing, and beside stable-baselines3's own."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn

from benchmarks.rows import Row, alternate
from envs.registry import world as make_world
from envs.vector import make_vec
from rl.algorithms import on_policy, ppo
from rl.networks import build
from rl.presets import PRESETS
from rl.training import TrainConfig, make_model, one_thread, settings_of

UPDATES, REPEATS = 6, 5
MEASURED = ("cheese-corner", "monster-25")
"""Presets: levels that end where the cheese is, and levels that are cut short all the time."""


class Null(VecEnv):
    """As many environments of the same spaces, in which nothing ever happens."""

    def __init__(self, like: VecEnv) -> None:
        super().__init__(like.num_envs, like.observation_space, like.action_space)
        shape = (like.num_envs, *(like.observation_space.shape or ()))
        self.seen = np.zeros(shape, like.observation_space.dtype)
        self.rewards, self.dones = np.zeros(like.num_envs, np.float32), np.zeros(like.num_envs, bool)
        self.infos: list[dict[str, Any]] = [{} for _ in range(like.num_envs)]

    def reset(self) -> np.ndarray:
        return self.seen

    def step_async(self, actions: np.ndarray) -> None:
        pass

    def step_wait(self) -> Any:
        return self.seen, self.rewards, self.dones, self.infos

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        pass

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        return [None] * self.num_envs

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs


class Trunk(BaseFeaturesExtractor):
    """One of our networks without its heads, as stable-baselines3's own policy takes it."""

    def __init__(self, observation_space: spaces.Box, network: str) -> None:
        shape: Any = observation_space.shape
        made: Any = build(network, shape=shape, actions=2)
        super().__init__(observation_space, made.policy.in_features)
        made.policy, made.value = nn.Identity(), nn.Identity()
        self.network = made

    def forward(self, observations: Tensor) -> Tensor:
        return self.network(observations)["policy"]


def ppo_vs_null() -> Row:
    """Steps per second of PPO, its updates included: the difference is what our world and its coat cost."""
    return _row(
        "ppo-vs-null",
        "the same SB3 PPO on an environment that does nothing",
        lambda config, venv: make_model(config, Null(venv)),
    )


def ppo_vs_stock() -> Row:
    """Steps per second of PPO on our vector environment, beside the same PPO made of stable-baselines3's own parts."""
    return _row(
        "ppo-vs-stock", "SB3 PPO with its own policy, rollout buffer and Adam around the same layers", stock
    )


def stock(config: TrainConfig, venv: VecEnv) -> PPO:
    """PPO as stable-baselines3 ships it, with the hyperparameters of ``config`` and the layers of its network."""
    settings = settings_of(config)
    return PPO(
        ActorCriticPolicy,
        venv,
        policy_kwargs={
            "features_extractor_class": Trunk,
            "features_extractor_kwargs": {"network": config.network},
            "net_arch": [],
        },
        **on_policy.options(settings, seed=0),
        **ppo.updates(settings),
    )


def _row(name: str, peer_name: str, make_peer: Callable[[TrainConfig, VecEnv], BaseAlgorithm]) -> Row:
    """Ours and the peer in both presets; the row's own figures are of the first."""
    rates = {preset: _rates(PRESETS[preset].config, make_peer) for preset in MEASURED}
    settings = settings_of(PRESETS[MEASURED[0]].config)
    said = "; ".join(
        f"{preset} ({PRESETS[preset].config.network}) {ours:,.0f} beside {peer:,.0f}: {ours / peer:.3f}"
        for preset, (ours, peer) in rates.items()
    )
    ours, peer = rates[MEASURED[0]]
    return Row(
        name=name,
        unit="steps/s",
        ours=ours,
        peer=peer,
        ratio=ours / peer,
        repeats=REPEATS,
        peer_name=peer_name,
        conditions=f"{settings.n_envs} environments, batch {settings.batch}, {settings.epochs} epochs; {said}",
    )


def _rates(
    config: TrainConfig, make_peer: Callable[[TrainConfig, VecEnv], BaseAlgorithm]
) -> tuple[float, ...]:
    settings = settings_of(config)
    world = make_world(config.world, **config.dials)
    mine, other = (make_vec(world, settings.n_envs, seed=0, view=config.view) for _ in range(2))
    models: list[BaseAlgorithm] = [make_model(config, mine), make_peer(config, other)]
    chunk = settings.n_envs * settings.rollout * UPDATES

    def rate(model: BaseAlgorithm) -> float:
        start = time.perf_counter()
        model.learn(chunk, reset_num_timesteps=False)
        return chunk / (time.perf_counter() - start)

    with one_thread():
        for model in models:
            model.learn(settings.n_envs * settings.rollout)  # compiles the kernels, allocates the memory
        return alternate(lambda: rate(models[0]), lambda: rate(models[1]), repeats=REPEATS)
