"""Input scaling as text - the form in which weights files state it - to an InputSpec."""

import re

from core.errors import BadInput
from core.subject import InputSpec

FORM = 'RGB 0..255 minus (123, 117, 104)" or "RGB 0..1, mean (.485, .456, .406) std (.229, .224, .225), 32x32'

_NUMBERS = r"\(\s*([-+.\deE]+(?:\s*,\s*[-+.\deE]+)*)\s*\)"
_RANGE = re.compile(r"^\s*(?P<colour>[a-z]+)\s+0\s*\.\.\s*(?P<top>[\d.]*\d)", re.I)
_MEAN = re.compile(rf"\b(?:minus|mean)\s*{_NUMBERS}", re.I)
_STD = re.compile(rf"\b(?:std|divided by)\s*{_NUMBERS}", re.I)
_SIZE = re.compile(r"(\d+)\s*x\s*(\d+)\s*$")


def parse_scaling(text: str, *, size: int | None = None, usual: int | None = None) -> InputSpec:
    """The InputSpec that a text such as ``RGB 0..255 minus (123, 117, 104), 224x224`` describes.

    Mean and standard deviation are in the units of the stated range. A ``size`` (pixels) goes before the
    text's own, ``usual`` behind it.

    Raises
    ------
    BadInput
        if the text is not of that form, its colour order is not RGB, or no size is known.

    >>> spec = parse_scaling("RGB 0..255 minus (51, 102, 0)", size=224)
    >>> spec.mean, round(1 / spec.std[0])
    ((0.2, 0.4, 0.0), 255)
    """
    found = _RANGE.search(text)
    if found is None:
        raise BadInput(f'input scaling {text!r} is not understood; expected the form "{FORM}"')
    if found["colour"].lower() != "rgb":
        raise BadInput(
            f"input scaling {text!r} is for {found['colour']} images; expected RGB (turn the first layer's "
            "input channels round and save the weights again)"
        )
    top = float(found["top"])
    rest = text[found.end() :]
    mean, std = _triple(_MEAN, rest, 0.0), _triple(_STD, rest, 1.0)
    if top <= 0 or min(std) <= 0:
        raise BadInput(f"input scaling {text!r} has a range or a standard deviation that is not above 0")
    height, width = _shape(text, size, usual)
    return InputSpec((3, height, width), tuple(m / top for m in mean), tuple(s / top for s in std))


def _triple(pattern: re.Pattern[str], text: str, otherwise: float) -> tuple[float, ...]:
    found = pattern.search(text)
    if found is None:
        return (otherwise,) * 3
    try:
        values = tuple(float(number) for number in found[1].split(","))
    except ValueError as error:
        raise BadInput(f"{found[1]!r} in the input scaling is not three numbers") from error
    if len(values) != 3:
        raise BadInput(
            f"{found[0]!r} in the input scaling has {len(values)} numbers; expected 3, one a channel"
        )
    return values


def _shape(text: str, size: int | None, usual: int | None) -> tuple[int, int]:
    if size is not None:
        return size, size
    found = _SIZE.search(text)
    if found is not None:
        return int(found[1]), int(found[2])
    if usual is None:
        raise BadInput(f"input scaling {text!r} says no size; end it with one in pixels, such as ', 224x224'")
    return usual, usual
