"""Window: where in the image a layer's middle units look, and the smallest piece of image that they can be shown."""

from dataclasses import dataclass
from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.layers import as_maps
from core.receptive import ReceptiveField, receptive_fields
from core.subject import Subject, layer_named

COVERAGE = 0.98
"""Share of the gradient's energy that counts as the receptive field."""
WORTH = 0.7
"""A piece must be at most this share of the image's area to be used in its place."""
SAME = 1e-4
"""How far, relative to the largest, answers to a piece may lie from those to the whole image."""


@dataclass(frozen=True)
class Window:
    """Images of ``size`` (height, width) show a layer's middle position all it can see.

    ``centre`` (row, column) is the pixel that it looks at and ``reach`` the radius of its receptive field in pixels.
    ``places`` are the position itself, first, and its neighbours in the layer's map (row, column), for such images.
    """

    layer: str
    size: tuple[int, int]
    centre: tuple[float, float]
    reach: float
    places: tuple[tuple[int, int], ...]


def window(subject: Subject, layer: str) -> Window:
    """The window of a layer's middle position.

    A piece of image as large as the theoretical receptive fields of the position and its neighbours, cut at a
    multiple of the stride, gives the same answers as the whole one if nothing in the network sees further: no
    padding is within their view. Whether that is so is tried on noise; otherwise, as for attention, squeezed
    channels, or positions embedded, the window is the whole image. ``reach`` is of the field that holds 98 % of the
    gradient's energy [luo2016].

    Raises
    ------
    BadInput
        if the layer has no positions.

    >>> from core.testing import planted_classifier
    >>> found = window(planted_classifier(seed=0, size=24), "conv")
    >>> found.size, found.centre, found.reach
    ((7, 7), (3.0, 3.0), 1.5)
    """
    info = layer_named(subject, layer)
    if not info.spatial:
        raise BadInput(
            f"layer {layer!r} of {subject.name} has no positions that a stimulus could be centred on; "
            f"expected a layer with maps or tokens{_nearest_maps(subject, layer)}"
        )
    size = (subject.spec.shape[1], subject.spec.shape[2])
    most = receptive_fields(subject, [layer], size=size, coverage=COVERAGE)[layer]
    full = receptive_fields(subject, [layer], size=size, coverage=1.0)[layer]
    middle = (info.grid[0] // 2, info.grid[1] // 2)
    # The theoretical box has its middle where it ought to be; gradients' weights wander by a pixel or two.
    inner = full if full.extent[0] < size[0] and full.extent[1] < size[1] else most
    centre = tuple(
        inner.origin[k] + inner.stride[k] * middle[k] + (inner.extent[k] - 1) / 2 for k in range(2)
    )
    whole = Window(layer, size, (centre[0], centre[1]), max(most.extent) / 2, _around(middle, info.grid))
    piece = _piece(whole, full, info.grid)
    return piece if piece is not None and _same(subject, whole, piece, full) else whole


def responses(subject: Subject, images: Float[Tensor, "n c h w"], window: Window) -> Float[Tensor, "n p u"]:
    """What the units say of images of the window's size, at each of its places."""
    maps = as_maps(
        capture(subject, images, [window.layer], batch_size=len(images))[window.layer],
        layer_named(subject, window.layer),
    )
    return torch.stack([maps[:, :, row, column] for row, column in window.places], dim=1)


def _around(middle: tuple[int, int], grid: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """The position and those of its eight neighbours that the map has."""
    steps = sorted(product((-1, 0, 1), repeat=2), key=lambda step: abs(step[0]) + abs(step[1]))
    places = ((middle[0] + down, middle[1] + right) for down, right in steps)
    return tuple((row, col) for row, col in places if 0 <= row < grid[0] and 0 <= col < grid[1])


def _piece(whole: Window, full: ReceptiveField, grid: tuple[int, int]) -> Window | None:
    """The same places in a smaller image, or None where there is no use for one."""
    starts, sizes, shifts = [], [], []
    for axis in range(2):
        stride = round(full.stride[axis])
        if stride < 1 or stride != full.stride[axis]:
            return None
        rows = [place[axis] for place in whole.places]
        first = full.origin[axis] + stride * min(rows)
        last = full.origin[axis] + stride * max(rows) + full.extent[axis]
        shift = int(first // stride) - 1
        end = int(-(-last // stride)) + 1
        if shift < 0 or end * stride > full.image[axis] or end > grid[axis]:
            return None
        starts.append(shift * stride)
        sizes.append((end - shift) * stride)
        shifts.append(shift)
    if sizes[0] * sizes[1] > WORTH * full.image[0] * full.image[1]:
        return None
    return Window(
        whole.layer,
        (sizes[0], sizes[1]),
        (whole.centre[0] - starts[0], whole.centre[1] - starts[1]),
        whole.reach,
        tuple((row - shifts[0], column - shifts[1]) for row, column in whole.places),
    )


def _same(subject: Subject, whole: Window, piece: Window, full: ReceptiveField) -> bool:
    """Whether noise in the piece, amid other noise in the whole image, is answered alike."""
    top, left = (round(whole.centre[k] - piece.centre[k]) for k in range(2))
    noise = torch.rand((4, subject.spec.shape[0], *full.image), generator=torch.Generator().manual_seed(1))
    part = noise[:, :, top : top + piece.size[0], left : left + piece.size[1]]
    expected = responses(subject, noise, whole)
    try:
        found = responses(subject, part, piece)
    except (RuntimeError, ValueError, IndexError, AssertionError):  # takes images of one size only
        return False
    return bool((found - expected).abs().max() <= SAME * expected.abs().max())


def _nearest_maps(subject: Subject, layer: str) -> str:
    """Names the last layer with positions before ``layer``, if there is one."""
    names = list(subject.layers)
    before = [name for name in names[: names.index(layer)] if subject.layers[name].spatial]
    return f", such as {before[-1]!r}" if before else ""
