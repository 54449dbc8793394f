"""P-values corrected for their number: Holm's for claims, Benjamini and Hochberg's for lists of candidates."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number: by chance, one below alpha turns up in no more than alpha of all such sets.

    The correction is Holm's [holm1979]; it asks nothing of how the tests hang together.

    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(np.asarray(p_values, float)[order] * factors))
    return [float(p) for p in corrected]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values corrected so that of those below alpha a share of alpha is expected to be false [benjamini1995].

    For tests that are independent or hang together positively. Milder than ``holm``: for lists to look through, not
    for claims one by one.

    >>> [round(p, 6) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")[::-1]
    factors = count / np.arange(count, 0, -1)
    corrected = np.empty(count)
    corrected[order] = np.minimum(1, np.minimum.accumulate(np.asarray(p_values, float)[order] * factors))
    return [float(p) for p in corrected]
