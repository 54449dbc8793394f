"""Curves over a circle: where they are highest between samples, their circular mean and resultant length."""

import numpy as np
from jaxtyping import Float


def peaks(
    axis: Float[np.ndarray, "k"], curves: Float[np.ndarray, "u k"], *, period: float | None
) -> Float[np.ndarray, "u"]:
    """Where each curve is highest, by a parabola through the best sample and its neighbours.

    ``axis`` is evenly spaced; with a ``period`` it closes, and the answers lie in [0, period). Ends of an open axis
    are not refined.

    >>> axis = np.arange(0.0, 360.0, 15.0)
    >>> peaks(axis, np.cos(np.radians(axis - 52.0))[None], period=360.0).round(1).tolist()
    [52.0]
    """
    rows, best = np.arange(len(curves)), curves.argmax(axis=1)
    count, step = len(axis), float(axis[1] - axis[0])
    if period is None:
        inner = (best > 0) & (best < count - 1)
        before, after = np.maximum(best - 1, 0), np.minimum(best + 1, count - 1)
    else:
        inner = np.ones(len(curves), bool)
        before, after = (best - 1) % count, (best + 1) % count
    low, top, high = (curves[rows, index].astype(np.float64) for index in (before, best, after))
    bend = low - 2 * top + high
    shift = np.where(inner & (bend < 0), 0.5 * (low - high) / np.where(bend < 0, bend, 1.0), 0.0)
    found = axis[best] + step * shift
    return found if period is None else found % period


def resultants(
    axis: Float[np.ndarray, "k"], weights: Float[np.ndarray, "u k"], *, period: float
) -> tuple[Float[np.ndarray, "u"], Float[np.ndarray, "u"]]:
    """Circular mean in [0, period) and resultant length in [0, 1] of directions counted by weights, none negative.

    A mean without any weight is NaN, its length 0.

    >>> axis = np.array([0.0, 90.0, 180.0, 270.0])
    >>> mean, length = resultants(axis, np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]), period=360.0)
    >>> float(mean[0]), length.round(6).tolist()
    (90.0, [1.0, 0.0])
    """
    turn = 2 * np.pi / period
    total = weights.sum(axis=1, dtype=np.float64)
    vector = weights @ np.exp(1j * turn * axis) / np.where(total > 0, total, 1.0)
    mean = np.where(total > 0, np.angle(vector) / turn % period, np.nan)
    return mean, np.abs(vector)
