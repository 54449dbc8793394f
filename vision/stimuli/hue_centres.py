"""Colour centre-surround: a disc of one hue on grey, on the opposite hue, and the like."""

import torch
from jaxtyping import Float
from torch import Tensor

from vision.stimuli.hues import hue
from vision.stimuli.plane import Plane, inside
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 3 h w"]:
    """``arrangement``: the hue on grey (0), on the opposite hue (1), the opposite hue around grey (2)."""
    kind, radius = values["arrangement"], values["radius"] * plane.reach
    disc = inside(torch.hypot(plane.x, plane.y) - radius)
    within = torch.where(kind == 2, 0.0, 1.0)
    around = torch.where(kind == 0, 0.0, -1.0)
    return hue(values["hue"]) * (disc * within + (1 - disc) * around)[:, None]


HUE_CENTRES = Stimulus(
    "hue_centres",
    "colour centre-surround",
    "hue",
    360.0,
    {"radius": (0.35, 0.7), "arrangement": (0.0, 1.0, 2.0)},
    draw,
    "the hue of the centre (around grey: the opposite of the surround's): 0 red, 120 green, 240 blue",
    colour=True,
)
