"""Shortest paths through a maze: distances to a cell, best actions, and where two paths part."""

import numpy as np

from envs.kernels import kernel

MOVES = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])
"""Row and column steps of the actions up, down, left, right."""


def cells(planes: np.ndarray) -> np.ndarray:
    """Row and column of the one thing on each plane: (..., h, w) to int64 (..., 2); -1 where there is none.

    >>> cells(np.array([[[0, 0], [0, 1]], [[0, 0], [0, 0]]])).tolist()
    [[1, 1], [-1, -1]]
    """
    flat = planes.reshape(*planes.shape[:-2], -1)
    found = np.stack(np.divmod(flat.argmax(-1), planes.shape[-1]), axis=-1)
    return np.where(flat.any(axis=-1, keepdims=True), found, -1)


def distances(wall: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Steps from each cell to the target: int32 (n, h, w), -1 for walls and cells that cannot reach it.

    ``wall``: uint8 (n, h, w), 1 is wall. ``target``: whole numbers (n, 2), row and column; a negative row (say, of
    a cheese that has been eaten) can be reached from nowhere.

    >>> distances(np.zeros((1, 1, 4), np.uint8), np.array([[0, 3]]))
    array([[[3, 2, 1, 0]]], dtype=int32)
    """
    out = np.full(wall.shape, -1, np.int32)
    _flood(np.ascontiguousarray(wall), np.asarray(target, np.int64), out)
    return out


def distances_to(wall: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Steps from each cell to the nearest of several: int32 (n, h, w), -1 for walls and where none can be reached.

    ``wall`` and ``where``: (n, h, w), not 0 where there is a wall, or a thing to go to.

    >>> distances_to(np.zeros((1, 1, 4), np.uint8), np.array([[[1, 0, 0, 1]]]))
    array([[[0, 1, 1, 0]]], dtype=int32)
    """
    out = np.full(wall.shape, -1, np.int32)
    _flood_many(np.ascontiguousarray(wall), np.ascontiguousarray(where), out)
    return out


def best_actions(steps: np.ndarray, agent: np.ndarray) -> np.ndarray:
    """Which of up, down, left, right bring the agent nearer: bool (n, 4).

    ``steps`` as by ``distances``; ``agent`` (n, 2). All False on the target itself and where it cannot be reached.

    >>> best_actions(distances(np.zeros((1, 1, 4), np.uint8), np.array([[0, 3]])), np.array([[0, 0]]))
    array([[False, False, False,  True]])
    """
    n, h, w = steps.shape
    rows = np.arange(n)
    here = steps[rows, agent[:, 0], agent[:, 1]]
    nearer = np.zeros((n, len(MOVES)), bool)
    for action, move in enumerate(MOVES):
        y, x = (agent + move).T
        inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
        there = steps[rows, y.clip(0, h - 1), x.clip(0, w - 1)]
        nearer[:, action] = inside & (there >= 0) & (there == here - 1)
    return nearer


def path(steps: np.ndarray, start: np.ndarray) -> list[tuple[int, int]]:
    """The cells of a shortest path of one maze from ``start`` (2,) to the target, both included; [] if there is none.

    ``steps`` (h, w) as by ``distances``. Among equals the first action is taken (in a maze there are none).

    >>> path(distances(np.zeros((1, 1, 3), np.uint8), np.array([[0, 2]]))[0], np.array([0, 0]))
    [(0, 0), (0, 1), (0, 2)]
    """
    cell = np.asarray(start, np.int64)
    if steps[tuple(cell)] < 0:
        return []
    cells = [(int(cell[0]), int(cell[1]))]
    while steps[tuple(cell)] > 0:
        cell = cell + MOVES[best_actions(steps[None], cell[None])[0].argmax()]
        cells.append((int(cell[0]), int(cell[1])))
    return cells


@kernel
def _flood(wall, target, out):
    """Breadth first, one queue for each maze."""
    n, h, w = wall.shape
    queue = np.empty((h * w, 2), np.int64)
    for i in range(n):
        y, x = target[i]
        if y < 0 or wall[i, y, x]:
            continue
        out[i, y, x] = 0
        queue[0, 0], queue[0, 1] = y, x
        spread(wall[i], queue, 1, out[i])


@kernel
def _flood_many(wall, where, out):
    """The same from many cells at once."""
    n, h, w = wall.shape
    queue = np.empty((h * w, 2), np.int64)
    for i in range(n):
        tail = 0
        for y in range(h):
            for x in range(w):
                if where[i, y, x] and not wall[i, y, x]:
                    out[i, y, x] = 0
                    queue[tail, 0], queue[tail, 1] = y, x
                    tail += 1
        spread(wall[i], queue, tail, out[i])


@kernel
def spread(wall, queue, tail, out):
    """Go on breadth first from the first ``tail`` cells of ``queue`` (m, 2), whose distance stands in ``out``."""
    h, w = wall.shape
    head = 0
    while head < tail:
        y, x = queue[head]
        head += 1
        for move in range(len(MOVES)):
            row, column = y + MOVES[move, 0], x + MOVES[move, 1]
            if row < 0 or row >= h or column < 0 or column >= w:
                continue
            if wall[row, column] == 0 and out[row, column] < 0:
                out[row, column] = out[y, x] + 1
                queue[tail, 0], queue[tail, 1] = row, column
                tail += 1
