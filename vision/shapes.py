"""The procedural data set: sixteen classes of shapes and textures, every factor of every image known.

Image ``i`` of a data seed depends on the seed and ``i`` alone, so the set has no files and no end. Indices below
``TEST_START`` are for training, those from there on for testing.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from core.errors import BadInput
from vision import drawing
from vision.colours import hsv_to_rgb
from vision.counter_random import pixel_noise, uniforms

SIZE = 48
TEST_START = 1_000_000_000
CHUNK = 64  # images drawn at once: their planes stay in a core's cache
MIN_CONTRAST = 0.22
BACKGROUNDS = ("plain", "shaded", "striped", "mottled")


@dataclass(frozen=True)
class Factor:
    """One thing that varies: ``circular`` (wraps), ``interval`` or ``choice`` (a whole number below ``high``)."""

    name: str
    kind: str
    low: float
    high: float
    unit: str
    meaning: str


FACTORS = (
    Factor("hue", "circular", 0.0, 360.0, "degrees", "hue of the foreground (HSV)"),
    Factor("saturation", "interval", 0.35, 1.0, "", "saturation of the foreground"),
    Factor("value", "interval", 0.3, 1.0, "", "value (HSV) of the foreground"),
    Factor("background_hue", "circular", 0.0, 360.0, "degrees", "hue of the background"),
    Factor("background_saturation", "interval", 0.0, 0.9, "", "saturation of the background"),
    Factor("background_value", "interval", 0.05, 0.95, "", "value of the background"),
    Factor("contrast", "interval", 0.2, 1.0, "RMS over RGB", "difference of the two colours; derived"),
    Factor("background", "choice", 0.0, float(len(BACKGROUNDS)), "", "plain, shaded, striped, mottled"),
    Factor("noise", "interval", 0.0, 0.07, "standard deviation", "grey noise of single pixels"),
    Factor("x", "interval", 0.3, 0.7, "sides from the left", "centre"),
    Factor("y", "interval", 0.3, 0.7, "sides from the top", "centre"),
    Factor(
        "orientation", "circular", 0.0, 360.0, "degrees", "counter-clockwise from rightward; below the period"
    ),
    Factor(
        "size", "interval", 0.15, 0.6, "sides", "radius of a shape, half length of a line, arm of a corner"
    ),
    Factor("thickness", "interval", 0.05, 0.12, "sides", "width of a stroke"),
    Factor("outline", "choice", 0.0, 2.0, "", "1 where only the outline is drawn"),
    Factor("curvature", "interval", 2.2, 7.0, "1 / sides", "one over the radius of a curve"),
    Factor("opening", "interval", 50.0, 120.0, "degrees", "angle between a corner's arms"),
    Factor(
        "frequency", "interval", 1.5, 8.0, "cycles a side", "of a texture or wave; dots and cells: a side"
    ),
    Factor("phase", "circular", 0.0, 360.0, "degrees", "of a texture or wave"),
)
COLOUR_FACTORS = tuple(factor.name for factor in FACTORS[:9])

Ranges = Mapping[str, tuple[float, float]]
_PLACE: Ranges = {"x": (0.3, 0.7), "y": (0.3, 0.7)}
_BODY: Ranges = {**_PLACE, "size": (0.15, 0.36)}
_STROKE: Ranges = {"thickness": (0.05, 0.12)}
_POLYGON: Ranges = {**_BODY, **_STROKE, "size": (0.2, 0.4), "outline": (0.0, 2.0)}


@dataclass(frozen=True)
class ShapeClass:
    """A class: how it is drawn, the turn that maps it to itself (degrees; 0: no orientation), what varies in it."""

    name: str
    draw: Callable[[drawing.Pen], Tensor]
    period: float
    ranges: Ranges


SHAPES = (
    ShapeClass("disc", drawing.disc, 0.0, _BODY),
    ShapeClass("ring", drawing.ring, 0.0, {**_BODY, **_STROKE}),
    ShapeClass("square", drawing.square, 90.0, _POLYGON),
    ShapeClass("triangle", drawing.triangle, 120.0, _POLYGON),
    ShapeClass("star", drawing.star, 72.0, {**_POLYGON, "size": (0.26, 0.45)}),
    ShapeClass("cross", drawing.cross, 90.0, _POLYGON),
    ShapeClass("line", drawing.line, 180.0, {**_PLACE, **_STROKE, "size": (0.22, 0.6)}),
    ShapeClass(
        "arc", drawing.arc, 360.0, {**_PLACE, **_STROKE, "size": (0.22, 0.31), "curvature": (2.2, 5.0)}
    ),
    ShapeClass(
        "corner", drawing.corner, 360.0, {**_PLACE, **_STROKE, "size": (0.24, 0.42), "opening": (50.0, 120.0)}
    ),
    ShapeClass(
        "wave",
        drawing.wave,
        180.0,
        {**_PLACE, **_STROKE, "size": (0.35, 0.5), "frequency": (1.5, 3.0), "phase": (0.0, 360.0)},
    ),
    ShapeClass("grating", drawing.grating, 180.0, {"frequency": (2.5, 8.0), "phase": (0.0, 360.0)}),
    ShapeClass("checkerboard", drawing.checkerboard, 90.0, {"frequency": (3.0, 8.0), "phase": (0.0, 360.0)}),
    ShapeClass("dots", drawing.dots, 90.0, {"frequency": (3.0, 7.0), "phase": (0.0, 360.0)}),
    ShapeClass("bullseye", drawing.bullseye, 0.0, {**_PLACE, "frequency": (2.5, 7.0), "phase": (0.0, 360.0)}),
    ShapeClass("blobs", drawing.blobs, 0.0, {"frequency": (2.0, 5.0)}),
    ShapeClass("gradient", drawing.gradient, 360.0, {"size": (0.3, 0.6)}),
)
CLASSES = tuple(shape.name for shape in SHAPES)
_WAVES = 12
_BACKDROP = 6
_DRAWS = 1 + len(FACTORS) + _BACKDROP + _WAVES


@dataclass(frozen=True, eq=False)
class ShapeImages:
    """Images in [0, 1], class numbers, and each factor's true value (NaN where a class has no such factor)."""

    images: Float32[Tensor, "n 3 size size"] = field(repr=False)
    labels: Int64[Tensor, "n"]
    factors: Mapping[str, np.ndarray] = field(repr=False)

    def __len__(self) -> int:
        return len(self.labels)


