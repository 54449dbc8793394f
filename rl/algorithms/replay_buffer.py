"""SB3's replay buffer with each observation kept once, in its own dtype, and truncated episodes bootstrapped."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples

STORED = ("observations", "actions", "rewards", "dones", "cut")


class LeanReplayBuffer(ReplayBuffer):
    """What SB3's ReplayBuffer and NStepReplayBuffer do, same samples, in half the memory [raffin2021].

    What followed a transition is the next observation of its level, kept there already; only where a level
    was cut short by its limit is its last observation kept ``aside``. (SB3's own ``optimize_memory_usage`` does not
    go together with truncation.) Rewards are kept times ``reward_scale``; a sample adds up those of ``n_steps`` steps
    [sutton1988], fewer at the end of a level. ``added`` counts the steps
    that were ever added, and ``parts`` are those, from and up to, that a checkpoint holds already.
    """

    def __init__(
        self,
        *arguments: Any,
        gamma: float,
        n_steps: int = 1,
        reward_scale: float = 1.0,
        **options: Any,
    ) -> None:
        options |= {"optimize_memory_usage": True, "handle_timeout_termination": False}
        super().__init__(*arguments, **options)
        size = (self.buffer_size, self.n_envs)
        self.gamma, self.n_steps, self.reward_scale, self.added = gamma, n_steps, reward_scale, 0
        self.actions = np.zeros(size, np.uint8)
        self.dones, self.cut = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        self.aside: dict[int, dict[int, np.ndarray]] = {}
        self.parts: list[tuple[int, int]] = []

    def add(self, *transition: Any) -> None:
        """One step of every environment: observations, next observations, actions, rewards, dones, infos."""
        seen, following, actions, rewards, dones, infos = transition
        now = self.pos
        cut = [int(i) for i in np.flatnonzero(dones) if infos[i].get("TimeLimit.truncated", False)]
        self.observations[now] = seen
        self.observations[(now + 1) % self.buffer_size] = following
        self.actions[now] = actions.reshape(-1)
        self.rewards[now] = rewards * self.reward_scale
        self.dones[now], self.cut[now] = dones, False
        self.dones[now, cut], self.cut[now, cut] = False, True
        self.aside[now] = {i: following[i].copy() for i in cut}
        self.added += 1
        self.pos, self.full = (now + 1) % self.buffer_size, self.added >= self.buffer_size

    def _get_samples(self, batch_inds: np.ndarray, env: Any = None) -> ReplayBufferSamples:
        rows, columns = batch_inds, np.random.randint(0, self.n_envs, len(batch_inds))  # noqa: NPY002
        rewards, discounts, last = self._summed(rows, columns)
        following = self.observations[(last + 1) % self.buffer_size, columns]
        for k in np.flatnonzero(self.cut[last, columns]):
            following[k] = self.aside[last[k]][columns[k]]
        return ReplayBufferSamples(
            torch.from_numpy(self.observations[rows, columns]),
            torch.from_numpy(self.actions[rows, columns, None]),
            torch.from_numpy(following),
            torch.from_numpy(self.dones[last, columns, None].astype(np.float32)),
            torch.from_numpy(rewards[:, None]),
            torch.from_numpy(discounts[:, None]),
        )

    def _summed(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Discounted rewards of up to ``n_steps``, what the value after them counts, and the row of the last step."""
        left = (self.pos - 1 - rows) % self.buffer_size  # steps that are known after this one
        rewards, last = self.rewards[rows, columns], rows.copy()
        discounts, going = np.full(len(rows), self.gamma, np.float32), np.ones(len(rows), np.bool_)
        for step in range(1, self.n_steps):
            going &= (left >= step) & ~self.dones[last, columns] & ~self.cut[last, columns]
            last[going] = (rows[going] + step) % self.buffer_size
            rewards[going] += discounts[going] * self.rewards[last, columns][going]
            discounts[going] *= np.float32(self.gamma)
        return rewards, discounts, last

    def steps(self, since: int, until: int) -> dict[str, np.ndarray]:
        """What was added from step ``since`` to before step ``until``, counted from the first ever added."""
        rows = np.arange(since, until) % self.buffer_size
        ends = [(k, i, last) for k, row in enumerate(rows) for i, last in self.aside[int(row)].items()]
        shape = (0, *self.obs_shape)
        return {
            **{name: getattr(self, name)[rows] for name in STORED},
            "aside": np.array([(k, i) for k, i, _ in ends], np.int64).reshape(-1, 2),
            "last": np.stack([last for *_, last in ends])
            if ends
            else np.zeros(shape, self.observations.dtype),
        }

    def fill(self, since: int, steps: Mapping[str, np.ndarray]) -> None:
        """Put back what ``steps`` gave, as added from step ``since`` on."""
        count = len(steps["rewards"])
        rows = np.arange(since, since + count) % self.buffer_size
        for name in STORED:
            getattr(self, name)[rows] = steps[name]
        for row in rows:
            self.aside[int(row)] = {}
        for (k, i), last in zip(steps["aside"], steps["last"], strict=True):
            self.aside[int(rows[k])][int(i)] = last
        self.added = since + count
        self.pos, self.full = self.added % self.buffer_size, self.added >= self.buffer_size
