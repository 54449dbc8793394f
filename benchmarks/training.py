"""PPO on our vector environment beside the same PPO on one that does nothing."""

import time
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from benchmarks.rows import Row, alternate
from envs.registry import world
from envs.vector import make_vec
from rl.presets import PRESETS
from rl.training import make_model, one_thread, settings_of

UPDATES, REPEATS = 6, 5


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


def ppo_vs_null() -> Row:
    """Steps per second of PPO, its updates included: the difference is what our world and its coat cost."""
    config = PRESETS["cheese-corner"].config
    settings = settings_of(config)
    venv = make_vec(world(config.world, **config.dials), settings.n_envs, seed=0, view=config.view)
    models = [make_model(config, env) for env in (venv, Null(venv))]
    chunk = settings.n_envs * settings.rollout * UPDATES

    def rate(model: Any) -> float:
        start = time.perf_counter()
        model.learn(chunk, reset_num_timesteps=False)
        return chunk / (time.perf_counter() - start)

    with one_thread():
        for model in models:
            model.learn(settings.n_envs * settings.rollout)  # compiles the kernels, allocates the memory
        ours, peer = alternate(lambda: rate(models[0]), lambda: rate(models[1]), repeats=REPEATS)
    return Row(
        name="ppo-vs-null",
        unit="steps/s",
        ours=ours,
        peer=peer,
        ratio=ours / peer,
        repeats=REPEATS,
        peer_name="the same SB3 PPO on an environment that does nothing",
        conditions=f"{config.network}, {settings.n_envs} environments, batch {settings.batch}, "
        f"{settings.epochs} epochs",
    )
