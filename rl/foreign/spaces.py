"""What a gymnasium environment shows and lets do, as a Subject takes it: inputs (n, c, h, w) and action names."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, UnknownName
from envs.observations import channels as channels_of
from envs.single import observation_space
from envs.spec import World

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "CartPole": ("left", "right"),
    "Acrobot": ("torque -1", "torque 0", "torque 1"),
    "MountainCar": ("left", "coast", "right"),
    "LunarLander": ("nothing", "left engine", "main engine", "right engine"),
    "FrozenLake": ("left", "down", "right", "up"),
}
"""Environment, without its version, to what its actions are called."""

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "CartPole": ("cart position", "cart velocity", "pole angle", "pole angular velocity"),
    "Acrobot": ("cos angle 1", "sin angle 1", "cos angle 2", "sin angle 2", "velocity 1", "velocity 2"),
    "MountainCar": ("position", "velocity"),
}
"""Environment, without its version, to what the numbers of its observation are called."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """An environment's observations as inputs of ``shape`` (c, h, w), and the names of its actions."""

    env_id: str
    space: spaces.Space[Any] = field(repr=False)
    shape: tuple[int, int, int]
    channels: tuple[str, ...]
    actions: tuple[str, ...]


def make(env_id: str) -> gymnasium.Env[Any, Any]:
    """The environment of that id; Gridlens' own worlds are ids that begin with ``gridlens/``.

    Raises
    ------
    UnknownName
        if gymnasium knows no such id; names the nearest.
    BadInput
        if it needs something that is not installed.
    """
    if env_id.startswith("gridlens/"):
        from envs.registry import register_envs

        register_envs()
    try:
        return gymnasium.make(env_id)
    except (gymnasium.error.UnregisteredEnv, gymnasium.error.DeprecatedEnv) as error:
        raise UnknownName("environment", env_id, gymnasium.registry) from error
    except (gymnasium.error.Error, ImportError) as error:
        raise BadInput(f"environment {env_id!r} cannot be made: {error}") from error


def surroundings(env_id: str) -> Surroundings:
    """What the environment of that id shows, and what its actions are called.

    Raises
    ------
    UnknownName, BadInput
        as ``make``, and where observations or actions are of a kind that cannot be opened here; names it.

    >>> surroundings("CartPole-v1").shape, surroundings("CartPole-v1").actions
    ((4, 1, 1), ('left', 'right'))
    """
    env = make(env_id)
    try:
        seen, acts = env.observation_space, env.action_space
        if not isinstance(acts, spaces.Discrete) or acts.start != 0:
            raise BadInput(f"{env_id} has actions {acts}; agents with Discrete actions from 0 can be opened")
        shape = _shape(env_id, seen)
        return Surroundings(
            env_id, seen, shape, _channels(env_id, shape[0]), _actions(env, env_id, int(acts.n))
        )
    finally:
        with suppress(gymnasium.error.Error):
            env.close()


def surroundings_in(world: World, view: str) -> Surroundings:
    """What one of our own worlds shows through a view, to an agent that was trained on it elsewhere.

    >>> from envs.registry import world
    >>> surroundings_in(world("cheese", size=7), "window").channels
    ('wall', 'cheese')
    """
    space = observation_space(world, view)
    channels, height, width = space.shape  # type: ignore[misc]
    named = f"world {world.name!r} in view {view!r}"
    return Surroundings(named, space, (channels, height, width), channels_of(world, view), world.actions)


def encode(space: spaces.Space[Any], observations: list[Any]) -> Float[Tensor, "n c h w"]:
    """Observations as the network's inputs before any normalisation, as stable-baselines3 would hand them over.

    Pictures of bytes are divided by 255, their channels first; vectors are (k, 1, 1) in their own units; choices
    become one-hot.

    >>> encode(spaces.Discrete(3), [2, 0])[:, :, 0, 0].tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    array = np.stack([np.asarray(one) for one in observations])
    if isinstance(space, spaces.Discrete):
        array = np.eye(int(space.n), dtype=np.float32)[array.astype(int)]
    elif isinstance(space, spaces.MultiDiscrete):
        hot = [np.eye(int(n), dtype=np.float32)[array[:, i]] for i, n in enumerate(space.nvec)]
        array = np.concatenate(hot, axis=1)
    elif is_picture(space):
        array = (array.transpose(0, 3, 1, 2) if _channels_last(space) else array).astype(np.float32) / 255
    array = array.astype(np.float32, copy=False)
    return torch.from_numpy(np.ascontiguousarray(array.reshape(len(array), *_arranged(array.shape[1:]))))


def is_picture(space: spaces.Space[Any]) -> bool:
    """Whether stable-baselines3 takes the observation for a picture: bytes on three axes, from 0 to 255."""
    if not isinstance(space, spaces.Box) or len(space.shape) != 3 or space.dtype != np.uint8:
        return False
    return bool((space.low == 0).all() and (space.high == 255).all())


def seen_shape(space: spaces.Space[Any]) -> tuple[int, ...]:
    """The observation's shape with a picture's channels first: what stable-baselines3 writes into its zip."""
    shape = tuple(space.shape or ())
    return (shape[2], *shape[:2]) if is_picture(space) and _channels_last(space) else shape


def _channels_last(space: spaces.Space[Any]) -> bool:
    return int(np.argmin(space.shape or ())) != 0


def _arranged(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A vector's numbers are channels; a table is one channel."""
    return {0: (1, 1, 1), 1: (*shape, 1, 1), 2: (1, *shape)}.get(len(shape), shape)


def _shape(env_id: str, space: spaces.Space[Any]) -> tuple[int, int, int]:
    if isinstance(space, spaces.Discrete):
        return int(space.n), 1, 1
    if isinstance(space, spaces.MultiDiscrete) and len(space.shape) == 1:
        return int(space.nvec.sum()), 1, 1
    if isinstance(space, spaces.Box | spaces.MultiBinary) and len(space.shape) <= 3:
        channels, height, width = _arranged(seen_shape(space))
        return channels, height, width
    raise BadInput(
        f"{env_id} shows observations {str(space)[:100]}; boxes of up to three axes, choices and bits can be seen"
    )


def _channels(env_id: str, count: int) -> tuple[str, ...]:
    names = CHANNELS.get(env_id.split("-")[0], ())
    return names if len(names) == count else tuple(f"input {i}" for i in range(count))


def _actions(env: gymnasium.Env[Any, Any], env_id: str, count: int) -> tuple[str, ...]:
    ours = getattr(env.unwrapped, "world", None)
    names = tuple(getattr(ours, "actions", ())) or ACTIONS.get(env_id.split("-")[0], ())
    return names if len(names) == count else tuple(f"action {i}" for i in range(count))
