"""A walker's step across open ground: towards a cell, around what lies about."""

import numpy as np

from envs.kernels import kernel
from envs.randomness import below
from envs.state import WALL


@kernel
def find(plane):
    """Row and column of the first thing inside the border of a plane; -1 where there is none."""
    for row in range(1, plane.shape[0] - 1):
        for column in range(1, plane.shape[1] - 1):
            if plane[row, column]:
                return row, column
    return -1, -1


@kernel
def step_towards(planes, cell, goal, about, words, i):
    """The cell after ``cell`` on a way to ``goal``, all (row, column), drawn from stream ``i`` among equals.

    Each step comes nearer. A step onto a thing of the planes ``about`` (first, one past the last) that is not on the
    goal is taken if nothing else is possible; one into a wall never: then the walker stays.
    """
    (y, x), (row, column) = cell, goal
    dy, dx = np.sign(row - y), np.sign(column - x)
    along = _clear(planes, y + dy, x, goal, about) if dy else 0
    across = _clear(planes, y, x + dx, goal, about) if dx else 0
    if along == across and along > 0:
        along += below(words, i, 2) * 2 - 1
    if along > across:
        return y + dy, x
    return (y, x + dx) if across else (y, x)


@kernel
def _clear(planes, row, column, goal, about):
    """How good a cell is to step on: 0 for a wall, 2 for one with something on it, 4 for any other."""
    if planes[WALL, row, column]:
        return 0
    if row == goal[0] and column == goal[1]:
        return 4
    for k in range(about[0], about[1]):
        if planes[k, row, column]:
            return 2
    return 4
