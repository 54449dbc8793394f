"""units.csv: one row per unit of a gallery, plain values and scores, written layer by layer."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.artifacts import atomic


def write_units(path: str | Path, layers: Iterable[Mapping[str, Any]]) -> None:
    """The units of some LAYERs (see ``gallery``) as CSV; one layer is held at a time."""
    with atomic(path) as temporary, temporary.open("w", newline="") as handle:
        writer: Any = None
        for layer in layers:
            for unit in layer["units"]:
                row = flat(unit)
                if writer is None:
                    writer = csv.DictWriter(handle, list(row), lineterminator="\n")
                    writer.writeheader()
                writer.writerow(row)


def flat(unit: Mapping[str, Any]) -> dict[str, Any]:
    """A UNIT's plain values and scores.

    >>> flat({"unit": "conv:0", "top": [], "scores": {"sds": 2.0}})
    {'unit': 'conv:0', 'sds': 2.0}
    """
    plain = {key: value for key, value in unit.items() if not isinstance(value, list | Mapping)}
    return plain | dict(unit["scores"])
