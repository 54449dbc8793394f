"""Row: one line of the bench table; alternate(): ours and the peer in turns, medians."""

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


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


def alternate(ours: Callable[[], float], peer: Callable[[], float], *, repeats: int) -> tuple[float, float]:
    """Medians of both measures, taken in turns so that a noisy machine disturbs both alike.

    >>> alternate(lambda: 2.0, lambda: 1.0, repeats=3)
    (2.0, 1.0)
    """
    pairs = [(ours(), peer()) for _ in range(repeats)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
