"""draw(): leaves that hide each other, transformed by their parameters and drawn front to back with soft edges."""

import math
from typing import NamedTuple

import numpy as np

from vision.views.compiled import compiled
from vision.views.seen import shared_out

SIDES = 4
"""Half planes that every leaf has; a disc's lie beyond its edge."""

PLAIN, GRATING, RAMP = 0, 1, 2
"""How a leaf is coloured: by its first colour, by a wave between its two, by a slope from one to the other."""

OPAQUE = np.float32(1e-4)
"""Share of a pixel left open below which it counts as covered."""

FINEST = (0.3, 0.45)
"""Cycles per pixel from which on gratings fade into their mean, and at which they have."""


FAR = np.float32(1e6)

TURN = np.float32(0.5 / math.pi)
TAYLOR = tuple(
    np.float32((-1) ** power * (2 * math.pi) ** (2 * power) / math.factorial(2 * power))
    for power in range(1, 7)
)
"""Of cos(2 pi t) - 1 in t^2: for t within half a turn, within 2e-4, and many at once, as math.cos is not."""


class Leaves(NamedTuple):
    """Leaves of n pictures, the front ones first; lengths in pixels, places (y, x) from the picture's centre.

    A leaf is what lies within its radius and all of its half planes (y, x, distance: those places whose product with
    the normal (y, x), counted from the leaf's centre, is below the distance); where ``ring`` is above 0, only a
    margin of that width. ``wave`` is the frequency (y, x) of its texture in radians per pixel and the phase at
    its centre. ``colours`` are less mid grey.
    """

    centre: np.ndarray  # n l 2
    radius: np.ndarray  # n l
    planes: np.ndarray  # n l 4 3
    ring: np.ndarray  # n l
    texture: np.ndarray  # n l
    wave: np.ndarray  # n l 3
    colours: np.ndarray  # n l 2 c
    ground: np.ndarray  # n c: what is seen where there is no leaf