def generate(seed: int, indices: int | Sequence[int] | np.ndarray, *, size: int = SIZE) -> ShapeImages:
    """Draw images of a data seed: the first ``indices`` of them, or those of the given numbers.

    Colours are 8-bit levels, as in a photograph's file.

    Raises
    ------
    BadInput
        if an index is negative or the size below 8.

    >>> few, one = generate(0, 40), generate(0, [17])
    >>> bool((few.images[17] == one.images[0]).all()), CLASSES[one.labels[0]]
    (True, 'cross')
    """
    numbers = np.arange(indices) if isinstance(indices, int) else np.asarray(indices, np.int64)
    if size < 8 or numbers.ndim != 1 or (len(numbers) and numbers.min() < 0):
        raise BadInput(f"images are numbered from 0 and at least 8 pixels wide; got size {size}, {indices!r}")
    draws = uniforms(seed, numbers, _DRAWS)
    labels = (draws[:, 0] * len(SHAPES)).astype(np.int64)
    factors = _factors(labels, draws[:, 1 : 1 + len(FACTORS)])
    images = torch.empty(len(numbers), 3, size, size)
    for label, rows in _chunks(labels):
        sheet = _sheet({name: values[rows] for name, values in factors.items()}, draws[rows], size)
        noise = pixel_noise(seed, numbers[rows], size)
        images[torch.from_numpy(rows)] = _paint(sheet, SHAPES[label].draw(_pen(sheet)), noise)
    return ShapeImages(images, torch.from_numpy(labels), factors)


