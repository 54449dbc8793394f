"""Cells for things to lie on: uniform draws among those that suit what lies already."""

from envs.kernels import kernel
from envs.randomness import below

TRIES = 32
"""Cells tried at random before all are counted; the draw is uniform either way."""


@kernel
def draw_spot(spots, thing, apart, side, words, i):
    """Into ``spots[thing]`` a uniform draw from stream ``i`` among the inner cells that suit the spots before it.

    ``spots`` (m, 2) rows and columns; ``side`` of the square grid, its border included. A cell suits if it is none of
    theirs and, if ``apart``, neither in their rows and columns nor corner to corner with them. Then k + 1 spots
    always fit if ``side >= 2 * k + 3``.
    """
    for _ in range(TRIES):
        row, column = 1 + below(words, i, side - 2), 1 + below(words, i, side - 2)
        if _suits(row, column, spots, thing, apart):
            spots[thing, 0], spots[thing, 1] = row, column
            return
    _draw_from_list(spots, thing, apart, side, words, i)


@kernel
def _draw_from_list(spots, thing, apart, side, words, i):
    """The same by counting: slower, but sure to find."""
    count = 0
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            count += _suits(row, column, spots, thing, apart)
    k = below(words, i, count)
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            if _suits(row, column, spots, thing, apart):
                if k == 0:
                    spots[thing, 0], spots[thing, 1] = row, column
                    return
                k -= 1


@kernel
def _suits(row, column, spots, count, apart):
    """Whether a cell is none of the first spots and, if ``apart``, not in their rows, columns or at their corners."""
    for k in range(count):
        dy, dx = abs(row - spots[k, 0]), abs(column - spots[k, 1])
        if dy + dx == 0 or (apart and (dy == 0 or dx == 0 or dy + dx == 2)):
            return False
    return True
