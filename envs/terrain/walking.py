"""A walker's step across open ground: towards a cell, around what lies about."""

import numpy as np

from envs.kernels import inlined
from envs.randomness import draw
from envs.state import WALL

TOP = np.uint64(63)


@inlined
def step_towards(flat, grid, walk, about, words, i):
    """The next cell of a ``walk`` (where from, where to; cells by number), drawn from stream ``i`` among equals.

    ``flat`` has the planes one after the other; ``grid`` says where those of this walker begin, and their rows and
    columns. Each step comes nearer. A step onto a thing of the planes ``about`` (first, one past the last) that is
    not on the goal is taken if nothing else is possible; one into a wall never: then the walker stays.
    """
    (cell, goal), w = walk, grid[2]
    inverse = np.uint32(2**20 // np.uint32(w) + 1)  # exact to 4,096 cells, and no slow division of 64 bits
    y, row = (cell * inverse) >> 20, (goal * inverse) >> 20
    dy, dx = row - y, (goal - row * w) - (cell - y * w)
    upright, level = cell + ((dy > 0) - (dy < 0)) * w, cell + (dx > 0) - (dx < 0)
    # arithmetic instead of branches, for no machine foresees a draw
    turned = np.int64(draw(words, i) >> TOP) * (dx != 0) | (dy == 0)
    first, second = (level, upright) if turned else (upright, level)
    good = _clear(flat, grid, first, goal, about)
    if good == 2:
        return first
    if second != cell and _clear(flat, grid, second, goal, about) > good:
        return second
    return first if good else cell


@inlined
def _clear(flat, grid, cell, goal, about):
    """How good a cell is to step on: 0 for a wall, 1 for one with something on it, 2 for any other."""
    start, h, w = grid
    things = np.uint8(0)
    for plane in range(about[0], about[1]):
        things |= flat[np.uint64(start + plane * h * w + cell)]
    if flat[np.uint64(start + WALL * h * w + cell)]:
        return 0
    return 1 if things and cell != goal else 2
