"""turned_actions(): what becomes of each action when the world is turned or mirrored, read off the actions' names."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from core.errors import BadInput
from rl.symmetry.square import PLACES

COMPASSES: tuple[dict[str, tuple[int, int]], ...] = (
    {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)},
    {"north": (-1, 0), "east": (0, 1), "south": (1, 0), "west": (0, -1)},
)
"""Words for directions, rows downwards; an action's name may hold some ("push left", "up-left")."""


def turned_actions(actions: Sequence[str], *, flipped: bool = False) -> Int[np.ndarray, "g a"]:
    """``[g, a]``: the action that a becomes under the symmetry g of the square; what names no direction stays.

    ``flipped``: the agent sees its world upside down, so that in its view "up" leads downwards.

    Raises
    ------
    BadInput
        if no action names a direction, or one turned is none of the actions: those of something that turns on the
        spot or has only some directions.

    >>> turned_actions(["up", "down", "left", "right", "stay"])[:3].tolist()
    [[0, 1, 2, 3, 4], [2, 3, 1, 0, 4], [1, 0, 3, 2, 4]]
    """
    names = [_words(name) for name in actions]
    if not any(words & compass.keys() for words in names for compass in COMPASSES):
        raise BadInput(
            f"the symmetries of the square permute actions that name directions, as up, right, down and left do; "
            f"got {', '.join(actions)}"
        )
    found = np.empty((len(PLACES), len(names)), np.int64)
    for g, matrix in enumerate(PLACES):
        for a, words in enumerate(names):
            turned = _turned(words, matrix, flipped)
            if turned not in names:
                raise BadInput(
                    f"the symmetries of the square turn action {actions[a]!r} into {' '.join(sorted(turned))!r}, which "
                    f"is none of {', '.join(actions)}; expected actions up, right, down and left"
                )
            found[g, a] = names.index(turned)
    return found


def _words(name: str) -> frozenset[str]:
    return frozenset(name.lower().replace("-", " ").replace("_", " ").split())


def _turned(words: frozenset[str], matrix: np.ndarray, flipped: bool) -> frozenset[str]:
    """The words with each direction as it is after turning."""
    return frozenset(_direction(word, matrix, flipped) for word in words)


def _direction(word: str, matrix: np.ndarray, flipped: bool) -> str:
    upright = np.array([-1 if flipped else 1, 1])
    for compass in COMPASSES:
        if word in compass:
            led = upright * (matrix @ (upright * np.array(compass[word])))
            return next(name for name, step in compass.items() if np.array_equal(step, led))
    return word
