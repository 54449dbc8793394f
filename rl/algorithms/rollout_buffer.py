"""SB3's rollout buffer on memory allocated once, with one value call for all the truncated episodes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvStepReturn, VecEnvWrapper
from torch import Tensor

Ends = list[tuple[int, np.ndarray]]


class TruncationsAside(VecEnvWrapper):
    """Keeps the last observations of truncated episodes from SB3's loop, which values them one at a time."""

    def __init__(self, venv: VecEnv) -> None:
        super().__init__(venv)
        self._aside: Ends = []

    def reset(self) -> np.ndarray:
        return self.venv.reset()  # type: ignore[return-value]

    def step_wait(self) -> VecEnvStepReturn:
        seen, rewards, dones, infos = self.venv.step_wait()
        self._aside = []
        for index in np.flatnonzero(dones):
            if infos[index].pop("TimeLimit.truncated", False):
                self._aside.append((int(index), infos[index]["terminal_observation"]))
        return seen, rewards, dones, infos

    def take(self) -> Ends:
        """(environment, last observation) of every episode that the latest step cut short."""
        taken, self._aside = self._aside, []
        return taken


class LeanRolloutBuffer(RolloutBuffer):
    """What SB3's RolloutBuffer does, same numbers, with less copying [raffin2021].

    Memory is allocated once, observations keep their own dtype until a minibatch is drawn, minibatches are drawn
    by torch's generator, and truncated episodes are bootstrapped by one call of ``value_of``. Rewards are
    kept times ``reward_scale``.
    """

    def __init__(
        self, *arguments: Any, truncations: Callable[[], Ends], reward_scale: float = 1.0, **options: Any
    ) -> None:
        self.truncations, self.reward_scale = truncations, reward_scale
        self.value_of: Callable[[Tensor], Tensor] | None = None
        self._tensors: dict[str, Tensor] = {}
        super().__init__(*arguments, **options)

    def reset(self) -> None:
        """Forget the rollout; the memory stays."""
        if not self._tensors:
            self._allocate()
        self._cut: list[tuple[int, int, np.ndarray]] = []
        self.pos, self.full = 0, False

    def _allocate(self) -> None:
        size = (self.buffer_size, self.n_envs)
        arrays = {
            "observations": np.zeros((*size, *self.obs_shape), self.observation_space.dtype),
            "actions": np.zeros(size, np.int64),
        }
        for name in ("rewards", "episode_starts", "values", "log_probs", "advantages", "returns"):
            arrays[name] = np.zeros(size, np.float32)
        for name, array in arrays.items():
            setattr(self, name, array)
            self._tensors[name] = torch.from_numpy(array).flatten(0, 1)

    def add(self, *transition: Any) -> None:
        """One step of every environment: observations, actions, rewards, episode starts, values, log-probabilities."""
        step = self.pos
        names = ("observations", "actions", "rewards", "episode_starts", "values", "log_probs")
        for name, given in zip(names, transition, strict=True):
            mine = getattr(self, name)[step]
            mine[...] = (given.numpy() if isinstance(given, Tensor) else given).reshape(mine.shape)
        self.rewards[step] *= self.reward_scale
        self._cut += [(step, index, last) for index, last in self.truncations()]
        self.pos += 1
        self.full = self.pos == self.buffer_size

    def compute_returns_and_advantage(self, last_values: Tensor, dones: np.ndarray) -> None:
        """Generalised advantages of the rollout, truncated episodes bootstrapped by the value of their last view."""
        self._bootstrap()
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found and named after
            super().compute_returns_and_advantage(last_values, dones)
        self._tensors["returns"] = torch.from_numpy(self.returns).flatten(0, 1)

    def _bootstrap(self) -> None:
        if not self._cut or self.value_of is None:
            return
        steps, indices, last = zip(*self._cut, strict=True)
        with torch.no_grad():
            values = self.value_of(torch.from_numpy(np.stack(last)))
        self.rewards[list(steps), list(indices)] += self.gamma * values.flatten().numpy()

    def get(self, batch_size: int | None = None) -> Iterator[RolloutBufferSamples]:  # type: ignore[override]
        """Minibatches in random order, each sample once."""
        every = self.buffer_size * self.n_envs
        names = ("actions", "values", "log_probs", "advantages", "returns")
        for chosen in torch.randperm(every).split(batch_size or every):
            # index_select copies whole rows: six times as fast as indexing, on bytes
            seen = self._tensors["observations"].index_select(0, chosen).float()
            yield RolloutBufferSamples(seen, *(self._tensors[name].index_select(0, chosen) for name in names))
