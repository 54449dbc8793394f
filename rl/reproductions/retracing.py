"""Episodes walked through again, all levels at once, for what only the states between their steps tell."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from envs import engine
from envs.spec import World
from envs.state import State
from rl.episodes import Episodes


def retraced(world: World, episodes: Episodes) -> Iterator[tuple[int, State, Bool[np.ndarray, "n"]]]:
    """Before each step: its number from 0, the state of all n levels, and which of them are still being played.

    The state is the same object throughout: take from it what is wanted before going on. What happens in a level
    depends on its seed and the actions alone, so these are the states that were played.

    >>> from envs.registry import world
    >>> from rl.rollouts import level_seeds, play_policy
    >>> maze = world("cheese", size=7)
    >>> played = play_policy(maze, level_seeds(4, split="test", seed=0), "intended")
    >>> walked = [(state.agent == played.positions[:, t])[on].all() for t, state, on in retraced(maze, played)]
    >>> len(walked) == int(played.length.max()), all(walked)
    (True, True)
    """
    state = engine.reset(world, episodes.levels)
    for t in range(episodes.actions.shape[1]):
        yield t, state, episodes.length > t
        engine.step(world, state, np.maximum(episodes.actions[:, t], 0).astype(np.int64))


def at(planes: NDArray, cells: NDArray) -> NDArray:
    """What a plane (n, h, w) of each instance holds at a cell (n, 2) of its own: (n,)."""
    return planes[np.arange(len(cells)), cells[:, 0], cells[:, 1]]
