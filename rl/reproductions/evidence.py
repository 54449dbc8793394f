"""What is known of the agents of a reproduction, as rows, and how to pick from them."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from rl.players import AGENT

Row = dict[str, Any]

Measure = Callable[[Path], list[Row]]
"""Further play of the agent in a folder, to rows of one shape."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of all agents of a sweep: its ``records`` (``rl.records``), and ``plays``, what further play of each came to.

    Rows of both kinds name the agent, its seed, its algorithm and the dials that it was trained with (JSON).
    """

    records: Sequence[Row] = field(repr=False)
    plays: Sequence[Row] = field(default=(), repr=False)
    levels: int = 0


def rows_of(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """The rows in which every name has the value wanted: names of columns, or of dials in training.

    >>> row = {"agent": "a", "dials": '{"limit": 25}', "where": "shifted"}
    >>> len(rows_of([row], where="shifted", limit=25)), len(rows_of([row], limit=200))
    (1, 0)
    """
    return [row for row in rows if all(_value(row, name) == value for name, value in wanted.items())]


def column(rows: Iterable[Row], name: str, **wanted: Any) -> NDArray:
    """One column of ``rows_of``, as numbers; one row an agent is expected.

    Raises
    ------
    BadInput
        if there is no such row, or two of one agent.
    """
    found = rows_of(rows, **wanted)
    said = ", ".join(f"{key}={value}" for key, value in wanted.items())
    if not found:
        raise BadInput(f"no agent has a row with {said}; train and evaluate the sweep first")
    agents = [row["agent"] for row in found]
    if len(set(agents)) < len(agents):
        raise BadInput(f"agents have several rows with {said}; expected one each")
    return np.array([float(row[name]) for row in found])


def estimates(
    rows: Iterable[Row], measure: str, *, where: str, player: str = AGENT, **wanted: Any
) -> NDArray:
    """A measure of the records, one number an agent."""
    return column(rows, "estimate", measure=measure, where=where, player=player, **wanted)


def trained(rows: Iterable[Row], dial: str) -> list[Any]:
    """The values of a dial that agents were trained with, in order.

    >>> trained([{"dials": '{"limit": 200}'}, {"dials": '{"limit": 25}'}], "limit")
    [25, 200]
    """
    return sorted({_dials(row["dials"])[dial] for row in rows})


def _value(row: Row, name: str) -> Any:
    return row[name] if name in row else _dials(row["dials"]).get(name)


@lru_cache(maxsize=1024)
def _dials(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def by_dial(
    rows: Sequence[Row], dial: str, measure: str, *, where: str, **wanted: Any
) -> list[tuple[Any, NDArray]]:
    """A measure of the records for every value of a dial in training: (value, one number an agent)."""
    return [
        (value, estimates(rows, measure, where=where, **wanted, **{dial: value}))
        for value in trained(rows, dial)
    ]
