"""Where the ones of a plane are: 64 cells looked at in one go.

A scan cell by cell costs more than all the rest of a step in a world with few things on many cells; here the machine
compares 64 bytes at once, and only the cells that are 1 are visited.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from envs.kernels import inlined


@intrinsic
def _nonzero(typing_context, source, at):
    """Bit k of the uint64 says whether ``source[at + k]``, of a flat uint8 array, is not 0."""
    signature = types.uint64(source, types.uint64)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        lanes = ir.VectorType(ir.IntType(8), 64)
        place = builder.bitcast(builder.gep(data, [arguments[1]]), lanes.as_pointer())
        cells = builder.load(place, align=1)
        return builder.bitcast(builder.icmp_unsigned("!=", cells, ir.Constant(lanes, None)), ir.IntType(64))

    return signature, generate


@intrinsic
def _lowest(typing_context, word):
    """The place of the lowest 1 of a uint64; 64 where there is none."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def _number(typing_context, word):
    """How many bits of a uint64 are 1."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@inlined
def _some(flat, at, left):
    """Bit k says whether ``flat[at + k]`` is not 0, for k below ``left`` of 1 to 63, wherever the array ends."""
    over = np.int64(at) + 64 - len(flat)
    back = np.uint64(over if over > 0 else 0)
    word = _nonzero(flat, at - back) >> back  # type: ignore[call-arg]  # numba gives the context
    return word & ((np.uint64(1) << np.uint64(left)) - np.uint64(1))


@inlined
def ones(flat, first, count, cells):
    """Where the ``count`` bytes from ``flat[first]`` on are not 0: how many, and in ``cells`` which, from 0, in order.

    ``flat`` uint8 with at least 64 bytes, ``cells`` whole numbers with room for all and three more: three places a
    word are written whether they are there or not, for how many there are is more than a machine can foresee.

    >>> import numpy as np
    >>> flat, cells = np.zeros(100, np.uint8), np.zeros(6, np.int64)
    >>> flat[[20, 90, 99]] = 1
    >>> ones(flat, 20, 75, cells), cells[:2].tolist()
    (2, [0, 70])
    """
    found, here, at = np.uint64(0), np.uint64(0), np.uint64(first)
    for _ in range(count // 64):
        word = _nonzero(flat, at + here)  # type: ignore[call-arg, var-annotated]
        after = found + _number(word)  # type: ignore[call-arg]
        for k in range(3):
            cells[found + np.uint64(k)] = here + _lowest(word)  # type: ignore[call-arg]
            word &= word - np.uint64(1)
        found += np.uint64(3)
        while word:
            cells[found] = here + _lowest(word)
            word &= word - np.uint64(1)
            found += np.uint64(1)
        found = after
        here += np.uint64(64)
    if count % 64:
        word = _some(flat, at + here, count % 64)
        while word:
            cells[found] = here + _lowest(word)  # type: ignore[call-arg]
            word &= word - np.uint64(1)
            found += np.uint64(1)
    return np.int64(found)


@inlined
def first_one(flat, first, count):
    """Where the first of the ``count`` bytes from ``flat[first]`` on is that is not 0, from 0; -1 where none is.

    ``flat`` uint8 with at least 64 bytes.

    >>> import numpy as np
    >>> flat = np.zeros(100, np.uint8)
    >>> flat[[20, 90]] = 1
    >>> first_one(flat, 21, 79), first_one(flat, 0, 20)
    (69, -1)
    """
    place, at = np.int64(-1), np.uint64(first)
    for start in range(0, count, 64):
        left = count - start
        word = _nonzero(flat, at) if left >= 64 else _some(flat, at, left)  # type: ignore[call-arg]
        nearest = start + np.int64(_lowest(word))  # type: ignore[call-arg]
        place = nearest if place < 0 and word else place
        at += np.uint64(64)
    return place
