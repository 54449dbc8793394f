"""turned(): an observation of planes under a symmetry of the square; who sees what can be turned."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.symmetry.groups import Group, square
from envs.observations import observation_shape, parse_view
from envs.spec import World

SQUARE: Group = square()

QUARTER = np.array([[0.0, -1.0], [1.0, 0.0]])
"""(y, x), y downwards, after a quarter turn counter-clockwise as seen: what lay right comes to lie on top."""
MIRROR = np.array([[1.0, 0.0], [0.0, -1.0]])


def _places() -> Float[np.ndarray, "g 2 2"]:
    mirrored, quarters = np.unravel_index(np.arange(len(SQUARE)), SQUARE.shape)
    powers = zip(quarters, mirrored, strict=True)
    return np.stack(
        [np.linalg.matrix_power(QUARTER, q) @ np.linalg.matrix_power(MIRROR, m) for q, m in powers]
    )


PLACES: Float[np.ndarray, "g 2 2"] = _places()
"""Where (y, x) lies under each symmetry: mirrored left to right where it is mirrored, then turned."""


def turned(seen: Float[Tensor, "n c h w"], element: int, *, still: int = 0) -> Float[Tensor, "n c h w"]:
    """Square observations under one of the eight symmetries; the last ``still`` planes stay as they are.

    Raises
    ------
    BadInput
        if the observations are not square.

    >>> import torch
    >>> corner = torch.zeros(1, 2, 3, 3)
    >>> corner[:, :, 0, 0] = 1
    >>> turned(corner, 1, still=1)[0].nonzero().tolist()  # the first plane turned counter-clockwise, the last not
    [[0, 2, 0], [1, 0, 0]]
    """
    if seen.shape[2] != seen.shape[3]:
        raise BadInput(
            f"the symmetries of the square turn square observations; got {seen.shape[2]} x {seen.shape[3]} cells"
        )
    mirrored, quarters = (int(i) for i in np.unravel_index(element, SQUARE.shape))
    moving = seen[:, : seen.shape[1] - still]
    moved = torch.rot90(moving.flip(3) if mirrored else moving, quarters, (2, 3))
    return torch.cat([moved, seen[:, seen.shape[1] - still :]], 1)


def still_planes(world: World, view: str) -> int:
    """How many planes, the last of a view, show no places but what the agent holds: they stay when a view is turned.

    Raises
    ------
    BadInput
        if the symmetries of the square do not act on the view: it is a picture, whose things are drawn upright, or it
        is not square.

    >>> from envs.registry import world
    >>> still_planes(world("monster"), "window")
    1
    """
    if parse_view(world, view).kind == "rgb":
        raise BadInput(
            f"view {view!r} draws its things upright, so the symmetries of the square do not act on it; expected an "
            "agent that sees planes, 'window' or 'grid'"
        )
    _, height, width = observation_shape(world, view)
    if height != width:
        raise BadInput(
            f"view {view!r} of world {world.name!r} is {height} x {width} cells, on which the symmetries of the square "
            "do not act; expected an agent that sees a square, as 'window' always is"
        )
    return len(world.gauges)
