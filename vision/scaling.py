"""Input scaling as text - the form in which weights files state it - to an InputSpec."""

import re

from core.errors import BadInput
from core.subject import RGB, InputSpec

FORM = 'RGB 0..255 minus (123, 117, 104)" or "RGB 0..1, mean (.485, .456, .406) std (.229, .224, .225), 32x32'

GREY = ("grey",)
COLOURS = {"rgb": RGB, "grey": GREY, "gray": GREY}
"""Colour as a text names it, to the channels that an input then has."""

_NUMBERS = r"(?:\(\s*([-+.\deE]+(?:\s*,\s*[-+.\deE]+)*)\s*\)|([-+]?(?:\d+\.?\d*|\.\d+)))"
_RANGE = re.compile(r"^\s*(?P<colour>[a-z]+)\s+0\s*\.\.\s*(?P<top>[\d.]*\d)", re.I)
_MEAN = re.compile(rf"\b(?:minus|mean)\s*{_NUMBERS}", re.I)
_STD = re.compile(rf"\b(?:std|divided by)\s*{_NUMBERS}", re.I)
_SIZE = re.compile(r"(\d+)\s*x\s*(\d+)\s*$")


def parse_scaling(text: str, *, size: int | None = None, usual: int | None = None) -> InputSpec:
    """The InputSpec that a text such as ``RGB 0..255 minus (123, 117, 104), 224x224`` describes.

    Mean and standard deviation are in the units of the stated range, one number a channel or one for all. A text
    that begins with ``grey`` is for images of one channel. A ``size`` (pixels) goes before the text's own, ``usual``
    behind it.

    Raises
    ------
    BadInput
        if the text is not of that form, its colours are neither RGB nor grey, or no size is known.

    >>> spec = parse_scaling("RGB 0..255 minus (51, 102, 0)", size=224)
    >>> spec.mean, round(1 / spec.std[0])
    ((0.2, 0.4, 0.0), 255)
    >>> parse_scaling("grey 0..1, mean 0.5 std 0.25, 28x28").shape
    (1, 28, 28)
    """
    found = _RANGE.search(text)
    if found is None:
        raise BadInput(f'input scaling {text!r} is not understood; expected the form "{FORM}"')
    channels = COLOURS.get(found["colour"].lower())
    if channels is None:
        raise BadInput(
            f"input scaling {text!r} is for {found['colour']} images; expected RGB or grey (for BGR, turn the first "
            "layer's input channels round and save the weights again)"
        )
    top = float(found["top"])
    rest = text[found.end() :]
    mean, std = _numbers(_MEAN, rest, 0.0, len(channels)), _numbers(_STD, rest, 1.0, len(channels))
    if top <= 0 or min(std) <= 0:
        raise BadInput(f"input scaling {text!r} has a range or a standard deviation that is not above 0")
    height, width = _shape(text, size, usual)
    scaled = tuple(m / top for m in mean), tuple(s / top for s in std)
    return InputSpec((len(channels), height, width), *scaled, channels)


def _numbers(pattern: re.Pattern[str], text: str, otherwise: float, count: int) -> tuple[float, ...]:
    found = pattern.search(text)
    if found is None:
        return (otherwise,) * count
    stated = found[1] or found[2]
    try:
        values = tuple(float(number) for number in stated.split(","))
    except ValueError as error:
        raise BadInput(f"{stated!r} in the input scaling is not {_spelt(count)}") from error
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise BadInput(
            f"{found[0]!r} in the input scaling has {len(values)} numbers; expected {count}, one a channel"
        )
    return values


def _spelt(count: int) -> str:
    return "a number" if count == 1 else "three numbers"


def _shape(text: str, size: int | None, usual: int | None) -> tuple[int, int]:
    if size is not None:
        return size, size
    found = _SIZE.search(text)
    if found is not None:
        return int(found[1]), int(found[2])
    if usual is None:
        raise BadInput(f"input scaling {text!r} says no size; end it with one in pixels, such as ', 224x224'")
    return usual, usual
