"""Edges: dark on one side of a straight border, light on the other."""

from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane, side, turned
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """Light from ``offset`` on along the orientation, dark before it."""
    along, _ = turned(plane, values["orientation"])
    return side(along - values["offset"] * plane.reach)[:, None]


EDGES = Stimulus(
    "edges",
    "edge",
    "orientation",
    360.0,
    {"offset": (0.0, 0.35, -0.35)},
    draw,
    "the light side lies towards the orientation: 0 to the right, 90 above",
)
