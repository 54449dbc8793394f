"""Which families the units of a gallery stand in, as runs of family search have told it in families.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.artifacts import read_json
from feature_viz.examples.crops import folder_name

LINKS = "families.json"
"""{runs: [{href, group, layers: {layer: {unit: {family, members, place}}}}]}; ``href`` leads to the run's folder."""


def read_kin(folder: Path, layer: str) -> Mapping[int, list[dict[str, Any]]]:
    """Unit to [{href, group, family, members, place}]; empty where no family search has been linked."""
    if not (folder / LINKS).exists():
        return {}
    found: dict[int, list[dict[str, Any]]] = {}
    for run in read_json(folder / LINKS)["runs"]:
        page = f"{quote(run['href'])}/layers/{quote(folder_name(layer), safe='/')}.html"
        for unit, one in run["layers"].get(layer, {}).items():
            link = {"href": f"{page}#family-{one['family']}", "group": run["group"]}
            found.setdefault(int(unit), []).append({**one, **link})
    return found
