"""Is a list of numbers in one heap or in two? Silverman's test, on heaps that are large enough to count."""

import numpy as np
from jaxtyping import Float

GRID = 160
"""Points at which a density is looked at."""

WIDTHS = 36
"""Bandwidths tried, from one that makes everything one heap down to a fortieth of that."""


ROUNDING = 1e-9
"""Values that differ by less than this share of their size are the same."""


def heaps_p_value(values: Float[np.ndarray, "n"], *, smallest: float, seed: int, draws: int = 200) -> float:
    """How likely one heap would look as parted as these values do [silverman1981]; small means several heaps.

    The widest kernel under which the values still have two heaps, each with at least the share ``smallest`` of them, is
    laid over samples from the density that has just become one heap: the p-value is the share of them that have two.
    Heaps smaller than that are outliers and count for nothing. Conservative: at the level 0.05 it errs in fewer than
    5 % of cases.

    >>> rng = np.random.default_rng(0)
    >>> one = rng.normal(size=200)
    >>> heaps_p_value(one, smallest=0.05, seed=0) > 0.05
    True
    >>> heaps_p_value(one + 5 * (np.arange(200) < 80), smallest=0.05, seed=0) < 0.01
    True
    """
    spread = float(values.std())
    width = critical_width(values, smallest=smallest)
    if spread == 0 or width == 0:
        return 1.0
    rng = np.random.default_rng(seed)
    drawn = rng.choice(values, (draws, len(values)))
    # Smoothing adds variance: shrunk back, or samples would be less parted than the values for that alone.
    noisy = drawn + width * rng.normal(size=drawn.shape) - values.mean()
    samples = values.mean() + noisy / np.sqrt(1 + (width / spread) ** 2)
    apart = sum(_valley(sample, width, smallest) is not None for sample in samples)
    return (1 + apart) / (1 + draws)


def critical_width(values: Float[np.ndarray, "n"], *, smallest: float) -> float:
    """The widest Gaussian kernel, of those tried, under which the values are in two heaps; 0 if none."""
    for width in float(values.std()) * np.geomspace(1.5, 1.5 / 40, WIDTHS):
        if _valley(values, float(width), smallest) is not None:
            return float(width)
    return 0.0


def valley(values: Float[np.ndarray, "n"], width: float, *, smallest: float) -> float | None:
    """The lowest place between two heaps of the values under a Gaussian kernel, or None if there is one heap.

    >>> round(valley(np.array([0.0, 0.1, 0.2, 5.0, 5.1, 5.2]), 1.0, smallest=0.1), 1)
    2.6
    """
    return _valley(values, width, smallest)


def _valley(values: np.ndarray, width: float, smallest: float) -> float | None:
    low, high = float(values.min()) - 3 * width, float(values.max()) + 3 * width
    if width <= ROUNDING * max(abs(low), abs(high)):
        return None
    step = (high - low) / GRID
    counts = np.bincount(((values - low) / step).astype(np.int64).clip(0, GRID - 1), minlength=GRID)
    density = _smoothed(counts, width / step)
    lows = 1 + np.flatnonzero((density[1:-1] < density[:-2]) & (density[1:-1] <= density[2:]))
    below = counts.cumsum()[lows] / len(values)
    lows = lows[(below >= smallest) & (below <= 1 - smallest)]
    if not len(lows):
        return None
    return low + step * (float(lows[density[lows].argmin()]) + 0.5)


def _smoothed(counts: np.ndarray, width: float) -> np.ndarray:
    """Counts under a Gaussian kernel of ``width`` grid steps; nothing outside."""
    reach = max(1, int(np.ceil(3.5 * width)))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    full: np.ndarray = np.convolve(counts, taps)
    return full[reach : reach + len(counts)]
