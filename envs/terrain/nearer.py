"""Steps that bring nearer across open ground, looked up: no machine could foresee the branches of working them out."""

import numpy as np

from envs.kernels import inlined

ACROSS = 128
MIDDLE = 64 * ACROSS + 64
"""A way of ``dy`` rows and ``dx`` columns, both from -63 to 63, is the number MIDDLE + ACROSS * dy + dx."""


def _ways() -> np.ndarray:
    """How to go each way: uint8. Bits 0 and 1 are the action (up, down, left, right) along the rows if that leads
    nearer, else along the columns; bits 2 and 3 the other way about; bits 4 and 5 the distance, 3 for more."""
    dy, dx = np.mgrid[-64:65, -64:64]
    along_rows, along_columns = 0 + (dy > 0), 2 + (dx > 0)
    first = np.where(dy == 0, along_columns, along_rows)
    second = np.where(dx == 0, along_rows, along_columns)
    return (first + 4 * second + 16 * np.minimum(abs(dy) + abs(dx), 3)).astype(np.uint8).ravel()


WAYS = _ways()
COVERED = np.array([-ACROSS, ACROSS, -1, 1])
"""By how much a way changes with a step up, down, left or right."""


@inlined
def nearer(here, way, steps, bits):
    """How long the way is (0 to 2 steps, 3 for more), the cell after the first step, and the way from there.

    ``here`` numbers a cell, and ``steps`` (4,) says by how much a step up, down, left or right changes that number.
    The lowest of ``bits`` says which step, 0 along the rows or 1 along the columns, where both lead nearer.

    >>> nearer(0, MIDDLE + 2 * ACROSS + 1, np.array([-10, 10, -1, 1]), np.uint64(0))
    (3, 10, 8385)
    """
    code = np.int64(WAYS[np.uint64(way)])
    turn = np.uint64((code >> 2 * np.int64(bits & np.uint64(1))) & 3)
    return code >> 4, here + steps[turn], way - COVERED[turn]
