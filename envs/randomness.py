"""Random numbers that live in the state: splitmix64, one 64-bit word a stream, the same on every machine.

A word is the whole generator, so a saved state continues exactly, and no instance disturbs another.
Source: [steele2014].
"""

import numpy as np

from envs.kernels import inlined

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S27, S30, S31, S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


@inlined
def mix(word):
    """The splitmix64 finaliser: one uint64 to another, every bit depending on every bit."""
    word = (word ^ (word >> S30)) * FIRST
    word = (word ^ (word >> S27)) * SECOND
    return word ^ (word >> S31)


@inlined
def draw(words, i):
    """The next 64 random bits of stream ``i``; advances ``words[i]``."""
    words[i] += GOLDEN
    return mix(words[i])


@inlined
def below(words, i, n):
    """A whole number in ``[0, n)`` from stream ``i``, ``1 <= n <= 2**31``; bias below ``n / 2**32``."""
    return np.int64(((draw(words, i) >> S32) * np.uint64(n)) >> S32)


@inlined
def chance(words, i):
    """A float64 in ``[0, 1)`` from stream ``i``, a multiple of ``2**-53``."""
    return np.float64(draw(words, i) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


def streams(seed: int, n: int) -> np.ndarray:
    """``n`` independent stream words from one seed: uint64 ``(n,)``.

    >>> streams(0, 2)
    array([16294208416658607535,  7960286522194355700], dtype=uint64)
    """
    with np.errstate(over="ignore"):
        return mix.py_func(np.uint64(seed % 2**64) + GOLDEN * np.arange(1, n + 1, dtype=np.uint64))
