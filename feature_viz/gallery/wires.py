"""A gallery's wires/LAYER.json: each unit's strongest weights in and out, kept apart as new layers change them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.artifacts import read_json
from core.wires.wiring import UnitWires, Wire
from feature_viz.examples.crops import folder_name


def wires_path(folder: Path, layer: str) -> Path:
    """Where the wires of all units of a layer are written."""
    return folder / "wires" / f"{folder_name(layer)}.json"


def as_entry(unit: UnitWires) -> dict[str, Any]:
    """A unit's wires as JSON.

    >>> as_entry(UnitWires((Wire("conv:3", 0.5),)))
    {'in': [{'unit': 'conv:3', 'weight': 0.5}], 'out': []}
    """
    return {"in": [_plain(wire) for wire in unit.incoming], "out": [_plain(wire) for wire in unit.outgoing]}


def wired(folder: Path, layer: str, units: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """UNITs with their wires, where the folder has them."""
    path = wires_path(folder, layer)
    held = read_json(path) if path.exists() else []
    none: dict[str, Any] = {"in": [], "out": []}
    return [
        {"wires": none}
        | dict(unit)
        | ({"wires": held[unit["channel"]]} if unit["channel"] < len(held) else {})
        for unit in units
    ]


def _plain(wire: Wire) -> dict[str, Any]:
    return {"unit": wire.unit, "weight": float(wire.weight)}
