"""Preference and capability apart: what an agent chooses of two objects, and how well it gets to any."""

from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.uncertainty import Interval, proportion_interval


@dataclass(frozen=True)
class Duel:
    """What an agent does where both objects are: what it prefers, and apart from that how well it gets anywhere.

    ``preference`` is the share of object 1 among the levels in which either was reached, with Wilson's interval (None
    where none was); ``capability`` the mean length of all levels in steps, the less the better; ``reached`` the
    share of levels in which either was.
    """

    preference: Interval | None
    capability: float
    reached: float
    levels: int

    def __str__(self) -> str:
        share = "undecided" if self.preference is None else f"object 1 in {self.preference}"
        return f"{share}, {self.capability:.1f} steps, reached in {self.reached:.3f} of {self.levels} levels"


def duel(tally: np.ndarray, clock: np.ndarray) -> Duel:
    """The two numbers of [ramanauskas2023] from levels at their end (``StepResult.final``): tally (n, 2), clock (n,).

    Raises BadInput where there is no level, or one in which more than one object was reached.

    >>> print(duel(np.array([[1, 0], [0, 1], [0, 1], [0, 0]]), np.array([3, 4, 5, 100])))
    object 1 in 0.333 [0.061, 0.792], 28.0 steps, reached in 0.750 of 4 levels
    """
    tally, clock = np.asarray(tally), np.asarray(clock)
    if tally.ndim != 2 or tally.shape[1] != 2 or clock.shape != tally.shape[:1] or not len(tally):
        raise BadInput(
            f"a duel needs a tally (n, 2) and clocks (n,) of n levels; got {tally.shape}, {clock.shape}"
        )
    if tally.min() < 0 or tally.sum(axis=1).max() > 1:
        raise BadInput("a duel needs levels in which one object was reached or none")
    first, reached = int(tally[:, 0].sum()), int(tally.sum())
    share = proportion_interval(first, reached) if reached else None
    return Duel(share, float(clock.mean()), reached / len(tally), len(tally))
