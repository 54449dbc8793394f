"""Corners: two arms, or a filled wedge, that meet at an angle."""

from jaxtyping import Float
from torch import Tensor

from vision.stimuli.curves import THICKNESS, body, wedge
from vision.stimuli.plane import Plane, turned
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """A corner whose tip is at the centre and points along the orientation; ``opening`` degrees between its arms."""
    along, across = turned(plane, values["orientation"])
    return body(plane, wedge(along, across, values["opening"]), values, THICKNESS)[:, None]


CORNERS = Stimulus(
    "corners",
    "corner",
    "orientation",
    360.0,
    {"opening": (60.0, 120.0), "filled": (0.0, 1.0), "polarity": (1.0, -1.0)},
    draw,
    "the tip points towards the orientation: 0 to the right, 90 upwards",
)
