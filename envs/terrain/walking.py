"""A walker's step across open ground: towards a cell, around what lies about."""

import numpy as np

from envs.kernels import kernel
from envs.randomness import below
from envs.state import WALL


@kernel
def find(flat, plane, h, w):
    """Row and column of the first thing on a plane of h rows and w columns; -1 where there is none.

    ``flat``: many planes one after the other, of which ``plane`` says which. The sum over all cells is quicker than a
    search that stops (the machine adds many at once), but tells the place of one thing only: two or more, which an
    edit may bring, are searched.
    """
    size = np.uint64(h * w)
    start = np.uint64(plane) * size
    number, place = np.uint32(0), np.uint32(0)
    for k in range(start, start + size):
        number += np.uint32(flat[k])
        place += np.uint32(flat[k]) * np.uint32(k - start)
    if number > 1:
        place = np.uint32(0)
        while flat[start + place] == 0:
            place += np.uint32(1)
    return (np.int64(place) // w, np.int64(place) % w) if number else (-1, -1)


@kernel
def step_towards(planes, cell, goal, about, words, i):
    """The cell after ``cell`` on a way to ``goal``, all (row, column), drawn from stream ``i`` among equals.

    Each step comes nearer. A step onto a thing of the planes ``about`` (first, one past the last) that is not on the
    goal is taken if nothing else is possible; one into a wall never: then the walker stays.
    """
    (y, x), (row, column) = cell, goal
    upright = y + (row > y) - (row < y), x
    level = y, x + (column > x) - (column < x)
    first, second = upright, level
    if below(words, i, 2):
        first, second = level, upright
    if first == cell:
        first, second = second, first
    good = _clear(planes, first, goal, about)
    if good < 2 and second != cell and _clear(planes, second, goal, about) > good:
        return second
    return first if good else cell


@kernel
def _clear(planes, cell, goal, about):
    """How good a cell is to step on: 0 for a wall, 1 for one with something on it, 2 for any other."""
    if planes[WALL, cell[0], cell[1]]:
        return 0
    if cell != goal:
        for k in range(about[0], about[1]):
            if planes[k, cell[0], cell[1]]:
                return 1
    return 2
