"""Plane: pixel coordinates about a point, turned counter-clockwise as seen; how shapes cover pixels and fade out."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

FADE = 0.3
"""Share of the field's radius over which a picture fades into the grey around it, from the radius on."""
SHORTEST_WAVE = 2.5
"""Pixels; shorter waves would be drawn as others."""


@dataclass(frozen=True, eq=False)
class Plane:
    """``x`` to the right and ``y`` UP, in pixels from the centre; ``reach`` is the field's radius in pixels."""

    x: Float[Tensor, "1 h w"]
    y: Float[Tensor, "1 h w"]
    reach: float


def plane(
    size: tuple[int, int],
    *,
    centre: tuple[float, float] | None = None,
    reach: float | None = None,
    device: torch.device | str = "cpu",
) -> Plane:
    """The plane of an image of ``size`` (height, width) around ``centre`` (row, column); the image's own without it.

    Pixel (i, j) has its middle at row i, column j; ``reach`` is half the shorter side without it.

    >>> plane((2, 4)).y[0, :, 0].tolist()
    [0.5, -0.5]
    """
    row, column = centre if centre is not None else ((size[0] - 1) / 2, (size[1] - 1) / 2)
    y = row - torch.arange(size[0], dtype=torch.float32, device=device)
    x = torch.arange(size[1], dtype=torch.float32, device=device) - column
    radius = min(size) / 2 if reach is None else reach
    return Plane(x.expand(1, *size), y[:, None].expand(1, *size), radius)


def turned(
    plane: Plane, degrees: Float[Tensor, "n 1 1"]
) -> tuple[Float[Tensor, "n h w"], Float[Tensor, "n h w"]]:
    """Coordinates along a direction (0 to the right, + counter-clockwise as seen) and across it, to its left."""
    angle = torch.deg2rad(degrees)
    cos, sin = torch.cos(angle), torch.sin(angle)
    return plane.x * cos + plane.y * sin, plane.y * cos - plane.x * sin


def inside(distance: Float[Tensor, "n h w"]) -> Float[Tensor, "n h w"]:
    """How much of each pixel lies where ``distance``, in pixels, is negative: falls from 1 to 0 over one pixel."""
    return (0.5 - distance).clamp(0, 1)


def side(distance: Float[Tensor, "n h w"]) -> Float[Tensor, "n h w"]:
    """+1 where ``distance``, in pixels, is positive, -1 where it is negative, one pixel's ramp between."""
    return (2 * distance).clamp(-1, 1)


def stroke(
    plane: Plane, distance: Float[Tensor, "n h w"], thickness: Float[Tensor, "n 1 1"]
) -> Float[Tensor, "n h w"]:
    """Coverage by a line along ``distance`` = 0; ``thickness`` in units of the reach, at least a pixel."""
    return inside(distance.abs() - (thickness * plane.reach).clamp_min(1.0) / 2)


def wave(
    plane: Plane, along: Float[Tensor, "n h w"], wavelength: Float[Tensor, "n 1 1"]
) -> Float[Tensor, "n h w"]:
    """Angle, in radians, of a wave of that length (in units of the reach, at least ``SHORTEST_WAVE`` pixels)."""
    return along * (2 * math.pi / (wavelength * plane.reach).clamp_min(SHORTEST_WAVE))


def faded(plane: Plane) -> Float[Tensor, "1 h w"]:
    """1 within the reach, then down to 0 by half a cosine over ``FADE`` of it."""
    beyond = (torch.hypot(plane.x, plane.y) - plane.reach) / max(1.0, FADE * plane.reach)
    return 0.5 + 0.5 * torch.cos(math.pi * beyond.clamp(0, 1))
