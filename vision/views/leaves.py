"""leaves(): pictures of things that hide each other - discs, polygons, bars, rings - moved by their parameters."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core import provenance
from core.errors import BadInput
from core.symmetry.views import View
from vision.views.action import Action
from vision.views.leaf_drawing import GRATING, PLAIN, RAMP, SIDES, Leaves, draw
from vision.views.seen import Seen, colours, generated

SIZES = (0.04, 0.4)
"""Radii of the smallest and largest leaves, in shorter sides of the picture."""

SMALLEST = 1.5
"""Pixels below which no radius is drawn from."""

DEPTH = 5.0
"""Leaves over each place, on average: e^-5 of a picture shows the ground."""

KINDS = {"disc": 0.35, "triangle": 0.15, "quadrangle": 0.2, "bar": 0.3}
TEXTURES = {"plain": 0.4, "grating": 0.35, "ramp": 0.25}
RINGS = 0.2
"""Shares of the leaves' kinds and textures, and of those that are but a margin."""

LONGEST = 1.5
"""Wave length of the longest grating, in radii of its leaf."""

SHORTEST = 4.0
"""Wave length of the shortest grating, in pixels."""


def leaves(
    action: Action,
    *,
    count: int,
    size: tuple[int, int],
    seed: int = 0,
    channels: int = 3,
    chroma: float = 1.0,
    sizes: tuple[float, float] = SIZES,
) -> Seen:
    """Dead leaves [lee2001]: pictures of opaque things of all sizes at random places, with edges, curves, corners.

    An element acts on the leaves' parameters, and they are drawn anew, so that turned views are as sharp as the
    first. Leaves lie all over a disc larger than the picture, and places, directions and hues are spread evenly: the
    pictures' distribution is the same under turns, mirrors, hues and inversions. Radii r have density r^-3, which
    no enlargement changes between the smallest and the largest. Colours stay in [0, 1] under every hue.

    Parameters
    ----------
    chroma
        how colourful: at 1 the most vivid colours are as vivid as can be turned to any hue; 0 is grey.
    sizes
        radii of the smallest and largest leaves, in shorter sides of the picture.

    Raises
    ------
    BadInput
        if the action cannot act on such pictures: phases are none of a leaf's parameters.

    >>> from vision.views.actions import rotation
    >>> view = next(leaves(rotation(4), count=2, size=(32, 32)).batches(2))
    >>> torch.allclose(view(1), torch.rot90(view(0), 1, (2, 3)), atol=1e-3)
    True
    """
    if action.shifts:
        raise BadInput(
            f"{action.group.name} shifts phases, which leaves do not have; take waves or photographs"
        )
    if not 0 < sizes[0] < sizes[1] or not 0 <= chroma <= 1:
        raise BadInput(
            f"leaves take sizes above 0, the smaller first, and chroma in 0 to 1; got {sizes}, {chroma}"
        )
    radii = (
        max(SMALLEST, sizes[0] * min(size)),
        max(2 * SMALLEST, sizes[1] * min(size)) / action.factors.min(),
    )
    disc = float(np.hypot(*size) / 2 / action.factors.min()) + 1

    def one(number: int) -> Leaves:
        return _fallen(np.random.default_rng((seed, number)), radii, disc, channels, chroma)

    def drawn(numbers: range) -> View:
        together = _stacked([one(number) for number in numbers])

        def view(element: int) -> Tensor:
            tint = colours(action, element, channels)
            return torch.from_numpy(draw(together, action.spatial[element], tint, size))

        return view

    marks = (seed, count, size, channels, chroma, sizes, DEPTH, KINDS, TEXTURES, RINGS)
    mark = provenance.fingerprint("leaves", action.fingerprint, str(marks))
    return generated(action, drawn, count=count, size=size, channels=channels, fingerprint=mark)


