"""Algorithm: what training needs to know of a stable-baselines3 algorithm; one row of ALGORITHMS."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

Make = Callable[..., BaseAlgorithm]
"""``make(settings, venv, network=name, seed=seed)``: a model of SB3 that trains one of our networks in a VecEnv."""


@dataclass(frozen=True)
class Algorithm:
    """Its ``Settings``, the model made of them, what SB3 logs as its losses, and what settings must not be together.

    ``settings`` is a frozen dataclass of ``rl.algorithms.settings.setting`` fields, among them ``n_envs``.
    """

    settings: type
    make: Make
    losses: tuple[str, ...]
    check: Callable[[Any], None]


def network_of(model: BaseAlgorithm) -> nn.Module:
    """The plain network that a model trains."""
    return cast(nn.Module, model.policy.network)
