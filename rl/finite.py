"""Training stops where a number is not finite, and says which: a reward, what was seen, a loss or a weight."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from core.errors import NotFinite
from envs.spec import World

LARGE = 100.0
"""Rewards beyond this, as the algorithm gets them, are the likeliest reason why learning broke down."""


def check_step(step: int, world: World, rewards: np.ndarray, seen: np.ndarray) -> float:
    """The largest reward, in size, of one step of n instances; NotFinite where the world's numbers are not.

    >>> from envs.registry import world
    >>> check_step(8, world("cheese"), np.array([0.0, -2.0]), np.zeros((2, 1, 1, 1), np.uint8))
    2.0
    """
    largest = float(np.abs(rewards).max())
    if not math.isfinite(largest):
        wrong = int(np.flatnonzero(~np.isfinite(rewards))[0])
        raise NotFinite(
            f"training stopped at step {step:,}: world {world.name!r} gave reward {rewards[wrong]} in instance "
            f"{wrong}; a world's rewards must be finite numbers"
        )
    if seen.dtype.kind == "f" and not np.isfinite(seen).all():
        where = np.argwhere(~np.isfinite(seen))[0]
        raise NotFinite(
            f"training stopped at step {step:,}: world {world.name!r} showed {seen[tuple(where)]} in channel "
            f"{int(where[1])} of instance {int(where[0])}; what a world shows must be finite numbers"
        )
    return largest


def check_rollout(step: int, arrays: Mapping[str, np.ndarray], advice: str) -> None:
    """Raise NotFinite if the values or advantages of a rollout are not."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise NotFinite(
                f"training stopped at step {step:,}: the rollout's {name} are not finite; {advice}"
            )


def check_update(step: int, losses: Mapping[str, float], network: nn.Module, advice: str) -> None:
    """Raise NotFinite if a loss of the last update is not, or a weight since then; names every such loss."""
    found = [f"the {_words(name)} is {value}" for name, value in losses.items() if not math.isfinite(value)]
    wrong = [name for name, value in network.named_parameters() if not bool(value.isfinite().all())]
    if wrong:
        found.append(f"weight {wrong[0]!r} of the network is not finite")
    if found:
        raise NotFinite(f"training stopped at step {step:,}: {' and '.join(found)}; {advice}")


def advice(settings: Any, largest: float) -> str:
    """What to try where learning broke down, from the largest reward that was met.

    >>> from rl.algorithms.ppo import Settings
    >>> advice(Settings(), 1.0)
    'a smaller learning_rate than 0.001 may help'
    >>> advice(Settings(), 5e4)
    'rewards were as large as 50000: a smaller reward_scale than 1 may help'
    """
    if largest * settings.reward_scale > LARGE:
        return f"rewards were as large as {largest:g}: a smaller reward_scale than {settings.reward_scale:g} may help"
    return f"a smaller learning_rate than {settings.learning_rate:g} may help"


def _words(name: str) -> str:
    return name.partition("/")[2].replace("_", " ")
