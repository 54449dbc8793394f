"""Gabors: waves of light and dark under a bell."""

import torch
from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane, turned, wave
from vision.stimuli.stimulus import Stimulus, Values

BELL = 0.6
"""Standard deviation of the bell, in units of the field's radius."""


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """Stripes along the orientation; phase 0 has a light stripe at the centre, 90 a dark one to its left."""
    along, across = turned(plane, values["orientation"])
    bell = torch.exp(-(along * along + across * across) / (2 * (BELL * plane.reach) ** 2))
    phase = torch.deg2rad(values["phase"])
    return (bell * torch.cos(wave(plane, across, values["wavelength"]) + phase))[:, None]


GABORS = Stimulus(
    "gabors",
    "Gabor",
    "orientation",
    180.0,
    {"wavelength": (2.0, 1.0, 0.5, 0.25), "phase": (0.0, 90.0, 180.0, 270.0)},
    draw,
    "the direction of the stripes: 0 level, 90 upright",
    odd=("phase",),
)
