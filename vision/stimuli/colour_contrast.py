"""Colour contrast: opposite hues on the two sides of a straight border; over its orientation, or over the hue."""

from jaxtyping import Float
from torch import Tensor

from vision.stimuli.hues import hue
from vision.stimuli.plane import Plane, side, turned
from vision.stimuli.stimulus import Stimulus, Values

SIX = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0)
"""Half a turn: the other half is the same pictures with the sides changed over."""


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 3 h w"]:
    """The hue lies towards the orientation, the opposite one away from it."""
    along, _ = turned(plane, values["orientation"])
    return hue(values["hue"]) * side(along)[:, None]


COLOUR_CONTRAST = Stimulus(
    "colour_contrast",
    "colour contrast",
    "orientation",
    360.0,
    {"hue": SIX},
    draw,
    "the hue lies towards the orientation and the opposite one away from it: 0 to the right, 90 above",
    colour=True,
)

HUE_CONTRAST = Stimulus(
    "hue_contrast",
    "hue contrast",
    "hue",
    360.0,
    {"orientation": SIX},
    draw,
    "the hue of the side towards the orientation, the other side has the opposite one: 0 red, 120 green, 240 blue",
    colour=True,
)
