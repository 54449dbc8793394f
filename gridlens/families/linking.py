"""Galleries and family runs of the same network, led from one to the other: gallery/families.json and its pages."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_json
from core.runs import MANIFEST, is_finished
from reports.gallery.kin import LINKS
from reports.gallery.pages import write_gallery


def galleries_beside(folder: Path, fingerprint: str) -> list[Path]:
    """Finished galleries of a network in the same folder as a run."""
    return _beside(folder, "gallery", fingerprint)


def families_beside(folder: Path, fingerprint: str) -> list[Path]:
    """Finished family runs of a network in the same folder as a gallery."""
    return _beside(folder, "families", fingerprint)


def link(gallery: Path, runs: Sequence[Path]) -> None:
    """Let every unit's page in a gallery lead to its families in some runs, beside those that it leads to already.

    Pages are written again only if that changes something: a gallery keeps its bytes otherwise.
    """
    path = gallery / LINKS
    held = read_json(path) if path.exists() else {"runs": []}
    linked = {one["href"]: one for one in held["runs"] if is_finished(gallery / one["href"])}
    linked |= {one["href"]: one for one in (_links(run, gallery) for run in runs)}
    document = {"runs": [linked[href] for href in sorted(linked)]}
    if document == held:
        return
    write_json(path, document)
    write_gallery(gallery)


def link_found(gallery: Path) -> None:
    """Link a finished gallery with the family runs of the same network that lie beside it."""
    fingerprint = str(read_json(gallery / MANIFEST)["subject"])
    runs = families_beside(gallery, fingerprint)
    if runs or (gallery / LINKS).exists():
        link(gallery, runs)


def _links(run: Path, gallery: Path) -> dict[str, Any]:
    pages = read_json(run / "pages.json")
    return {
        "href": Path(os.path.relpath(run, gallery)).as_posix(),
        "group": pages["group"]["name"],
        "layers": {layer["name"]: _units(run, layer["name"]) for layer in pages["layers"]},
    }


def _units(run: Path, layer: str) -> dict[str, Any]:
    from feature_viz.examples.crops import folder_name

    families = read_json(run / "pages" / f"{folder_name(layer)}.json")["families"]
    return {
        str(unit): {
            "family": family["number"],
            "members": len(family["members"]),
            "place": one["label"],
        }
        for family in families
        for one in family["members"]
        for unit in (one["unit"], *one["copies"])
    }


def _beside(folder: Path, kind: str, fingerprint: str) -> list[Path]:
    found = []
    for path in sorted(folder.resolve().parent.glob(f"*/{MANIFEST}")):
        if path.parent == folder.resolve() or not is_finished(path.parent):
            continue
        manifest = read_json(path)
        if manifest.get("kind") == kind and manifest.get("subject") == fingerprint:
            found.append(path.parent)
    return found
