"""Hue, saturation and value to red, green and blue, and back; everything in [0, 1] but hue, in degrees."""

import numpy as np
from jaxtyping import Float


def hsv_to_rgb(
    hue: Float[np.ndarray, "n"], saturation: Float[np.ndarray, "n"], value: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n 3"]:
    """Colours (n, 3) in [0, 1] from hue in degrees, saturation and value in [0, 1] [smith1978].

    >>> hsv_to_rgb(np.array([0.0, 120.0]), np.ones(2), np.ones(2)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    sector = (np.array([5.0, 3.0, 1.0]) + hue[:, None] / 60) % 6
    drop = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    return value[:, None] * (1 - saturation[:, None] * drop)


def hue_of(rgb: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    """Hue in degrees, [0, 360), of colours (n, 3); 0 for grey.

    >>> hue_of(np.array([[0.0, 0.5, 0.0], [0.2, 0.2, 0.9]])).tolist()
    [120.0, 240.0]
    """
    red, green, blue = rgb.T
    chroma = rgb.max(axis=1) - rgb.min(axis=1)
    safe = np.where(chroma > 0, chroma, 1)
    by_largest = np.stack([(green - blue) / safe, 2 + (blue - red) / safe, 4 + (red - green) / safe])
    hue = np.take_along_axis(by_largest, rgb.argmax(axis=1)[None], axis=0)[0]
    return np.where(chroma > 0, 60 * hue % 360, 0.0)
