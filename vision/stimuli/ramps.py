"""Brightness ramps: from dark to light, evenly."""

from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane, turned
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """Grows lighter along the orientation, from ``width`` before the centre to as much behind it."""
    along, _ = turned(plane, values["orientation"])
    return (along / (values["width"] * plane.reach).clamp_min(1.0)).clamp(-1, 1)[:, None]


RAMPS = Stimulus(
    "ramps",
    "brightness ramp",
    "orientation",
    360.0,
    {"width": (0.5, 1.0, 2.0)},
    draw,
    "it grows lighter towards the orientation: 0 to the right, 90 upwards",
)
