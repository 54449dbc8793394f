"""What an agent saw, as a picture for people: the world's own tiles laid over an observation's planes."""

import numpy as np

from core.errors import BadInput
from envs.observations import observation_shape, parse_view, planes_of
from envs.pictures.rendering import appearance, paint, tiles
from envs.spec import World
from envs.state import AGENT


def picture(world: World, seen: np.ndarray, view: str = "window", *, cell: int = 16) -> np.ndarray:
    """One observation (c, h, w) of ``view`` - 0 or 1 in its planes, or RGB in [0, 1] - as uint8 (y, x, 3).

    Planes between 0 and 1 are no observation but a mixture of some, as an optimisation may end with: tiles are laid
    over each other as thinly (in worlds whose looks are more than the topmost plane's, values are rounded).

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
    if world.spec.appearance is None and ((seen > 0) & (seen < 1)).any():
        return _mixture(world, seen, view, cell)
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


def _mixture(world: World, seen: np.ndarray, view: str, cell: int) -> np.ndarray:
    """The things of a mixture laid thinly over an empty observation, in the order of their planes, the agent last."""
    shown, icons = planes_of(world, view), tiles(world, cell)
    empty = np.zeros_like(seen)
    empty[len(shown) :] = seen[len(shown) :].round()
    out = picture(world, empty, view, cell=cell).astype(np.float32)
    flipped = parse_view(world, view).flipped
    strip = len(out) - seen.shape[1] * cell
    for place in sorted(range(len(shown)), key=lambda place: shown[place] == AGENT):
        plane = seen[place, :: -1 if flipped else 1]
        share = np.kron(np.clip(plane, 0, 1), np.ones((cell, cell), np.float32))[..., None]
        tile = np.tile(icons[1 + shown[place]].transpose(1, 2, 0), (*plane.shape, 1))
        out[strip:] += share * (tile - out[strip:])
    return out.round().astype(np.uint8)
