"""The whole state of a training run as named tensors and plain numbers, and back: never a pickle."""

import json
import shutil
from collections import deque
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.errors import Unreadable
from envs import engine
from envs.sb3 import WorldVecEnv
from rl.algorithms.algorithm import Algorithm, Kept
from rl.algorithms.off_policy import REPLAY

CHECKPOINT = "checkpoint.safetensors"


def save(
    folder: Path, model: BaseAlgorithm, venv: WorldVecEnv, algorithm: Algorithm, notes: dict[str, Any]
) -> None:
    """Write, at once or not at all, everything that the next update depends on, as it is between two updates.

    Random draws need no entry: training seeds them anew for every update. ``notes`` come back from ``restore``.
    """
    tensors = {f"policy.{name}": value for name, value in model.policy.state_dict().items()}
    for index, moments in model.policy.optimizer.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in moments.items()}
    tensors |= {f"world.{name}": torch.from_numpy(a) for name, a in engine.dump_state(venv.state).items()}
    with algorithm.keep(model, folder) as kept:
        tensors |= {f"kept.{name}": value for name, value in kept.tensors.items()}
        numbers = {
            "steps": model.num_timesteps,
            "updates": model._n_updates,
            "episodes": list(model.ep_info_buffer or ()),
            "totals": venv.totals,
            "kept": dict(kept.numbers),
            "notes": notes,
        }
        write_tensors(folder / CHECKPOINT, tensors, {"numbers": json.dumps(numbers)})


def restore(folder: Path, model: BaseAlgorithm, venv: WorldVecEnv, algorithm: Algorithm) -> dict[str, Any]:
    """Put a saved state into a fresh model and its environment; returns the notes saved with it.

    Raises
    ------
    Unreadable
        if a file of it is missing, cut short or no checkpoint's; says how to go on.
    """
    path = folder / CHECKPOINT
    try:
        tensors, metadata = read_tensors(path), read_metadata(path)
        numbers = json.loads(metadata["numbers"])
        model.policy.load_state_dict(_under("policy", tensors))
        _restore_optimiser(model.policy.optimizer, _under("optimiser", tensors))
        arrays = {name: value.numpy() for name, value in _under("world", tensors).items()}
        venv.state = engine.load_state(arrays)
        venv.totals.update(numbers["totals"])
        model._last_obs = engine.observe(venv.world, venv.state, venv.view)
        model.num_timesteps, model._n_updates = numbers["steps"], numbers["updates"]
        model.ep_info_buffer = deque(numbers["episodes"], maxlen=model._stats_window_size)
        model.ep_success_buffer = deque(maxlen=model._stats_window_size)
        algorithm.recall(model, folder, Kept(_under("kept", tensors), numbers["kept"]))
    except (Unreadable, KeyError, ValueError, RuntimeError) as error:
        why = (
            str(error).partition(";")[0]
            if isinstance(error, Unreadable)
            else f"{str(path)!r} is of another kind"
        )
        raise Unreadable(
            f"training cannot go on from its checkpoint: {why}; delete {str(folder)!r} to train anew"
        ) from error
    return dict(numbers["notes"])


def remove(folder: Path) -> None:
    """Remove a checkpoint with all its files, where there is one."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
    shutil.rmtree(folder / REPLAY, ignore_errors=True)


def _under(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    cut = len(prefix) + 1
    return {name[cut:]: value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def _restore_optimiser(optimiser: torch.optim.Optimizer, moments: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for name, value in moments.items():
        index, _, moment = name.partition(".")
        state.setdefault(int(index), {})[moment] = value
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
