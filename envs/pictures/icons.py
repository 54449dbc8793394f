"""Icons as formulas: one function a thing, from coordinates in the unit square to coloured layers.

``ICONS`` maps an icon's name to its drawing. A drawing gets ``x`` and ``y`` in [0, 1] (y downwards) and returns
layers ``(mask, colour)``, later ones on top; masks are boolean, smooth edges come from drawing large and averaging.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

Colour = tuple[int, int, int]
Layers = list[tuple[np.ndarray, Colour]]
Drawing = Callable[[np.ndarray, np.ndarray], Layers]

FLOOR: Colour = (243, 239, 230)
WALL: Colour = (72, 82, 99)
SHELF: Colour = (186, 190, 200)
WALL_LIGHT: Colour = (94, 105, 124)
GREY: Colour = (128, 126, 133)
DARK: Colour = (52, 50, 58)
PINK: Colour = (236, 152, 160)
YELLOW: Colour = (247, 193, 42)
ORANGE: Colour = (214, 145, 22)
RED: Colour = (204, 60, 48)
GREEN: Colour = (0, 148, 104)
BLUE: Colour = (28, 104, 190)
PURPLE: Colour = (150, 70, 160)
TEAL: Colour = (66, 150, 176)
WHITE: Colour = (255, 255, 255)
BROWN: Colour = (112, 72, 42)
CHESTNUT: Colour = (168, 112, 62)
SKIN: Colour = (244, 204, 170)
LEAF: Colour = (46, 125, 70)
LEAF_DARK: Colour = (32, 96, 56)


def _disc(x: np.ndarray, y: np.ndarray, centre: tuple[float, float], radius: float) -> np.ndarray:
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def _floor(x: np.ndarray, y: np.ndarray) -> Layers:
    return []


def _shelf(x: np.ndarray, y: np.ndarray) -> Layers:
    """Where the strip of things that are held has none: a grey board with a dark edge below."""
    return [(x >= 0, SHELF), (y >= 0.93, WALL)]


@lru_cache(maxsize=64)
def on_shelf(drawing: str | Drawing) -> Drawing:
    """The same thing in the strip of things that are held, which must not look like a part of the grid."""
    drawn = ICONS[drawing] if isinstance(drawing, str) else drawing
    return lambda x, y: [*_shelf(x, y), *drawn(x, y)]


def _wall(x: np.ndarray, y: np.ndarray) -> Layers:
    return [(x >= 0, WALL), ((y < 0.08) | (x < 0.08), WALL_LIGHT)]


def _mouse(x: np.ndarray, y: np.ndarray) -> Layers:
    """A face: two round ears, two eyes, a pink nose."""
    ears = _disc(x, y, (0.23, 0.27), 0.19) | _disc(x, y, (0.77, 0.27), 0.19)
    inner = _disc(x, y, (0.23, 0.27), 0.1) | _disc(x, y, (0.77, 0.27), 0.1)
    face = ((x - 0.5) / 0.34) ** 2 + ((y - 0.56) / 0.36) ** 2 <= 1
    eyes = _disc(x, y, (0.37, 0.5), 0.065) | _disc(x, y, (0.63, 0.5), 0.065)
    return [(ears, GREY), (inner, PINK), (face, GREY), (eyes, DARK), (_disc(x, y, (0.5, 0.75), 0.085), PINK)]


def _cheese(x: np.ndarray, y: np.ndarray) -> Layers:
    """A wedge with a rind and three holes."""
    wedge = (x >= 0.08) & (x <= 0.92) & (y <= 0.84) & (y >= 0.62 - 0.5 * x)
    side = wedge & (y >= 0.6)
    holes = (
        _disc(x, y, (0.62, 0.46), 0.085) | _disc(x, y, (0.36, 0.71), 0.075) | _disc(x, y, (0.74, 0.72), 0.07)
    )
    return [(wedge, YELLOW), (side, (240, 178, 28)), (wedge & (y >= 0.78), ORANGE), (wedge & holes, ORANGE)]


def _robot(x: np.ndarray, y: np.ndarray) -> Layers:
    """A square head with an aerial, two bright eyes and a mouth."""
    head = (abs(x - 0.5) <= 0.34) & (abs(y - 0.58) <= 0.3)
    aerial = ((abs(x - 0.5) <= 0.04) & (y <= 0.3) & (y >= 0.12)) | _disc(x, y, (0.5, 0.12), 0.09)
    ears = (abs(x - 0.5) <= 0.43) & (abs(y - 0.56) <= 0.11)
    eyes = _disc(x, y, (0.35, 0.5), 0.1) | _disc(x, y, (0.65, 0.5), 0.1)
    mouth = (abs(x - 0.5) <= 0.19) & (abs(y - 0.74) <= 0.045)
    return [(aerial | ears, DARK), (head, TEAL), (eyes, WHITE), (mouth, DARK)]


def _coin(x: np.ndarray, y: np.ndarray) -> Layers:
    """A disc with a rim and a stroke on it."""
    centre = (0.5, 0.5)
    stroke = (abs(x - 0.5) <= 0.065) & (abs(y - 0.5) <= 0.19)
    return [(_disc(x, y, centre, 0.4), ORANGE), (_disc(x, y, centre, 0.31), YELLOW), (stroke, ORANGE)]


def _lava(x: np.ndarray, y: np.ndarray) -> Layers:
    """The whole cell: a glowing surface with two dark waves."""
    layers: Layers = [(x >= 0, RED)]
    for level in (0.3, 0.7):
        crest = level + 0.09 * np.sin(4 * np.pi * x)
        layers += [(abs(y - crest) <= 0.1, ORANGE), (abs(y - crest) <= 0.04, YELLOW)]
    return layers


def _partner(x: np.ndarray, y: np.ndarray) -> Layers:
    """A person: a head above shoulders."""
    shoulders = ((x - 0.5) / 0.36) ** 2 + ((y - 0.95) / 0.42) ** 2 <= 1
    return [(shoulders & (y <= 0.93), PURPLE), (_disc(x, y, (0.5, 0.3), 0.21), PURPLE)]


def _beacon(shape: np.ndarray, rim: np.ndarray, colour: Colour) -> Layers:
    return [(rim, DARK), (shape, colour)]


def _red_beacon(x: np.ndarray, y: np.ndarray) -> Layers:
    """A triangle."""
    inner, outer = ((y <= 0.88 - d) & (y >= 0.1 + 2 * abs(x - 0.5) + 2.2 * d) for d in (0.06, 0.0))
    return _beacon(inner, outer, RED)


def _green_beacon(x: np.ndarray, y: np.ndarray) -> Layers:
    """A square."""
    inner, outer = (np.maximum(abs(x - 0.5), abs(y - 0.5)) <= r for r in (0.28, 0.34))
    return _beacon(inner, outer, GREEN)


def _blue_beacon(x: np.ndarray, y: np.ndarray) -> Layers:
    """A disc."""
    return _beacon(_disc(x, y, (0.5, 0.5), 0.32), _disc(x, y, (0.5, 0.5), 0.38), BLUE)


def _yellow_beacon(x: np.ndarray, y: np.ndarray) -> Layers:
    """A lozenge."""
    inner, outer = (abs(x - 0.5) + abs(y - 0.5) <= r for r in (0.38, 0.46))
    return _beacon(inner, outer, YELLOW)


def _white_beacon(x: np.ndarray, y: np.ndarray) -> Layers:
    """A cross."""
    dx, dy = abs(x - 0.5), abs(y - 0.5)
    inner, outer = (
        (np.minimum(dx, dy) <= a) & (np.maximum(dx, dy) <= b) for a, b in ((0.1, 0.34), (0.16, 0.4))
    )
    return _beacon(inner, outer, WHITE)


def _key(x: np.ndarray, y: np.ndarray) -> Layers:
    """A ring, a shaft and two teeth, edged in dark."""
    x, y = (x + y) / 2, (y - x) / 2 + 0.5  # drawn level, shown falling to the right
    x, y = 1.3 * (x - 0.46) + 0.46, 1.3 * (y - 0.5) + 0.5

    def key(rim: float) -> np.ndarray:
        ring = _disc(x, y, (0.26, 0.5), 0.17 + rim) & ~_disc(x, y, (0.26, 0.5), 0.075 - rim)
        shaft = (np.abs(y - 0.5) <= 0.045 + rim) & (x >= 0.4) & (x <= 0.9 + rim)
        teeth = (np.abs(np.abs(x - 0.77) - 0.09) <= 0.04 + rim) & (y >= 0.5) & (y <= 0.66 + rim)
        return ring | shaft | teeth

    return [(key(0.03), DARK), (key(0.0), YELLOW)]


def _chest(x: np.ndarray, y: np.ndarray) -> Layers:
    """A brown box with a round lid, dark bands and a lock."""
    body = (np.abs(x - 0.5) <= 0.4) & (y >= 0.46) & (y <= 0.86)
    lid = (((x - 0.5) / 0.4) ** 2 + ((y - 0.46) / 0.3) ** 2 <= 1) & (y <= 0.46)
    box = body | lid
    bands = box & ((np.abs(np.abs(x - 0.5) - 0.24) <= 0.035) | (np.abs(y - 0.46) <= 0.03))
    lock = (np.abs(x - 0.5) <= 0.085) & (np.abs(y - 0.5) <= 0.1)
    return [(box, BROWN), (lid, CHESTNUT), (bands, DARK), (lock, YELLOW)]


def _tree(x: np.ndarray, y: np.ndarray) -> Layers:
    """A fir of three tiers, each with its shaded half, on a trunk."""
    tiers = np.zeros(x.shape, bool)
    for top, foot, half in ((0.04, 0.38, 0.24), (0.2, 0.6, 0.33), (0.4, 0.82, 0.42)):
        tiers |= (y >= top) & (y <= foot) & (abs(x - 0.5) <= half * (y - top) / (foot - top))
    trunk = (abs(x - 0.5) <= 0.08) & (y >= 0.8) & (y <= 0.96)
    return [(trunk, BROWN), (tiers, LEAF), (tiers & (x > 0.5), LEAF_DARK)]


def _lumberjack(x: np.ndarray, y: np.ndarray) -> Layers:
    """A face under a red cap, with a full beard."""
    face = _disc(x, y, (0.5, 0.5), 0.33)
    beard = (((x - 0.5) / 0.37) ** 2 + ((y - 0.64) / 0.32) ** 2 <= 1) & (y >= 0.58)
    cap = (((x - 0.5) / 0.38) ** 2 + ((y - 0.36) / 0.3) ** 2 <= 1) & (y <= 0.36)
    brim = (abs(x - 0.5) <= 0.44) & (abs(y - 0.36) <= 0.055)
    eyes = _disc(x, y, (0.37, 0.5), 0.06) | _disc(x, y, (0.63, 0.5), 0.06)
    mouth = (abs(x - 0.5) <= 0.13) & (abs(y - 0.71) <= 0.04)
    return [(face, SKIN), (beard, BROWN), (cap, RED), (brim, DARK), (eyes, DARK), (mouth, SKIN)]


def _monster(x: np.ndarray, y: np.ndarray) -> Layers:
    """A horned, ragged ghost with slanted eyes."""
    body = _disc(x, y, (0.5, 0.48), 0.34) | ((abs(x - 0.5) <= 0.34) & (y >= 0.48) & (y <= 0.78))
    rags = (abs(x - 0.5) <= 0.34) & (y >= 0.7) & (y <= 0.94 - 0.9 * abs((x - 0.16) % 0.2267 - 0.1133))
    horns = (y >= 0.04) & (y <= 0.4) & (abs(abs(x - 0.5) - 0.27) <= 0.4 * (y - 0.04))
    eyes = (abs(abs(x - 0.5) - 0.15) <= 0.11) & (abs(y - 0.56 + 0.5 * abs(x - 0.5)) <= 0.075)
    return [(horns, DARK), (body | rags, DARK), (eyes, YELLOW)]


def _shield(x: np.ndarray, y: np.ndarray) -> Layers:
    """A pointed shield with a light cross."""

    def outline(rim: float) -> np.ndarray:
        sides = 0.38 * np.sqrt(np.clip((0.94 - y) / 0.54, 0, 1))
        return (y >= 0.08 + rim) & (y <= 0.94 - rim) & (abs(x - 0.5) <= np.minimum(0.38, sides) - rim)

    inner = outline(0.06)
    cross = inner & ((abs(x - 0.5) <= 0.05) | (abs(y - 0.4) <= 0.05))
    return [(outline(0.0), DARK), (inner, BLUE), (cross, WHITE)]


def _apple(x: np.ndarray, y: np.ndarray) -> Layers:
    """Two cheeks, a stalk and a leaf."""
    flesh = _disc(x, y, (0.36, 0.6), 0.27) | _disc(x, y, (0.64, 0.6), 0.27)
    stalk = (abs(x - 0.5 - 0.3 * (0.4 - y)) <= 0.035) & (y >= 0.12) & (y <= 0.42)
    leaf = ((x - 0.7) / 0.17) ** 2 + ((y - 0.2 - 0.3 * (0.7 - x)) / 0.09) ** 2 <= 1
    return [(flesh, RED), (stalk, BROWN), (leaf, LEAF), (_disc(x, y, (0.3, 0.52), 0.07), WHITE)]


ICONS: dict[str, Drawing] = {
    "floor": _floor,
    "shelf": _shelf,
    "wall": _wall,
    "mouse": _mouse,
    "cheese": _cheese,
    "robot": _robot,
    "coin": _coin,
    "lava": _lava,
    "partner": _partner,
    "red beacon": _red_beacon,
    "green beacon": _green_beacon,
    "blue beacon": _blue_beacon,
    "yellow beacon": _yellow_beacon,
    "white beacon": _white_beacon,
    "key": _key,
    "chest": _chest,
    "tree": _tree,
    "lumberjack": _lumberjack,
    "monster": _monster,
    "shield": _shield,
    "apple": _apple,
}


@lru_cache(maxsize=256)
def icon(drawing: str | Drawing, size: int) -> np.ndarray:
    """A drawing, or one of ``ICONS``, on floor: uint8 (3, size, size), averaged from 8 times the resolution.

    >>> icon("cheese", 16).shape
    (3, 16, 16)
    """
    fine = 8 * size
    y, x = (np.indices((fine, fine)) + 0.5) / fine
    picture = np.empty((fine, fine, 3))
    picture[:] = FLOOR
    for mask, colour in (ICONS[drawing] if isinstance(drawing, str) else drawing)(x, y):
        picture[mask] = colour
    small = picture.reshape(size, 8, size, 8, 3).mean(axis=(1, 3))
    return np.ascontiguousarray(small.round().astype(np.uint8).transpose(2, 0, 1))