def draw(leaves: Leaves, matrix: np.ndarray, colour: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pictures (n, c, h, w) about 0.5 of leaves moved by ``matrix`` and coloured by ``colour``.

    Parameters
    ----------
    matrix
        (2, 2), a turn, mirroring and enlargement of (y, x).
    colour
        (c, c), applied to colours less mid grey.
    """
    count, channels = leaves.ground.shape
    out = np.zeros((count, channels, *size), np.float32)
    placed = np.ascontiguousarray(matrix, np.float64), np.ascontiguousarray(colour, np.float64)
    shared_out(lambda start, stop: _draw(leaves, *placed, out, start, stop), count)
    return out


@compiled
def _draw(leaves, matrix, colour, out, start, stop):  # type: ignore[no-untyped-def]
    channels, height, width = out.shape[1:]
    scale = math.sqrt(abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]))
    opened = np.empty((height, width), np.float32)
    rows = np.empty((2, width), np.float32)
    tint = np.empty((2, channels), np.float32)
    planes = np.empty((SIDES, 3), np.float32)
    leaf = np.empty(8, np.float32)
    for n in range(start, stop):
        opened[:] = 1
        for k in range(leaves.radius.shape[1]):
            radius = scale * leaves.radius[n, k]
            cy, cx = _moved(matrix, leaves.centre[n, k])
            cy, cx = cy + (height - 1) / 2, cx + (width - 1) / 2
            reach = radius + 1
            if (
                radius < 0.35
                or cy < -reach
                or cx < -reach
                or cy > height - 1 + reach
                or cx > width - 1 + reach
            ):
                continue
            for s in range(SIDES):
                y, x = _moved(matrix, leaves.planes[n, k, s])
                planes[s, 0], planes[s, 1], planes[s, 2] = (
                    y / scale,
                    x / scale,
                    leaves.planes[n, k, s, 2] * scale,
                )
            for end in range(2):
                _coloured(colour, leaves.colours[n, k, end], tint[end])
            ky, kx = _moved(matrix, leaves.wave[n, k])
            ky, kx = ky / scale**2, kx / scale**2
            texture = leaves.texture[n, k]
            leaf[0], leaf[1], leaf[2], leaf[3] = cy, cx, radius, scale * leaves.ring[n, k]
            leaf[4], leaf[5], leaf[6] = ky, kx, leaves.wave[n, k, 2]
            leaf[7] = 0.5 * _left(math.hypot(ky, kx)) if texture == GRATING else 0.5
            _lay(leaf, planes, tint, texture, (opened, rows), out[n])
        _coloured(colour, leaves.ground[n], tint[0])
        for c in range(channels):
            for i in range(height):
                for j in range(width):
                    out[n, c, i, j] += np.float32(0.5) + opened[i, j] * tint[0, c]


@compiled
def _lay(leaf, planes, tint, texture, canvas, out):  # type: ignore[no-untyped-def]
    """Put a leaf under those that lie there: it is seen where they left pixels open, and leaves less of them open.

    Row by row, in loops without branches and over unsigned indices: so the compiler takes many pixels at once.
    """
    opened, rows = canvas
    height, width = opened.shape
    cy, cx, radius, ring = leaf[0], leaf[1], leaf[2], leaf[3]
    half, none, one = np.float32(0.5), np.float32(0), np.float32(1)
    reach, slope, margin = radius + half, half / radius, half * ring
    bounds = np.empty((SIDES, 4), np.float32)
    _bounds(planes, bounds)
    a, b, c, d = planes[0, 1], planes[1, 1], planes[2, 1], planes[3, 1]
    for i in range(max(0, math.ceil(cy - reach)), min(height, math.floor(cy + reach) + 1)):
        y = np.float32(i) - cy
        high = np.float32(math.sqrt(max(reach * reach - y * y, none)))
        low = -high
        for s in range(SIDES):
            high = min(high, bounds[s, 0] + y * bounds[s, 1])
            low = max(low, bounds[s, 2] + y * bounds[s, 3])
        first, last = max(0, math.ceil(low + cx)), min(width, math.floor(high + cx) + 1)
        if first >= last:
            continue
        start, stop = np.uint64(first), np.uint64(last)
        square, total = y * y - radius * radius, none
        e, f = planes[0, 0] * y - planes[0, 2], planes[1, 0] * y - planes[1, 2]
        g, h = planes[2, 0] * y - planes[2, 2], planes[3, 0] * y - planes[3, 2]
        for j in range(start, stop):
            x = np.float32(np.int32(j)) - cx
            beyond = max(max(a * x + e, b * x + f), max(c * x + g, d * x + h))
            # The square's slope at the edge is the distance's; only a ring needs the distance further in.
            away = np.float32(math.sqrt(x * x + y * y)) - radius if ring > 0 else (x * x + square) * slope
            beyond = max(beyond, away)
            beyond = abs(beyond + margin) - margin if ring > 0 else beyond
            covered = opened[i, j] * min(max(half - beyond, none), one)
            rest = opened[i, j] - covered
            opened[i, j] = rest if rest > OPAQUE else none
            rows[0, j] = covered
            total += covered
        if total > OPAQUE:
            if texture != PLAIN:
                _texture(rows[1], first, last, leaf, y, texture)
            _paint(out, i, (start, stop), rows, tint, texture)


@compiled
def _paint(out, i, among, rows, tint, texture):  # type: ignore[no-untyped-def]
    start, stop = among
    for k in range(len(out)):
        if texture == PLAIN:
            for j in range(start, stop):
                out[k, i, j] += rows[0, j] * tint[0, k]
        else:
            change = tint[1, k] - tint[0, k]
            for j in range(start, stop):
                out[k, i, j] += rows[0, j] * (tint[0, k] + rows[1, j] * change)


@compiled
def _texture(share, first, last, leaf, y, texture):  # type: ignore[no-untyped-def]
    """How far towards its second colour a leaf is at each pixel of a row: a cosine, or a slope between two ends."""
    half, one = np.float32(0.5), np.float32(1)
    start, step, depth = leaf[4] * y - leaf[5] * leaf[1] + leaf[6], leaf[5], leaf[7]
    if texture == GRATING:
        start, step = start * TURN, step * TURN
        for j in range(np.uint64(first), np.uint64(last)):
            turn = start + step * np.float32(np.int32(j))
            turn -= np.floor(turn + half)
            square = turn * turn
            cosine = TAYLOR[5] * square + TAYLOR[4]
            cosine = cosine * square + TAYLOR[3]
            cosine = cosine * square + TAYLOR[2]
            cosine = cosine * square + TAYLOR[1]
            cosine = cosine * square + TAYLOR[0]
            share[j] = half - depth * (cosine * square + one)
    else:
        for j in range(np.uint64(first), np.uint64(last)):
            share[j] = half - depth * min(max(start + step * np.float32(np.int32(j)), -one), one)


@compiled
def _bounds(planes, bounds):  # type: ignore[no-untyped-def]
    """How far a leaf's half planes let a row go: up to [s, 0] + y * [s, 1], and from [s, 2] + y * [s, 3] on."""
    for s in range(SIDES):
        across = planes[s, 1]
        if abs(across) < 1e-6:
            across = np.float32(1e-6)
        side = 0 if across > 0 else 2
        bounds[s, side] = (planes[s, 2] + np.float32(0.5)) / across
        bounds[s, side + 1] = -planes[s, 0] / across
        bounds[s, 2 - side] = FAR * (side - 1)
        bounds[s, 3 - side] = 0


@compiled
def _moved(matrix, place):  # type: ignore[no-untyped-def]
    return matrix[0, 0] * place[0] + matrix[0, 1] * place[1], matrix[1, 0] * place[0] + matrix[1, 1] * place[
        1
    ]


@compiled
def _coloured(matrix, colour, out):  # type: ignore[no-untyped-def]
    for c in range(len(colour)):
        total = 0.0
        for d in range(len(colour)):
            total += matrix[c, d] * colour[d]
        out[c] = total


@compiled
def _left(frequency):  # type: ignore[no-untyped-def]
    """How much is left of a wave of so many radians per pixel."""
    share = (frequency / (2 * math.pi) - FINEST[0]) / (FINEST[1] - FINEST[0])
    return math.cos(min(max(share, 0.0), 1.0) * math.pi / 2) ** 2
