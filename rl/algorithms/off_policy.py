"""What DQN and QR-DQN have in common: what they are told, and what a checkpoint keeps: above all the replay buffer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from core.artifacts import read_tensors, write_tensors
from rl.algorithms.algorithm import Kept
from rl.algorithms.replay_buffer import LeanReplayBuffer

REPLAY = "replay"
"""Folder of the replay buffer's steps: one file for those between two checkpoints, written once, so that
a checkpoint costs what was added since the last, however much is remembered."""


def options(settings: Any, seed: int) -> dict[str, Any]:
    """What SB3's DQN and QR-DQN are both told."""
    return {
        "learning_rate": settings.learning_rate,
        "buffer_size": settings.buffer,
        "learning_starts": settings.learning_starts,
        "batch_size": settings.batch,
        "gamma": settings.gamma,
        "train_freq": settings.rollout,
        "gradient_steps": settings.gradient_steps,
        "replay_buffer_class": LeanReplayBuffer,
        "replay_buffer_kwargs": {
            "reward_scale": settings.reward_scale,
            "n_steps": settings.n_steps,
            "gamma": settings.gamma,
        },
        "target_update_interval": max(settings.target_every, settings.n_envs),
        "exploration_initial_eps": settings.explore_first,
        "exploration_final_eps": settings.explore_last,
        "exploration_fraction": settings.explore_share,
        "max_grad_norm": settings.gradient_norm,
        "seed": seed,
        "device": torch.device("cpu"),
    }


@contextmanager
def keep(model: Any, folder: Path) -> Iterator[Kept]:
    """Write the steps added since the last checkpoint; forget those that no checkpoint needs once this one stands."""
    buffer: LeanReplayBuffer = model.replay_buffer
    first = max(buffer.added - buffer.buffer_size, 0)
    parts = [part for part in buffer.parts if part[1] > first]
    since = max(parts[-1][1] if parts else 0, first)
    if since < buffer.added:
        write_tensors(_file(folder, (since, buffer.added)), buffer.steps(since, buffer.added))
        parts.append((since, buffer.added))
    numbers = {name: getattr(model, name) for name in ("exploration_rate", "_n_calls", "_episode_num")}
    yield Kept(numbers={**numbers, "parts": parts})
    for part in set(buffer.parts) - set(parts):
        _file(folder, part).unlink(missing_ok=True)
    buffer.parts = parts


def recall(model: Any, folder: Path, kept: Kept) -> None:
    """Undo ``keep``, and remove what a later checkpoint had begun to write."""
    buffer: LeanReplayBuffer = model.replay_buffer
    numbers = dict(kept.numbers)
    buffer.parts = [(int(since), int(until)) for since, until in numbers.pop("parts")]
    for part in buffer.parts:
        arrays = read_tensors(_file(folder, part))
        buffer.fill(part[0], {name: value.numpy() for name, value in arrays.items()})
    buffer.observations[buffer.pos] = model._last_obs
    known = {_file(folder, part) for part in buffer.parts}
    for path in (folder / REPLAY).glob("*.safetensors"):
        if path not in known:
            path.unlink()
    for name, value in numbers.items():
        setattr(model, name, value)


def _file(folder: Path, part: tuple[int, int]) -> Path:
    return folder / REPLAY / f"{part[0]:010d}-{part[1]:010d}.safetensors"
