"""What an agent saw, as a picture for people: the world's own tiles laid over an observation's planes."""

import numpy as np

from core.errors import BadInput
from envs.observations import observation_shape, parse_view, planes_of
from envs.pictures.rendering import appearance, paint, tiles
from envs.spec import World
from envs.state import AGENT


def picture(world: World, seen: np.ndarray, view: str = "window", *, cell: int = 16) -> np.ndarray:
    """One observation (c, h, w) of ``view`` - 0 or 1 in its planes, or RGB in [0, 1] - as uint8 (y, x, 3).

    A window, which lacks the agent's own plane, gets the agent back in its middle. Raises BadInput for an
    observation of another shape.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=9)
    >>> seen = engine.observe(maze, engine.reset(maze, [0]), "window")[0]
    >>> picture(maze, seen, cell=8).shape
    (104, 104, 3)
    """
    wanted = observation_shape(world, view)
    if seen.shape != wanted:
        raise BadInput(
            f"observation of shape {seen.shape}; view {view!r} of world {world.name!r} has {wanted}"
        )
    kind, size, flipped = parse_view(world, view)
    if kind == "rgb":
        return (np.clip(seen, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    given = np.asarray(seen).round().astype(np.uint8)[:, :: -1 if flipped else 1]
    shown = planes_of(world, view)
    planes = np.zeros((1, len(world.channels), *wanted[1:]), np.uint8)
    planes[0, shown] = given[: len(shown)]
    if kind == "window":
        planes[0, AGENT, size // 2, size // 2] = 1
    counters = np.zeros((1, len(world.spec.counters)), np.int64)
    counters[0, list(world.gauges)] = given[len(shown) :].sum(axis=(1, 2))
    numbers = appearance(world, planes, counters)
    out = np.empty((1, 3, numbers.shape[1] * cell, numbers.shape[2] * cell), np.uint8)
    paint(numbers, tiles(world, cell), out)
    return np.ascontiguousarray(out[0].transpose(1, 2, 0))
