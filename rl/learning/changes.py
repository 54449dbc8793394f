"""When a curve over training changes: the ramp between flat stretches that fits it best, and whether it is sudden."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.errors import BadInput
from core.uncertainty import Interval

FEWEST = 6
"""With fewer moments a ramp and two flat stretches cannot be told from noise."""
BRIEF = 0.1
"""A change is sudden if it takes at most this share of the moments (or a single step between two)."""


@dataclass(frozen=True)
class Change:
    """A curve that was flat, rose (or fell) and was flat again: ``begins`` and ``ends`` in steps of training.

    ``rise`` is by how much it changed. ``sudden``: in 95 % of redrawn curves the change takes at most a tenth of the
    moments looked at, or lies between two neighbours.
    """

    begins: Interval
    ends: Interval
    rise: Interval
    sudden: bool


def change(
    steps: Sequence[int], curve: Sequence[Interval], *, seed: int = 0, draws: int = 1000, level: float = 0.95
) -> Change | None:
    """The change of a curve with an estimate and an interval at each moment of training; None where there is none.

    Of all ramps between two moments - flat, a straight line, flat - the one with the least squared error, weighted by
    the intervals' widths. The curve is redrawn within its intervals, each moment by itself, and the ramp fitted again:
    that gives the intervals of its beginning, end and rise. Moments that were measured on the same levels err
    together, so that these intervals are rather too wide than too narrow. There is no change where the interval of the
    rise holds 0, and none can be told with fewer than six moments.

    Raises
    ------
    BadInput
        if there is not one interval for each moment, or the moments are not in order.

    >>> scores = [Interval(s, s - 0.05, s + 0.05, 100) for s in [0.0, 0.01, 0.0, 0.9, 0.91, 0.9, 0.9]]
    >>> found = change([0, 10, 20, 30, 40, 50, 60], scores)
    >>> (found.begins.estimate, found.ends.estimate, found.sudden)
    (20.0, 30.0, True)
    """
    moments = np.asarray(steps, float)
    if len(moments) != len(curve) or (np.diff(moments) <= 0).any():
        raise BadInput(
            f"a change takes one interval for each of some moments in order; given {len(curve)} and {list(steps)}"
        )
    if len(moments) < FEWEST:
        return None
    values = np.array([one.estimate for one in curve])
    errors = np.array([(one.high - one.low) / 3.92 for one in curve])
    noise = np.random.default_rng(seed).standard_normal((draws, len(values))) * errors
    first, last, rises = _fitted(np.concatenate([values[None], values + noise]), errors)
    tails = [(1 - level) / 2, (1 + level) / 2]

    def spread(of: NDArray) -> Interval:
        low, high = np.quantile(of[1:], tails)
        return Interval(float(of[0]), float(low), float(high), len(moments), level)

    rise = spread(rises)
    if rise.low <= 0 <= rise.high:
        return None
    brief = last - first <= max(1, int(BRIEF * len(moments)))

    return Change(
        spread(moments[first]),
        spread(moments[last]),
        rise,
        bool(brief[1:].mean() >= level),
    )


def _fitted(curves: Float[np.ndarray, "d t"], errors: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """For each curve the moments between which its best ramp rises, and by how much."""
    # Where an interval has no width (all levels alike) its moment counts as much as the most certain of the others.
    positive = errors[errors > 0]
    weight = 1 / np.maximum(errors, positive.min() if len(positive) else 1.0) ** 2
    weight /= weight.sum()
    count = curves.shape[1]
    first, last = np.triu_indices(count, 1)
    ramps = np.clip((np.arange(count) - first[:, None]) / (last - first)[:, None], 0, 1)
    ramps -= (ramps * weight).sum(1, keepdims=True)
    centred = curves - (curves * weight).sum(1, keepdims=True)
    slopes = (centred * weight) @ ramps.T / (ramps**2 * weight).sum(1)
    explained = slopes**2 * (ramps**2 * weight).sum(1)
    best = explained.argmax(1)
    return first[best], last[best], slopes[np.arange(len(curves)), best]
