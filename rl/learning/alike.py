"""Which concepts go together in the states asked about: erasing one erases much of the other, whatever is used."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.probing import Labelled

TOGETHER = 0.5
"""From this correlation on, a quarter of one concept's variance is the other's."""


def going_together(concepts: Mapping[str, Labelled]) -> tuple[tuple[str, str, float], ...]:
    """Pairs of concepts that go together by 0.5 or more, the closest first.

    Numbers, and what is or is not so, by their correlation; classes by Cramer's V [cramer1946].

    >>> x = np.arange(10.0)
    >>> going_together({"x": Labelled("continuous", x), "late": Labelled("binary", x > 4)})
    (('x', 'late', 0.87),)
    """
    found = []
    for (one, x), (other, y) in combinations(concepts.items(), 2):
        kinds = {x.kind, y.kind}
        if kinds <= {"continuous", "binary"}:
            r = float(np.corrcoef(x.values.astype(float), y.values.astype(float))[0, 1])
        elif kinds <= {"categorical", "binary"}:
            r = cramers_v(x.values, y.values)
        else:
            continue
        if abs(r) >= TOGETHER:
            found.append((one, other, round(r, 2)))
    return tuple(sorted(found, key=lambda pair: -abs(pair[2])))


def cramers_v(x: NDArray, y: NDArray) -> float:
    """How far two sets of classes go together, from 0 to 1.

    >>> cramers_v(np.array([0, 0, 1, 1]), np.array(["a", "a", "b", "b"]))
    1.0
    """
    _, rows = np.unique(x, return_inverse=True)
    _, columns = np.unique(y, return_inverse=True)
    counts = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(counts, (rows, columns), 1)
    expected = counts.sum(1, keepdims=True) * counts.sum(0) / counts.sum()
    square = float(((counts - expected) ** 2 / expected).sum() / counts.sum())
    return float(np.sqrt(square / (min(counts.shape) - 1)))
