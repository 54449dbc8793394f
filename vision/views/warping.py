"""warp(): pictures read off at turned and scaled places by cubic B-splines, all of a batch at once."""

import math

import numpy as np

from vision.views.compiled import compiled
from vision.views.seen import shared_out

LANES = 16
"""Pictures' channels lie side by side, filled up to a multiple of this: the processor takes many of them at a time."""


def warp(
    coefficients: np.ndarray,
    matrix: np.ndarray,
    offset: float,
    colour: np.ndarray,
    disc: tuple[float, float],
    count: int,
) -> np.ndarray:
    """Pictures (n, c, h, w) about 0.5: ``0.5 + mask * colour @ spline(matrix @ place from the centre + offset)``.

    Parameters
    ----------
    coefficients
        B-spline coefficients (h, w, lanes) of ``count`` pictures less grey, lane c * n + i for channel c of picture i.
    matrix, offset
        from a place in the result (y, x), in pixels from its centre, to the place that is read off.
    colour
        (c, c), applied to every pixel; of others than three channels, a multiple of the identity.
    disc
        distances, in pixels, of ``matrix @ place`` from the centre at which the mask begins to fall from 1, and at
        which it is 0, as a squared cosine.

    >>> flat = np.full((8, 8, 16), 0.25, np.float32)
    >>> warp(flat, np.eye(2), 0.0, np.eye(3), (3.0, 9.0), 1).max().item()
    0.75
    """
    height, width, _ = coefficients.shape
    out = np.empty((count, len(colour), height, width), np.float32)
    gain = float(colour[0, 0])
    mixing = len(colour) == 3 and not np.array_equal(colour, gain * np.eye(3))
    mixed = colour.astype(np.float32) if mixing else np.zeros((0, 0), np.float32)
    fading = np.array([*disc, 1.0 if mixing else gain])
    place = np.concatenate([np.asarray(matrix, float), np.full((2, 1), offset)], 1)

    def rows(start: int, stop: int) -> None:
        _warp(coefficients, place, mixed, fading, out, (start, stop))

    shared_out(rows, height)
    return out


@compiled
def _warp(source, place, colour, fading, out, rows):  # type: ignore[no-untyped-def]
    count, channels, height, width = out.shape
    tall, wide, lanes = source.shape
    flat = source.reshape(-1)
    line = wide * lanes
    buffer = np.zeros((width, lanes), np.float32)
    for i in range(rows[0], rows[1]):
        for j in range(width):
            pixel = buffer[j]
            down, across = i - (height - 1) / 2, j - (width - 1) / 2
            y = place[0, 0] * down + place[0, 1] * across + place[0, 2]
            x = place[1, 0] * down + place[1, 1] * across + place[1, 2]
            far = math.hypot(y - place[0, 2], x - place[1, 2])
            if far >= fading[1]:
                pixel[:] = 0
                continue
            inside = max(far - fading[0], 0.0) / (fading[1] - fading[0])
            weight = fading[2] * (math.cos(inside * math.pi / 2) ** 2 if inside > 0 else 1.0)
            y = min(max(y + (tall - 1) / 2, 1.0), tall - 2.000001)
            x = min(max(x + (wide - 1) / 2, 1.0), wide - 2.000001)
            top, left = int(y), int(x)
            a0, a1, a2, a3 = _weights(y - top, weight)
            b0, b1, b2, b3 = _weights(x - left, 1.0)
            at = (top - 1) * line + (left - 1) * lanes
            # Four slices, not indices into one array: only so does the compiler see that lanes are independent.
            p = flat[at : at + 4 * lanes]
            q = flat[at + line : at + line + 4 * lanes]
            r = flat[at + 2 * line : at + 2 * line + 4 * lanes]
            s = flat[at + 3 * line : at + 3 * line + 4 * lanes]
            for k in range(lanes):
                pixel[k] = (
                    a0 * (b0 * p[k] + b1 * p[k + lanes] + b2 * p[k + 2 * lanes] + b3 * p[k + 3 * lanes])
                    + a1 * (b0 * q[k] + b1 * q[k + lanes] + b2 * q[k + 2 * lanes] + b3 * q[k + 3 * lanes])
                    + a2 * (b0 * r[k] + b1 * r[k + lanes] + b2 * r[k + 2 * lanes] + b3 * r[k + 3 * lanes])
                    + a3 * (b0 * s[k] + b1 * s[k + lanes] + b2 * s[k + 2 * lanes] + b3 * s[k + 3 * lanes])
                )
            if len(colour):
                first = pixel[:count]
                second = pixel[count : 2 * count]
                third = pixel[2 * count : 3 * count]
                for k in range(count):
                    red, green, blue = first[k], second[k], third[k]
                    first[k] = colour[0, 0] * red + colour[0, 1] * green + colour[0, 2] * blue
                    second[k] = colour[1, 0] * red + colour[1, 1] * green + colour[1, 2] * blue
                    third[k] = colour[2, 0] * red + colour[2, 1] * green + colour[2, 2] * blue
        for k in range(count):
            for c in range(channels):
                row = out[k, c, i]
                for j in range(width):
                    row[j] = buffer[j, c * count + k] + np.float32(0.5)


@compiled
def _weights(t, scale):  # type: ignore[no-untyped-def]
    """Of the four coefficients around a place that lies ``t`` behind the second."""
    u = 1 - t
    return (
        np.float32(scale * u * u * u / 6),
        np.float32(scale * (2 / 3 - t * t * (1 - t / 2))),
        np.float32(scale * (2 / 3 - u * u * (1 - u / 2))),
        np.float32(scale * t * t * t / 6),
    )
