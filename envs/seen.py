"""What an agent saw, as a picture for people: the world's own tiles laid over an observation's planes."""

import numpy as np

from core.errors import BadInput
from envs.observations import observation_shape, parse_view
from envs.rendering import paint, tiles
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
    kind, size = parse_view(world, view)
    if kind == "rgb":
        return (np.clip(seen, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    planes = np.asarray(seen).round().astype(np.uint8)
    if kind == "window":
        itself = np.zeros((1, size, size), np.uint8)
        itself[0, size // 2, size // 2] = 1
        planes = np.concatenate([planes[:AGENT], itself, planes[AGENT:]])
    _, h, w = planes.shape
    out = np.empty((1, 3, h * cell, w * cell), np.uint8)
    paint(planes[None], tiles(world, cell), out)
    return np.ascontiguousarray(out[0].transpose(1, 2, 0))