def _fallen(
    random: np.random.Generator, radii: tuple[float, float], disc: float, channels: int, chroma: float
) -> Leaves:
    """The leaves of one picture, without the axis of pictures: all that reach into a disc around its centre."""
    low, high = radii
    area = np.pi * 2 * np.log(high / low) / (low**-2 - high**-2)  # the mean of pi r^2
    number = round(DEPTH * np.pi * (disc + high) ** 2 / area)
    share, along, angle = random.random((3, number))
    radius = (low**-2 - share * (low**-2 - high**-2)) ** -0.5
    away = (disc + high) * np.sqrt(along)
    near = away < disc + radius
    radius, away, angle = radius[near], away[near], 2 * np.pi * angle[near]
    planes = _outlines(random, radius)
    texture, wave = _textures(random, radius)
    ring = np.where(
        random.random(len(radius)) < RINGS,
        random.uniform(0.15, 0.4, len(radius)) * np.minimum(planes[:, 0, 2], radius),
        0,
    )
    return Leaves(
        np.stack([away * np.sin(angle), away * np.cos(angle)], -1),
        radius,
        planes,
        ring,
        texture,
        wave,
        _colours(random, 2 * len(radius), channels, chroma).reshape(-1, 2, channels),
        _colours(random, 1, channels, chroma)[0],
    )


def _outlines(random: np.random.Generator, radius: Float[np.ndarray, "l"]) -> Float[np.ndarray, "l 4 3"]:
    """Each leaf's half planes: polygons are somewhat out of shape, bars three to ten times as long as wide."""
    count = len(radius)
    kind = random.choice(list(KINDS), count, p=list(KINDS.values()))
    disc, triangle, bar = (kind == name for name in ("disc", "triangle", "bar"))
    corners = np.where(triangle, 3, 4)[:, None]
    uneven = np.where(bar[:, None], 0, random.uniform(-0.12, 0.12, (count, SIDES)))
    angle = 2 * np.pi * (random.random((count, 1)) + (np.arange(SIDES) % corners + uneven) / corners)
    distance = np.where(triangle, 0.55, 0.75)[:, None] * random.uniform(0.85, 1.15, (count, SIDES))
    thin = random.uniform(0.1, 0.33, count)
    distance[bar] = np.stack([thin, np.full(count, 0.94), thin, np.full(count, 0.94)], -1)[bar]
    distance[disc] = 2
    return np.stack([np.sin(angle), np.cos(angle), distance * radius[:, None]], -1)


def _textures(
    random: np.random.Generator, radius: Float[np.ndarray, "l"]
) -> tuple[Int[np.ndarray, "l"], Float[np.ndarray, "l 3"]]:
    """What each leaf's texture is, its frequency (y, x) in radians per pixel, and its phase."""
    count = len(radius)
    texture = random.choice([PLAIN, GRATING, RAMP], count, p=list(TEXTURES.values()))
    texture[(texture == GRATING) & (radius < SHORTEST)] = PLAIN
    share, angle, phase = random.random((3, count))
    longest = np.maximum(LONGEST * radius, SHORTEST)
    length = SHORTEST * (longest / SHORTEST) ** share
    frequency = np.where(texture == GRATING, 2 * np.pi / length, 1 / radius)
    phase = np.where(texture == GRATING, 2 * np.pi * phase, 0)
    angle = 2 * np.pi * angle
    return texture, np.stack([frequency * np.sin(angle), frequency * np.cos(angle), phase], -1)


def _colours(
    random: np.random.Generator, count: int, channels: int, chroma: float
) -> Float[np.ndarray, "n c"]:
    """Colours less mid grey, evenly spread over grey values and hues, within the cube at every hue."""
    if channels != 3:
        return random.uniform(-0.45, 0.45, (count, channels))
    value, vivid, hue = (
        random.uniform(-0.45, 0.45, count),
        random.random(count),
        2 * np.pi * random.random(count),
    )
    widest = (0.5 - np.abs(value)) * 1.5**0.5  # from the grey axis to the cube's nearest face
    across = np.array([[2, -1, -1], [0, 3**0.5, -(3**0.5)]]) / 6**0.5
    return value[:, None] + (chroma * vivid * widest)[:, None] * (
        np.stack([np.cos(hue), np.sin(hue)], -1) @ across
    )


def _stacked(pictures: list[Leaves]) -> Leaves:
    """Leaves of several pictures in one; those with fewer get more of no size."""
    most = max(len(picture.radius) for picture in pictures)

    def full(part: np.ndarray) -> np.ndarray:
        part = np.concatenate([part, np.zeros((most - len(part), *part.shape[1:]), part.dtype)])
        return part.astype(np.int8 if part.dtype.kind == "i" else np.float32)

    parts = {
        name: np.stack([full(getattr(picture, name)) for picture in pictures])
        for name in Leaves._fields
        if name != "ground"
    }
    return Leaves(**parts, ground=np.stack([picture.ground for picture in pictures]).astype(np.float32))
