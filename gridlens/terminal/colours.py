"""Colour on a terminal: how much of it there is, and the escape sequences for it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

Colour = tuple[int, int, int]
Depth = Literal["none", "256", "full"]

RESET = "\x1b[0m"
LEVELS = (0, 95, 135, 175, 215, 255)
"""Shades of the 6 x 6 x 6 cube of 256-colour terminals."""


def depth(environment: Mapping[str, str]) -> Depth:
    """How many colours the terminal shows, by NO_COLOR, TERM and COLORTERM.

    >>> depth({"TERM": "xterm-256color"}), depth({"TERM": "xterm", "NO_COLOR": "1"})
    ('256', 'none')
    """
    windows = "WT_SESSION" in environment
    if environment.get("NO_COLOR") or environment.get("TERM", "" if windows else "dumb") in ("dumb", "vt100"):
        return "none"
    if environment.get("COLORTERM") in ("truecolor", "24bit") or windows:
        return "full"
    return "256"


def painted(text: str, *, ink: Colour | None = None, paper: Colour | None = None, depth: Depth) -> str:
    """The text in that colour on that background.

    >>> painted("a", ink=(255, 0, 0), depth="256")
    '\\x1b[38;5;196ma\\x1b[0m'
    """
    if depth == "none" or (ink is None and paper is None):
        return text
    codes = [_code(38, ink, depth)] * (ink is not None) + [_code(48, paper, depth)] * (paper is not None)
    return f"\x1b[{';'.join(codes)}m{text}{RESET}"


def _code(kind: int, colour: Colour | None, depth: Depth) -> str:
    red, green, blue = colour or (0, 0, 0)
    if depth == "full":
        return f"{kind};2;{red};{green};{blue}"
    return f"{kind};5;{_of_256((red, green, blue))}"


@lru_cache(maxsize=4096)
def _of_256(colour: Colour) -> int:
    """The nearest of the cube's colours and of the 24 greys."""
    cube = [min(range(6), key=lambda k, shade=shade: abs(LEVELS[k] - shade)) for shade in colour]  # type: ignore[misc]
    grey = min(range(24), key=lambda k: sum(abs(8 + 10 * k - shade) for shade in colour))
    of_cube = sum(abs(LEVELS[k] - shade) for k, shade in zip(cube, colour, strict=True))
    of_grey = sum(abs(8 + 10 * grey - shade) for shade in colour)
    return 232 + grey if of_grey < of_cube else 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
