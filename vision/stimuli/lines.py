"""Lines: one straight line, light or dark, through the centre or beside it."""

from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane, stroke, turned
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """A line along the orientation, ``offset`` to its left."""
    _, across = turned(plane, values["orientation"])
    distance = across - values["offset"] * plane.reach
    return (values["polarity"] * stroke(plane, distance, values["thickness"]))[:, None]


LINES = Stimulus(
    "lines",
    "line",
    "orientation",
    180.0,
    {"thickness": (0.15, 0.4), "offset": (0.0, 0.35, -0.35), "polarity": (1.0, -1.0)},
    draw,
    "the direction of the line: 0 level, 90 upright",
    odd=("offset",),
)
