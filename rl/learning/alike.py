"""Which concepts go together in the states asked about: erasing one erases much of the other, whatever is used."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from core.probing import Labelled

TOGETHER = 0.7
"""From this correlation on, half of one concept's variance is the other's."""


def going_together(concepts: Mapping[str, Labelled]) -> tuple[tuple[str, str, float], ...]:
    """Pairs of numbers, or of what is or is not so, whose correlation is 0.7 or more either way; the closest first.

    >>> x = np.arange(10.0)
    >>> going_together({"x": Labelled("continuous", x), "late": Labelled("binary", x > 4)})
    (('x', 'late', 0.87),)
    """
    numbers = {
        name: one.values.astype(float)
        for name, one in concepts.items()
        if one.kind in ("continuous", "binary")
    }
    found = []
    for (one, x), (other, y) in combinations(numbers.items(), 2):
        r = float(np.corrcoef(x, y)[0, 1])
        if abs(r) >= TOGETHER:
            found.append((one, other, round(r, 2)))
    return tuple(sorted(found, key=lambda pair: -abs(pair[2])))
