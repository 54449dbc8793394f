"""Mazes from a random stream: Kruskal's spanning tree on the odd cells of a grid, and holes in its walls."""

import numpy as np

from envs.kernels import kernel
from envs.randomness import below, chance


@kernel
def carve(wall, words, i):
    """Fill ``wall`` (h, w), h and w odd, with a maze drawn from stream ``i`` of ``words``: 1 is wall.

    Rooms are the cells with odd row and odd column; passages between neighbouring rooms are opened in random order
    wherever they join two parts that were apart. The free cells so form a tree: every maze is connected, and between
    any two cells there is exactly one path. This is the recipe of Procgen's mazes and of jaxgmg's.
    """
    h, w = wall.shape
    rows, columns = h // 2, w // 2
    wall[:] = 1
    parent = np.arange(rows * columns)
    passages = np.arange(2 * rows * columns)  # room number * 2 + (0: to the right, 1: downwards)
    for room in range(rows * columns):
        wall[2 * (room // columns) + 1, 2 * (room % columns) + 1] = 0
    missing, left = rows * columns - 1, len(passages)
    while missing > 0:
        k = below(words, i, left)
        left -= 1
        passage, passages[k] = passages[k], passages[left]
        room, down = passage // 2, passage % 2
        y, x = room // columns, room % columns
        if (down and y == rows - 1) or (not down and x == columns - 1):
            continue
        a, b = _root(parent, room), _root(parent, room + (columns if down else 1))
        if a != b:
            parent[a] = b
            missing -= 1
            wall[2 * y + 1 + down, 2 * x + 2 - down] = 0


@kernel
def pierce(wall, share, words, i):
    """Open each wall that stands between two neighbouring rooms of a carved maze with chance ``share``: loops appear.

    Nothing is drawn from the stream where ``share`` is 0.
    """
    h, w = wall.shape
    if share <= 0:
        return
    for y in range(1, h - 1):
        for x in range(1 + y % 2, w - 1, 2):
            if wall[y, x] and chance(words, i) < share:
                wall[y, x] = 0


@kernel
def _root(parent, a):
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a
