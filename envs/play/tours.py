"""Shortest tours past keys and chests: fewest steps, by dynamic programming over which of them have been seen to."""

from typing import NamedTuple

import numpy as np

from envs.kernels import kernel
from envs.terrain.paths import MOVES, spread

EXACT = 15
"""Most things at once that a tour is searched for; 2 ms each at this number, 0.02 ms at 9."""
FAR = np.int32(1_000_000)
"""More steps than any tour takes: cannot be done."""


class Tours(NamedTuple):
    """Where tours lead.

    steps   int32 (n,)    steps of the shortest tour; 0 where nothing is to be done, -1 where there is no way to it,
                          or there are too many things to search and ``good`` only leads to the nearest useful one
    good    bool (n, 4)   which of up, down, left, right begin a shortest tour: all that do; none where steps is 0
    """

    steps: np.ndarray
    good: np.ndarray


def tours(
    wall: np.ndarray, agent: np.ndarray, keys: np.ndarray, chests: np.ndarray, held: np.ndarray
) -> Tours:
    """Fewest steps in which as many chests are open as the keys allow; where there is no chest, to fetch every key.

    ``wall``, ``keys`` and ``chests`` (n, h, w), not 0 where there is one; ``agent`` (n, 2); ``held`` (n,) keys in hand.
    A key is picked up by walking onto it, any key opens any chest and is used up, chests bar no way. Exact for up to
    ``EXACT`` things in a level. Things that lie on the way are of no harm (all chests are worth the same, and one
    opened early spares a later one), so a tour is an order of things with shortest ways between them.

    >>> row = np.zeros((1, 1, 6), np.uint8)
    >>> key, chest = row.copy(), row.copy()
    >>> key[0, 0, 0] = chest[0, 0, 3] = chest[0, 0, 5] = 1
    >>> found = tours(row, np.array([[0, 2]]), key, chest, np.array([0]))
    >>> found.steps, found.good
    (array([5], dtype=int32), array([[False, False,  True, False]]))
    """
    n = len(agent)
    found = Tours(np.zeros(n, np.int32), np.zeros((n, len(MOVES)), np.bool_))
    planes = (np.ascontiguousarray(plane, np.uint8) for plane in (wall, keys, chests))
    _tours(*planes, np.ascontiguousarray(agent, np.int64), np.ascontiguousarray(held, np.int64), found)
    return found


@kernel
def _tours(wall, keys, chests, agent, held, found):
    n, h, w = wall.shape
    queue, things = np.empty((h * w, 2), np.int64), np.empty((h * w, 2), np.int64)
    for i in range(n):
        picking = _list(keys[i], things, 0)
        count = _list(chests[i], things, picking)
        ways = np.full((count, h, w), -1, np.int32)
        for t in range(count):
            queue[0] = things[t]
            ways[t, things[t, 0], things[t, 1]] = 0
            spread(wall[i], queue, 1, ways[t])
        wanted = min(count - picking, picking + held[i])  # chests that can be opened
        if count > picking and wanted == 0:
            continue
        if count > EXACT:
            left = _nearest_useful(ways, agent[i], picking, wanted, held[i])
            found.steps[i] = -1
        else:
            left = _ahead(ways, things, agent[i], picking, wanted, held[i])
            found.steps[i] = 0 if count == 0 else left.min() if left.min() < FAR else -1
        _mark(ways, left, agent[i], found.good[i])


@kernel
def _list(plane, things, count):
    """Note the cells of a plane in ``things`` from ``count`` on; how many there are then."""
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            if plane[y, x]:
                things[count, 0], things[count, 1] = y, x
                count += 1
    return count


@kernel
def _ahead(ways, things, agent, picking, wanted, held):
    """Steps of the shortest tour that goes first to each thing: int32 (count,), ``FAR`` where none does.

    ``rest[done, t]`` is what is left to walk for somebody who stands on ``t`` having seen to the set ``done``. The
    first ``picking`` things are keys; the tour is over with ``wanted`` chests open, or all keys held if there are none.
    """
    count = len(ways)
    rest = np.full((1 << count, count), FAR, np.int32)
    between = np.empty((count, count), np.int32)
    for t in range(count):
        for u in range(count):
            steps = ways[t, things[u, 0], things[u, 1]]
            between[t, u] = steps if steps >= 0 else FAR
    for done in range((1 << count) - 1, 0, -1):
        keys, opened = _tally(done, picking, count)
        spare = held + keys - opened
        if spare < 0 or opened > wanted:
            continue
        over = opened == wanted if count > picking else keys == picking
        for t in range(count):
            if done >> t & 1:
                rest[done, t] = 0 if over else _best(rest, between, done, t, count if spare > 0 else picking)
    left = np.full(count, FAR, np.int32)
    for t in range(count):
        steps = ways[t, agent[0], agent[1]]
        if steps >= 0 and (t < picking or held > 0):
            left[t] = min(FAR, steps + rest[1 << t, t])
    return left


@kernel
def _best(rest, between, done, t, allowed):
    """The shortest way on from ``t`` to one of the first ``allowed`` things that is not ``done``."""
    best = FAR
    for u in range(allowed):
        if not done >> u & 1:
            best = min(best, between[t, u] + rest[done | 1 << u, u])
    return best


@kernel
def _tally(done, picking, count):
    """Keys and chests in a set of things."""
    keys, opened = 0, 0
    for t in range(count):
        if t < picking:
            keys += done >> t & 1
        else:
            opened += done >> t & 1
    return keys, opened


@kernel
def _nearest_useful(ways, agent, picking, wanted, held):
    """Steps to each thing that is of use now - a chest with a key in hand, a key as long as chests lack one."""
    left = np.full(len(ways), FAR, np.int32)
    for t in range(len(ways)):
        useful = held > 0 if t >= picking else held < wanted or len(ways) == picking
        steps = ways[t, agent[0], agent[1]]
        if useful and steps >= 0:
            left[t] = steps
    return left


@kernel
def _mark(ways, left, agent, good):
    """The moves that lead to one of the things with the fewest steps ahead."""
    if len(left) == 0 or left.min() >= FAR:
        return
    for t in range(len(ways)):
        if left[t] > left.min():
            continue
        here = ways[t, agent[0], agent[1]]
        for move in range(len(MOVES)):
            y, x = agent[0] + MOVES[move, 0], agent[1] + MOVES[move, 1]
            if 0 <= y < ways.shape[1] and 0 <= x < ways.shape[2] and 0 <= ways[t, y, x] < here:
                good[move] = True
