"""The whole state of a PPO run in one file of named tensors and plain numbers, and back: never a pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.errors import Unreadable
from envs import engine
from envs.sb3 import WorldVecEnv
from rl.algorithms.algorithm import network_of

CHECKPOINT = "checkpoint.safetensors"


def save(path: Path, model: BaseAlgorithm, venv: WorldVecEnv, notes: dict[str, Any]) -> None:
    """Write, at once or not at all, everything that the next update depends on, as it is between two updates.

    Random draws need no entry: training seeds them anew for every update. ``notes`` come back from ``restore``.
    """
    tensors = {f"network.{name}": value for name, value in network_of(model).state_dict().items()}
    for index, moments in model.policy.optimizer.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in moments.items()}
    tensors |= {f"world.{name}": torch.from_numpy(a) for name, a in engine.dump_state(venv.state).items()}
    tensors["episode_starts"] = torch.as_tensor(model._last_episode_starts)
    numbers = {
        "steps": model.num_timesteps,
        "updates": model._n_updates,
        "totals": venv.totals,
        "notes": notes,
    }
    write_tensors(path, tensors, {"numbers": json.dumps(numbers)})


def restore(path: Path, model: BaseAlgorithm, venv: WorldVecEnv) -> dict[str, Any]:
    """Put a saved state into a fresh model and its environment; returns the notes saved with it.

    Raises
    ------
    Unreadable
        if the file is cut short or is no checkpoint.
    """
    tensors, metadata = read_tensors(path), read_metadata(path)
    if "numbers" not in metadata:
        raise Unreadable(f"{str(path)!r} is not a training checkpoint; delete it to begin again")
    numbers = json.loads(metadata["numbers"])
    network_of(model).load_state_dict(_under("network", tensors))
    _restore_optimiser(model.policy.optimizer, _under("optimiser", tensors))
    arrays = {name: value.numpy() for name, value in _under("world", tensors).items()}
    venv.state = engine.load_state(arrays)
    venv.totals.update(numbers["totals"])
    model._last_obs = engine.observe(venv.world, venv.state, venv.view)
    model._last_episode_starts = tensors["episode_starts"].numpy()
    model.num_timesteps, model._n_updates = numbers["steps"], numbers["updates"]
    return dict(numbers["notes"])


def _under(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    cut = len(prefix) + 1
    return {name[cut:]: value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def _restore_optimiser(optimiser: torch.optim.Optimizer, moments: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for name, value in moments.items():
        index, _, moment = name.partition(".")
        state.setdefault(int(index), {})[moment] = value
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
