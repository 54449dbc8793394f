"""Sprites of one pure colour on black: lines and gems in the eight colours that red, green and blue make."""

from functools import partial

import numpy as np

from envs.pictures.icons import ICONS, Drawing, Layers

COLOURS = ("black", "blue", "green", "cyan", "red", "magenta", "yellow", "white")
"""A colour's number says in binary which of red, green and blue are in it."""
SHAPES = ("line", "gem")


def primaries(colour: int) -> tuple[int, int, int]:
    """Whether red, green and blue are in the colour of that number, 0 or 1 each.

    >>> primaries(COLOURS.index("yellow"))
    (1, 1, 0)
    """
    return colour >> 2 & 1, colour >> 1 & 1, colour & 1


def _sprite(shape: str, colour: int, x: np.ndarray, y: np.ndarray) -> Layers:
    """A diagonal stroke or a lozenge."""
    line = (np.abs(x + y - 1) <= 0.14) & (np.abs(x - y) <= 0.8)
    gem = np.abs(x - 0.5) / 0.34 + np.abs(y - 0.5) / 0.42 <= 1
    red, green, blue = primaries(colour)
    return [(line if shape == "line" else gem, (255 * red, 255 * green, 255 * blue))]


def _on_black(drawing: Drawing, x: np.ndarray, y: np.ndarray) -> Layers:
    return [(x >= 0, (0, 0, 0)), *drawing(x, y)]


PICTURES: tuple[Drawing, ...] = (
    ICONS["wall"],
    partial(_on_black, ICONS["robot"]),
    partial(_on_black, ICONS["floor"]),
    *(partial(_on_black, partial(_sprite, shape, k)) for shape in SHAPES for k in range(len(COLOURS))),
)
"""Wall, agent, bare floor, then the lines and the gems. All but the wall stand on black: black ones are bare floor."""


def appearance(planes: np.ndarray) -> np.ndarray:
    """Which of ``PICTURES`` each cell shows, counted from 1: (n, c, h, w) to uint8 (n, h, w).

    The channels are wall, agent, red, green, blue, line, gem.

    >>> int(appearance(np.array([0, 0, 1, 1, 0, 1, 0], np.uint8).reshape(1, 7, 1, 1))[0, 0, 0])  # a yellow line
    10
    """
    wall, agent, red, green, blue, line, gem = planes.transpose(1, 0, 2, 3)[:7]
    thing = 4 + 4 * red + 2 * green + blue + len(COLOURS) * gem
    out = np.where(line | gem, thing, 3)
    return np.where(wall, 1, np.where(agent, 2, out)).astype(np.uint8)
