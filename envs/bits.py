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


@inlined
def ones(flat, first, count, cells):
    """Where the ``count`` bytes from ``flat[first]`` on are not 0: how many, and in ``cells`` which, from 0, in order.

    ``flat`` uint8 with at least 64 bytes, ``cells`` whole numbers with room for all.

    >>> import numpy as np
    >>> flat, cells = np.zeros(100, np.uint8), np.zeros(4, np.int64)
    >>> flat[[20, 90, 99]] = 1
    >>> ones(flat, 20, 75, cells), cells[:2].tolist()
    (2, [0, 70])
    """
    found, last = 0, len(flat) - 64
    for start in range(first, first + count, 64):
        at = min(start, last)
        word = _nonzero(flat, np.uint64(at)) >> np.uint64(start - at)  # type: ignore[call-arg]  # numba gives the context
        left = first + count - start
        if left < 64:
            word &= (np.uint64(1) << np.uint64(left)) - np.uint64(1)
        while word:
            cells[found] = start - first + np.int64(_lowest(word))
            word &= word - np.uint64(1)
            found += 1
    return found
