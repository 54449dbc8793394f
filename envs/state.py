"""The state that all worlds share: a NamedTuple of arrays whose first axis is the instance.

Nothing else remembers anything: whoever holds the state can stop, save, copy, edit and go on.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from core.errors import BadInput

WALL, AGENT = 0, 1
"""The first two planes of every world; the planes after them are the world's own objects."""


class State(NamedTuple):
    """``n`` instances of a world (a NamedTuple because numba takes it as it is).

    planes    uint8 (n, c, h, w)   one plane a kind of thing, 1 where it is; row 0 is at the top
    agent     int32 (n, 2)         row and column of the agent
    counters  int32 (n, k)         what the planes cannot say (an inventory ...); named by the world
    clock     int32 (n,)           steps since the level began
    tally     int32 (n, e)         how often each event happened since the level began
    level     int64 (n,)           seed of the level being played
    pool      int64 (n, 2)         first seed and number of seeds from which the next levels are drawn
    chances   uint64 (n,)          random stream of the level, set by its seed alone
    future    uint64 (n,)          random stream that names the levels to come
    """

    planes: np.ndarray
    agent: np.ndarray
    counters: np.ndarray
    clock: np.ndarray
    tally: np.ndarray
    level: np.ndarray
    pool: np.ndarray
    chances: np.ndarray
    future: np.ndarray


def blank(n: int, shape: tuple[int, int, int], *, counters: int, events: int) -> State:
    """``n`` instances in which nothing lies anywhere; ``shape`` is (planes, rows, columns).

    >>> blank(4, (3, 7, 7), counters=0, events=2).planes.shape
    (4, 3, 7, 7)
    """
    return State(
        planes=np.zeros((n, *shape), np.uint8),
        agent=np.zeros((n, 2), np.int32),
        counters=np.zeros((n, counters), np.int32),
        clock=np.zeros(n, np.int32),
        tally=np.zeros((n, events), np.int32),
        level=np.zeros(n, np.int64),
        pool=np.zeros((n, 2), np.int64),
        chances=np.zeros(n, np.uint64),
        future=np.zeros(n, np.uint64),
    )


def take(state: State, rows: np.ndarray | slice | list[int]) -> State:
    """A copy of some instances, in the order of ``rows`` (repeats allowed): a state of its own.

    >>> take(blank(4, (3, 7, 7), counters=0, events=2), [3, 3]).agent.shape
    (2, 2)
    """
    rows = np.arange(len(state.clock))[rows]
    return State(*(array[rows] for array in state))


def dump_state(state: State) -> dict[str, np.ndarray]:
    """The state as named arrays, copied: what ``core.artifacts.write_tensors`` stores."""
    return {name: array.copy() for name, array in state._asdict().items()}


def load_state(arrays: Mapping[str, np.ndarray]) -> State:
    """The state that ``dump_state`` gave, exactly; raises BadInput where an array is missing or of another form.

    >>> state = blank(2, (3, 7, 7), counters=0, events=2)
    >>> load_state(dump_state(state)).planes.shape
    (2, 3, 7, 7)
    """
    missing = [name for name in State._fields if name not in arrays]
    if missing:
        raise BadInput(f"a saved state needs the array {missing[0]!r}; it holds {', '.join(sorted(arrays))}")
    n, *shape = np.shape(arrays["planes"])
    form = blank(n, tuple(shape), counters=arrays["counters"].shape[-1], events=arrays["tally"].shape[-1])
    for name, wanted in form._asdict().items():
        given = np.asarray(arrays[name])
        if given.shape != wanted.shape or given.dtype != wanted.dtype:
            raise BadInput(
                f"array {name!r} of a saved state is {given.dtype} {given.shape}; "
                f"expected {wanted.dtype} {wanted.shape}"
            )
    return State(*(np.array(arrays[name]) for name in State._fields))


def hashes(state: State) -> list[str]:
    """A name for each instance, 32 hexadecimal digits: equal where all that determines what comes is equal.

    That is planes, agent, counters, clock, level, pool, chances and future. The tally is left out, for it records what
    was and no rule reads it; the world and its dials are not part of a state. The same on every machine, and in a
    batch of any size and order; two instances that differ agree by chance once in 2**128.

    >>> state = blank(2, (3, 7, 7), counters=0, events=2)
    >>> state.clock[1] = 1
    >>> hashes(state)[0] == hashes(take(state, [0]))[0] != hashes(state)[1]
    True
    """
    decisive = [array for name, array in state._asdict().items() if name != "tally"]
    form = repr([array.shape[1:] for array in decisive]).encode()
    little = [np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for array in decisive]
    rows = zip(*([row.tobytes() for row in array] for array in little), strict=True)
    return [hashlib.blake2b(b"".join((form, *row)), digest_size=16).hexdigest() for row in rows]
