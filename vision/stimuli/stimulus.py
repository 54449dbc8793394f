"""Stimulus: one kind of synthetic picture - what is turned along its axis, what else may vary, how it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from vision.stimuli.plane import Plane

Axis = Literal["orientation", "hue", "radius"]
Values = Mapping[str, Tensor]
"""Each option, and the axis, by name, as (n, 1, 1): angles in degrees, lengths in units of the field's radius."""
Draw = Callable[[Plane, Values], Float[Tensor, "n #c h w"]]
"""Contrast to the grey surround, in [-1, 1]: one channel for grey pictures, three for coloured ones."""


@dataclass(frozen=True)
class Stimulus:
    """A family of pictures over one axis.

    ``period`` is after how many degrees along the axis the pictures repeat (all options taken together), None for
    lengths. ``options`` are the other properties with the values that are tried; ``odd`` names those that change sign
    when a picture of period 180 is turned by 180 degrees (a grating's phase, a line's offset). ``about`` says what
    0 degrees is.
    """

    name: str
    label: str
    axis: Axis
    period: float | None
    options: Mapping[str, tuple[float, ...]]
    draw: Draw = field(repr=False)
    about: str
    colour: bool = False
    odd: tuple[str, ...] = ()


LENGTHS = ("radius", "thickness", "wavelength", "offset", "width")
"""Options that are lengths, in units of the field's radius."""
ANGLES = ("orientation", "hue", "phase", "opening")
"""Options in degrees."""
WORDS: Mapping[str, Mapping[float, str]] = {
    "polarity": {1.0: "light", -1.0: "dark"},
    "filled": {0.0: "drawn as a line", 1.0: "filled"},
    "arrangement": {0.0: "on grey", 1.0: "on the opposite hue", 2.0: "the opposite around grey"},
}
"""Options whose values are kinds, and what these are called."""


def option_text(name: str, value: float, reach: float) -> str:
    """An option's value in words, lengths in pixels for a field of radius ``reach`` pixels.

    >>> option_text("radius", 0.5, 24.0), option_text("polarity", -1.0, 24.0), option_text("phase", 90.0, 24.0)
    ('radius 12 px', 'dark', 'phase 90°')
    """
    if name in WORDS:
        return WORDS[name][value]
    if name in LENGTHS:
        return f"{name} {value * reach:.3g} px"
    return f"{name} {value:g}°" if name in ANGLES else f"{name} {value:g}"
