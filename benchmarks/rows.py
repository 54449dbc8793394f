"""Row: one line of the bench table; PeerMissing; alternate(): several measures in turns, medians."""

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import GridlensError


class PeerMissing(GridlensError):
    """What a row compares with is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Row:
    """Ours beside a peer in the same unit; ``ratio`` above 1 always means that ours is the better one."""

    name: str
    unit: str
    ours: float
    peer: float
    ratio: float
    repeats: int
    peer_name: str
    conditions: str

    def as_json(self, machine: str) -> dict[str, Any]:
        return asdict(self) | {"machine": machine}


def alternate(*measures: Callable[[], float], repeats: int) -> tuple[float, ...]:
    """Medians of all measures, taken in turns so that a noisy machine disturbs them alike.

    >>> alternate(lambda: 2.0, lambda: 1.0, repeats=3)
    (2.0, 1.0)
    """
    rounds = [[measure() for measure in measures] for _ in range(repeats)]
    return tuple(statistics.median(column) for column in zip(*rounds, strict=True))
