"""A layer's units in few numbers: how many, how many silent, how each score is spread, and some to show."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SHOWN = 8
"""Units that stand for their layer."""

DECILES = tuple(tenth / 10 for tenth in range(11))


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of some UNITs:

    count   units
    silent  units that the made picture does not fire
    more    units that fire more for the made picture than for any real image
    scores  {score: {known, deciles: [lowest, ..., highest]}}, over the units where it is known
    shown   [{channel, picture}], evenly from the layer, those that fire

    >>> row = {"channel": 3, "picture": "a.webp", "fired": True, "scores": {"multiple": 2.0, "sds": None}}
    >>> found = summary([row])
    >>> found["count"], found["silent"], found["more"], found["scores"]["multiple"]["known"], found["scores"]["sds"]
    (1, 0, 1, 1, {'known': 0, 'deciles': []})
    """
    names = list(dict.fromkeys(name for row in rows for name in row["scores"]))
    firing = [row for row in rows if row["fired"]]
    return {
        "count": len(rows),
        "silent": len(rows) - len(firing),
        "more": sum(_more(row) for row in firing),
        "scores": {name: _spread([row["scores"].get(name) for row in rows]) for name in names},
        "shown": [{"channel": row["channel"], "picture": row["picture"]} for row in _evenly(firing or rows)],
    }


def _more(row: Mapping[str, Any]) -> bool:
    multiple = row["scores"].get("multiple")
    return multiple is None or multiple > 1


def _spread(values: Sequence[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    return {"known": len(known), "deciles": np.quantile(known, DECILES).tolist() if known else []}


def _evenly(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    step = max(1.0, len(rows) / SHOWN)
    return [rows[int(place * step)] for place in range(min(SHOWN, len(rows)))]
