"""Finished runs of ``gridlens families``: their group, their layers, and whose they are."""

from pathlib import Path

from core.artifacts import read_json
from core.errors import BadInput
from core.runs import read_manifest
from core.subject import Subject
from core.symmetry.groups import Group
from vision.families.records import group_of


def group_in(folder: Path) -> Group:
    """The group of a finished search."""
    return group_of(read_json(folder / "group.json"))


def layers_in(folder: Path) -> tuple[str, ...]:
    """The layers of a finished search."""
    return tuple(read_manifest(folder)["parameters"]["layers"])


def refuse_another_network(folder: Path, subject: Subject) -> None:
    """Raise BadInput unless the folder is a finished search of that network."""
    manifest = read_manifest(folder)
    if manifest.get("kind") != "families" or manifest.get("state") != "finished":
        raise BadInput(f"{str(folder)!r} is no finished run of gridlens families")
    if manifest["subject"] != subject.fingerprint:
        raise BadInput(f"{str(folder)!r} was searched in another network than {subject.name} as it is here")
