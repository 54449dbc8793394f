"""Shapes as implicit functions: each takes a Pen and returns how much of every pixel is foreground, in [0, 1].

A distance is negative inside; a pixel's coverage falls from 1 to 0 over one pixel of distance (antialiasing).
Lengths are in image sides, angles in radians counter-clockwise from the rightward horizontal.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float32
from torch import Tensor

Cover = Float32[Tensor, "n size size"]


@dataclass(frozen=True, eq=False)
class Pen:
    """Coordinates (u along the orientation, v across it) about each image's centre, and its factors as (n, 1, 1)."""

    u: Cover
    v: Cover
    factors: Mapping[str, Tensor]
    waves: Tensor  # (12, n, 1, 1) uniform numbers in [0, 1), for textures made of several waves

    def __getitem__(self, factor: str) -> Tensor:
        return self.factors[factor]

    @property
    def size(self) -> int:
        return self.u.shape[-1]

    @property
    def radius(self) -> Cover:
        return torch.hypot(self.u, self.v)

    def fill(self, distance: Cover) -> Cover:
        """Coverage of the region where ``distance`` (in image sides) is negative."""
        return (0.5 - distance * self.size).clamp_(0, 1)

    def body(self, distance: Cover) -> Cover:
        """``fill``, or only an outline of the given thickness where the factor ``outline`` is 1."""
        half = torch.nan_to_num(self["thickness"], nan=0.0) / 2
        return self.fill(torch.where(self["outline"] > 0, (distance + half).abs() - half, distance))

    def stroke(self, distance: Cover) -> Cover:
        """Coverage of a line of the given thickness along ``distance`` = 0."""
        return distance.abs() - self["thickness"] / 2


def disc(pen: Pen) -> Cover:
    return pen.fill(pen.radius - pen["size"])


def ring(pen: Pen) -> Cover:
    return pen.fill(pen.stroke(pen.radius - pen["size"]))


def square(pen: Pen) -> Cover:
    return pen.body(torch.maximum(pen.u.abs(), pen.v.abs()) - pen["size"] * math.sqrt(0.5))


def triangle(pen: Pen) -> Cover:
    sides = [_half_plane(pen, math.pi / 3 + k * 2 * math.pi / 3, pen["size"] / 2) for k in range(3)]
    return pen.body(torch.maximum(torch.maximum(sides[0], sides[1]), sides[2]))


def star(pen: Pen) -> Cover:
    """A pentagram: the points that lie outside at most one of a pentagon's five sides."""
    inner = pen["size"] * math.cos(math.radians(72))
    largest = second = torch.full_like(pen.u, -torch.inf)
    for k in range(5):
        side = _half_plane(pen, math.pi / 5 + k * 2 * math.pi / 5, inner)
        second = torch.maximum(second, torch.minimum(largest, side))
        largest = torch.maximum(largest, side)
    return pen.body(second)


def cross(pen: Pen) -> Cover:
    arm, half = pen["size"], pen["size"] * 0.3
    u, v = pen.u.abs(), pen.v.abs()
    return pen.body(
        torch.minimum(torch.maximum(u - arm, v - half), torch.maximum(u - half, v - arm)),
    )


def line(pen: Pen) -> Cover:
    return pen.fill(torch.maximum(pen.stroke(pen.v), pen.u.abs() - pen["size"]))


def arc(pen: Pen) -> Cover:
    """A piece of a circle; its middle is at the centre and bulges along the orientation."""
    radius = 1 / pen["curvature"]
    half = pen["size"] / radius  # half the angle it spans, at most 90 degrees
    u = pen.u + radius
    ends = pen.v.abs() * torch.cos(half) - u * torch.sin(half)
    return pen.fill(torch.maximum(pen.stroke(torch.hypot(u, pen.v) - radius), ends))


def corner(pen: Pen) -> Cover:
    """Two arms from the centre; the orientation bisects them."""
    cos, sin = torch.cos(pen["opening"] / 2), torch.sin(pen["opening"] / 2)
    v = pen.v.abs()
    along, across = pen.u * cos + v * sin, v * cos - pen.u * sin
    ends = torch.maximum(along - pen["size"], -along - pen["thickness"] / 2)
    return pen.fill(torch.maximum(pen.stroke(across), ends))


def wave(pen: Pen) -> Cover:
    """A winding line; the distance is to first order in the curve's slope."""
    turn, height = 2 * math.pi * pen["frequency"], 0.07
    angle = turn * pen.u + pen["phase"]
    slope = height * turn * torch.cos(angle)
    distance = (pen.v - height * torch.sin(angle)) / torch.sqrt(1 + slope * slope)
    return pen.fill(torch.maximum(pen.stroke(distance), pen.u.abs() - pen["size"]))


def grating(pen: Pen) -> Cover:
    return _ripple(pen, pen.v)


def bullseye(pen: Pen) -> Cover:
    return _ripple(pen, pen.radius)


def checkerboard(pen: Pen) -> Cover:
    turn = math.pi * pen["frequency"]  # a cell is half a period
    first, second = torch.sin(turn * pen.u + pen["phase"]), torch.sin(turn * pen.v + pen["phase"])
    nearest = torch.minimum(first.abs(), second.abs()) / turn
    return pen.fill(-nearest * torch.sign(first * second))


def dots(pen: Pen) -> Cover:
    """Discs on a square lattice; each covers half of the distance to its neighbour."""
    step = 1 / pen["frequency"]
    shift = pen["phase"] / (2 * math.pi) * step
    u, v = (torch.remainder(axis + shift, step) - step / 2 for axis in (pen.u, pen.v))
    return pen.fill(torch.hypot(u, v) - step / 4)


def blobs(pen: Pen) -> Cover:
    """A texture without direction: six plane waves of one frequency, spread over all directions."""
    total = torch.zeros_like(pen.u)
    for k in range(6):
        direction = (k + pen.waves[k]) * (math.pi / 6)
        across = pen.u * torch.cos(direction) + pen.v * torch.sin(direction)
        total += torch.sin(across * (2 * math.pi * pen["frequency"]) + pen.waves[6 + k] * 6.2832)
    return (0.5 + total * 0.3).clamp_(0, 1)


def gradient(pen: Pen) -> Cover:
    """A ramp that rises along the orientation, over twice ``size``."""
    return (0.5 + pen.u / (2 * pen["size"])).clamp_(0, 1)


def _half_plane(pen: Pen, angle: float, offset: Tensor) -> Cover:
    return pen.u * math.cos(angle) + pen.v * math.sin(angle) - offset


def _ripple(pen: Pen, along: Cover) -> Cover:
    return torch.sin(along * (2 * math.pi * pen["frequency"]) + pen["phase"]).mul_(0.5).add_(0.5)
