"""Random words by (seed, level, step): what is drawn in an episode does not depend on who else is being played."""

import numpy as np
from jaxtyping import Float, Int, UInt64

from envs.randomness import FIRST, GOLDEN, SECOND, mix


def episode_words(seed: int, levels: Int[np.ndarray, "n"]) -> UInt64[np.ndarray, "n"]:
    """A word an episode, by the seed and the level's; a level that stands there again gets another each time.

    >>> words = episode_words(0, np.array([5, 6, 5]))
    >>> bool(words[0] == episode_words(0, np.array([5]))[0]), len(set(words.tolist()))
    (True, 3)
    """
    levels = np.asarray(levels)
    order = np.argsort(levels, kind="stable")
    begins = np.flatnonzero(np.diff(levels[order], prepend=-1))
    times = np.empty(len(levels), np.uint64)
    times[order] = np.arange(len(levels)) - np.repeat(begins, np.diff(begins, append=len(levels)))
    with np.errstate(over="ignore"):
        own = mix.py_func(levels.astype(np.uint64) + FIRST) + times * SECOND
        return np.asarray(mix.py_func(own ^ mix.py_func(np.uint64(seed % 2**64) + SECOND)))


def step_words(words: UInt64[np.ndarray, "n"], step: int) -> UInt64[np.ndarray, "n"]:
    """The episodes' words of one step: streams of their own (``envs.randomness``)."""
    with np.errstate(over="ignore"):
        return np.asarray(mix.py_func(words + FIRST * np.uint64(step + 1)))


def uniform(words: UInt64[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """The first number of each stream, in [0, 1): multiples of 2**-53.

    >>> drawn = uniform(step_words(episode_words(0, np.arange(10_000)), 3))
    >>> round(float(drawn.mean()), 2), round(float(12 * drawn.var()), 1)
    (0.5, 1.0)
    """
    with np.errstate(over="ignore"):
        bits = mix.py_func(words + GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


def drawn(chances: Float[np.ndarray, "n a"], words: UInt64[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    """A choice each, drawn by its chances.

    >>> drawn(np.array([[0.0, 1.0, 0.0]] * 2), np.array([7, 8], np.uint64))
    array([1, 1])
    """
    up_to = chances.astype(np.float64).cumsum(1)
    return (uniform(words)[:, None] * up_to[:, -1:] >= up_to[:, :-1]).sum(1)
