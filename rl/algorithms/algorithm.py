"""Algorithm: what training needs to know of a stable-baselines3 algorithm; one row of ALGORITHMS."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor, nn

Make = Callable[..., BaseAlgorithm]
"""``make(settings, venv, network=name, seed=seed)``: a model of SB3 that trains one of our networks in a VecEnv."""


@dataclass(frozen=True)
class Kept:
    """What an algorithm remembers between two updates beside policy, optimiser and world."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)


def _anything_goes(settings: Any) -> None:
    """No two settings exclude each other."""


@dataclass(frozen=True)
class Algorithm:
    """Its ``Settings``, the model made of them, what SB3 logs as its losses, and how a checkpoint keeps its memory.

    ``settings`` is a frozen dataclass of ``rl.algorithms.settings.setting`` fields, among them ``n_envs``; ``check``
    raises BadInput for settings that do not go together; ``memory`` says whether it trains networks with a memory, or
    those without. ``keep(model, folder)`` is a context in which the
    checkpoint is written: it yields a ``Kept``, and may keep files of its own in the folder. ``recall(model, folder,
    kept)`` puts it back.
    """

    settings: type
    make: Make
    losses: tuple[str, ...]
    keep: Callable[[Any, Path], AbstractContextManager[Kept]]
    recall: Callable[[Any, Path, Kept], None]
    check: Callable[[Any], None] = _anything_goes
    memory: bool = False


def network_of(model: BaseAlgorithm) -> nn.Module:
    """The plain network that a model trains."""
    return cast(nn.Module, model.policy.network)
