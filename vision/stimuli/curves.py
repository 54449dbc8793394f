"""Curves: corners of 90 degrees rounded by a radius, drawn as a line or filled."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane, inside, stroke, turned
from vision.stimuli.stimulus import Stimulus, Values

THICKNESS = 0.2
"""Of the line, in units of the field's radius."""


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """A rounded corner whose tip is at the centre and bulges along the orientation, after lucid's [olah2018]."""
    along, across = turned(plane, values["orientation"])
    radius = values["radius"] * plane.reach
    distance = wedge(along + radius, across, torch.full_like(radius, 90.0)) - radius
    return body(plane, distance, values, THICKNESS)[:, None]


def wedge(
    along: Float[Tensor, "n h w"], across: Float[Tensor, "n h w"], opening: Float[Tensor, "n 1 1"]
) -> Float[Tensor, "n h w"]:
    """Distance to a wedge of that opening whose tip, at the origin, points along; negative inside."""
    half = opening * (math.pi / 360)
    cos, sin = torch.cos(half), torch.sin(half)
    outward = along * sin + across.abs() * cos
    before_tip = across.abs() * sin - along * cos > 0
    return torch.where(before_tip, outward, torch.hypot(along, across))


def body(
    plane: Plane, distance: Float[Tensor, "n h w"], values: Values, thickness: float
) -> Float[Tensor, "n h w"]:
    """A line along the outline, or what is inside against what is outside; light or dark."""
    line = stroke(plane, distance, torch.full_like(values["filled"], thickness))
    return values["polarity"] * torch.where(values["filled"] > 0, 2 * inside(distance) - 1, line)


CURVES = Stimulus(
    "curves",
    "curve",
    "orientation",
    360.0,
    {"radius": (0.4, 1.0, 2.5), "filled": (0.0, 1.0), "polarity": (1.0, -1.0)},
    draw,
    "the curve bulges towards the orientation: 0 to the right, 90 upwards",
)
