"""Circles: rings and discs, light or dark, over their radius."""

import torch
from jaxtyping import Float
from torch import Tensor

from vision.stimuli.curves import body
from vision.stimuli.plane import Plane
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """A circle of that radius around the centre, drawn as a line or filled."""
    distance = torch.hypot(plane.x, plane.y) - values["radius"] * plane.reach
    return body(plane, distance, values, 0.2)[:, None]


CIRCLES = Stimulus(
    "circles",
    "circle",
    "radius",
    None,
    {"filled": (0.0, 1.0), "polarity": (1.0, -1.0)},
    draw,
    "the radius",
)
