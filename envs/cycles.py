"""Cyclic orders of 3 to 5 things as tables: what comes after each, what before."""

from itertools import permutations

import numpy as np

SMALLEST, LARGEST = 3, 5
ORDERS = np.array([2, 6, 24])
"""How many cyclic orders there are of 3, 4 and 5 things."""


def _after() -> np.ndarray:
    table = np.tile(np.arange(LARGEST, dtype=np.int32), (LARGEST - SMALLEST + 1, ORDERS.max(), 1))
    for count in range(SMALLEST, LARGEST + 1):
        for k, rest in enumerate(permutations(range(1, count))):
            table[count - SMALLEST, k, [0, *rest]] = [*rest, 0]
    return table


AFTER = _after()
"""``AFTER[count - SMALLEST, k, thing]`` comes after ``thing`` in the k-th cyclic order of ``count`` things."""

BEFORE = AFTER.argsort(axis=2).astype(np.int32)
"""The same for what comes before: the reversed order."""
