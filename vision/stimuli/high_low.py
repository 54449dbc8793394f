"""High-low frequency: a fine texture on one side of a straight border, a coarse one on the other."""

import torch
from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane, side, turned, wave
from vision.stimuli.stimulus import Stimulus, Values


def draw(plane: Plane, values: Values) -> Float[Tensor, "n 1 h w"]:
    """Each texture is the mean of a cosine wave along the orientation and one across it [schubert2021].

    The fine one lies towards the orientation, the coarse one's wavelength is ``ratio`` times its.
    """
    along, across = turned(plane, values["orientation"])
    phase = torch.deg2rad(values["phase"])

    def texture(wavelength: Tensor) -> Tensor:
        waves = [torch.cos(wave(plane, axis, wavelength) + phase) for axis in (along, across)]
        return (waves[0] + waves[1]) / 2

    fine, coarse = texture(values["wavelength"]), texture(values["wavelength"] * values["ratio"])
    share = 0.5 + 0.5 * side(along)
    return (share * fine + (1 - share) * coarse)[:, None]


HIGH_LOW = Stimulus(
    "high_low",
    "high-low frequency",
    "orientation",
    360.0,
    {"wavelength": (0.2, 0.4), "ratio": (2.5, 5.0), "phase": (0.0, 180.0)},
    draw,
    "the fine texture lies towards the orientation: 0 to the right, 90 above",
)