def _chunks(labels: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each class's rows, at most CHUNK at a time."""
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        for start in range(0, len(rows), CHUNK):
            yield int(label), rows[start : start + CHUNK]


def _factors(labels: np.ndarray, draws: np.ndarray) -> dict[str, np.ndarray]:
    factors = {}
    for column, factor in enumerate(FACTORS):
        low, high = np.array([_range(shape, factor) for shape in SHAPES])[labels].T
        values = low + draws[:, column] * (high - low)
        factors[factor.name] = np.floor(values) if factor.kind == "choice" else values
    factors["thickness"] = np.where(factors["outline"] == 0, np.nan, factors["thickness"])
    round_ = np.isin(labels, [CLASSES.index("disc"), CLASSES.index("ring")])
    factors["curvature"] = np.where(round_, 1 / factors["size"], factors["curvature"])
    return _keep_apart(factors)


def _range(shape: ShapeClass, factor: Factor) -> tuple[float, float]:
    if factor.name in COLOUR_FACTORS:
        return factor.low, factor.high
    if factor.name == "orientation":
        return (0.0, shape.period) if shape.period else (np.nan, np.nan)
    return shape.ranges.get(factor.name, (np.nan, np.nan))


def _keep_apart(factors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Move the background's value half a range away where the two colours are too alike to be told apart."""
    close = _contrast(factors) < MIN_CONTRAST
    away = np.where(factors["value"] > 0.6, factors["value"] - 0.5, factors["value"] + 0.5)
    factors["background_value"] = np.where(close, np.clip(away, 0.05, 0.95), factors["background_value"])
    factors["contrast"] = _contrast(factors)
    return factors


def _contrast(factors: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.sqrt(((_colour(factors, "") - _colour(factors, "background_")) ** 2).mean(axis=1))


def _colour(factors: Mapping[str, np.ndarray], where: str) -> np.ndarray:
    return hsv_to_rgb(*(factors[where + part] for part in ("hue", "saturation", "value")))


@dataclass(frozen=True, eq=False)
class _Sheet:
    """What a few images of one class are drawn from: factors as (n, 1, 1), in radians, and further draws."""

    factors: Mapping[str, Tensor]
    colour: Tensor  # (n, 3, 1, 1)
    background: Tensor
    backdrop: Tensor  # (6, n, 1, 1)
    waves: Tensor  # (12, n, 1, 1)
    middles: Tensor  # (size,) of the pixels, in sides


def _sheet(factors: Mapping[str, np.ndarray], draws: np.ndarray, size: int) -> _Sheet:
    table = torch.from_numpy(
        np.stack([*factors.values(), *draws[:, -_WAVES - _BACKDROP :].T], dtype=np.float32)
    )
    columns = table[..., None, None].unbind()
    named = dict(zip(factors, columns, strict=False))
    named |= {name: torch.deg2rad(named[name]) for name in ("orientation", "opening", "phase")}
    colour, background = (
        torch.from_numpy(_colour(factors, where).astype(np.float32))[..., None, None]
        for where in ("", "background_")
    )
    backdrop, waves = table[-_WAVES - _BACKDROP : -_WAVES], table[-_WAVES:]
    middles = (torch.arange(size, dtype=torch.float32) + 0.5) / size
    return _Sheet(named, colour, background, backdrop[..., None, None], waves[..., None, None], middles)


def _pen(sheet: _Sheet) -> drawing.Pen:
    """Coordinates about the centre, turned; the vertical one grows upwards."""
    turn, left, top = (sheet.factors[name] for name in ("orientation", "x", "y"))
    turn = turn.nan_to_num(nan=0.0)
    x = sheet.middles.view(1, 1, -1) - left.nan_to_num(nan=0.5)
    y = top.nan_to_num(nan=0.5) - sheet.middles.view(1, -1, 1)
    cos, sin = torch.cos(turn), torch.sin(turn)
    return drawing.Pen(x * cos + y * sin, y * cos - x * sin, sheet.factors, sheet.waves)


def _paint(sheet: _Sheet, cover: Tensor, noise: Tensor) -> Tensor:
    light = _backdrop(sheet).add_(1)
    images = sheet.background * light[:, None]
    images += (sheet.colour - images).mul_(cover[:, None])
    images += noise.mul_(sheet.factors["noise"][:, None])
    return images.clamp_(0, 1).mul_(255).round_().div_(255)


def _backdrop(sheet: _Sheet) -> Tensor:
    """Relative brightness (n, size, size) of the wall: nothing, a slow ramp, stripes, or two waves crossed."""
    kind, draws = sheet.factors["background"], sheet.backdrop
    slow = torch.where(kind == 1, 0.35, 3 + 6 * draws[0])
    first = _plane_wave(slow, draws[1], draws[2], sheet.middles)
    second = _plane_wave(3 + 6 * draws[3], draws[4], draws[5], sheet.middles)
    height = torch.tensor([0, 0.3, 0.15, 0.25])[kind.long()]
    return torch.where(kind == 3, first * second, first).mul_(height)


def _plane_wave(frequency: Tensor, direction: Tensor, phase: Tensor, middles: Tensor) -> Tensor:
    """sin(a x + b y + c) as two outer products: sines of the margins instead of every pixel."""
    turn = 2 * math.pi
    x = turn * (frequency * torch.cos(turn * direction) * middles.view(1, 1, -1) + phase)
    y = turn * frequency * torch.sin(turn * direction) * middles.view(1, -1, 1)
    return (torch.sin(x) * torch.cos(y)).add_(torch.cos(x) * torch.sin(y))
