"""Likenesses and families as files: safetensors and JSON, and back; what the units of a layer are, counted."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts import read_json, read_metadata, read_tensors, write_tensors
from core.provenance import Provenance
from core.symmetry.families import Families, Family, Member
from core.symmetry.groups import Group
from core.symmetry.likeness import Likeness
from feature_viz.examples.crops import folder_name

Document = Mapping[str, Any]


def likeness_path(folder: Path, layer: str, *, of: str = "likeness") -> Path:
    """Where a layer's likeness is kept; those of shuffled weights lie apart."""
    return folder / of / f"{folder_name(layer)}.safetensors"


def write_likeness(path: Path, likeness: Likeness) -> None:
    """Write a likeness; correlations in half precision, which keeps three digits."""
    write_tensors(
        path,
        {
            "values": likeness.values.astype(np.float16),
            "first_half": likeness.halves[0].astype(np.float16),
            "second_half": likeness.halves[1].astype(np.float16),
            "background": likeness.background.astype(np.float16),
            "spread": likeness.spread.astype(np.float32),
            "alive": likeness.alive,
        },
        {
            "layer": likeness.layer,
            "inputs": str(likeness.inputs),
            "positions": str(likeness.positions),
            "subject": likeness.provenance.subject,
            "data": likeness.provenance.data,
        },
    )


def read_likeness(path: Path, group: Group) -> Likeness:
    """A likeness as ``write_likeness`` wrote it.

    Raises
    ------
    Unreadable
        if there is no such file, or it is not whole.
    """
    held, about = read_tensors(path), read_metadata(path)
    exact = {name: np.asarray(each.numpy(), np.float32) for name, each in held.items() if name != "alive"}
    return Likeness(
        layer=about["layer"],
        group=group,
        values=exact["values"],
        halves=(exact["first_half"], exact["second_half"]),
        background=exact["background"],
        spread=exact["spread"],
        alive=held["alive"].numpy(),
        inputs=int(about["inputs"]),
        positions=int(about["positions"]),
        provenance=Provenance(about["subject"], about["data"]),
    )


def group_document(group: Group) -> dict[str, Any]:
    """A group as JSON's own kinds."""
    return {
        "name": group.name,
        "labels": list(group.labels),
        "table": group.table.tolist(),
        "shape": list(group.shape),
        "wraps": list(group.wraps),
        "axes": list(group.axes),
    }


def group_of(document: Document) -> Group:
    """The group that ``group_document`` wrote.

    >>> from core.symmetry.groups import dihedral
    >>> group_of(group_document(dihedral(4))).labels[5]
    'mirrored 90°'
    """
    return Group(
        document["name"],
        tuple(document["labels"]),
        np.array(document["table"]),
        tuple(document["shape"]),
        tuple(document["wraps"]),
        tuple(document["axes"]),
    )


def families_document(found: Families) -> dict[str, Any]:
    """Families as JSON's own kinds; their group stands elsewhere."""
    return {
        "layer": found.layer,
        "units": found.units,
        "families": [
            {
                "members": [[one.unit, one.place] for one in family.members],
                "likeness": float(family.likeness),
                "consistency": float(family.consistency),
                "stabiliser": [int(element) for element in family.stabiliser],
            }
            for family in found.families
        ],
        "invariant": [int(unit) for unit in found.invariant],
        "duplicates": [[int(unit) for unit in alike] for alike in found.duplicates],
        "dead": [int(unit) for unit in found.dead],
        "alone": [int(unit) for unit in found.alone],
        "threshold": float(found.threshold),
        "false_discovery": None if math.isnan(found.false_discovery) else float(found.false_discovery),
        "why": found.why,
    }


def families_of(document: Document, group: Group) -> Families:
    """The families that ``families_document`` wrote."""
    return Families(
        layer=document["layer"],
        group=group,
        units=document["units"],
        families=tuple(
            Family(
                members=tuple(Member(unit, place) for unit, place in one["members"]),
                likeness=one["likeness"],
                consistency=one["consistency"],
                stabiliser=tuple(one["stabiliser"]),
            )
            for one in document["families"]
        ),
        invariant=tuple(document["invariant"]),
        duplicates=tuple(tuple(alike) for alike in document["duplicates"]),
        dead=tuple(document["dead"]),
        threshold=document["threshold"],
        false_discovery=math.nan if document["false_discovery"] is None else document["false_discovery"],
        why=document["why"],
        provenance=Provenance(),
    )


def counts(found: Families) -> dict[str, int]:
    """How many families there are, and how many units are what; every unit is counted once."""
    labels = np.asarray(found.labels)
    kinds = {"in families": labels >= 0, "invariant": labels == -2, "duplicates": labels == -3}
    kinds |= {"alone": labels == -1, "dead": labels == -4}
    return {"families": len(found.families)} | {name: int(which.sum()) for name, which in kinds.items()}


def found_path(folder: Path, layer: str) -> Path:
    """Where FOUND of a layer is written."""
    return folder / "layers" / f"{folder_name(layer)}.json"


def read_found(folder: Path, layer: str) -> dict[str, Any]:
    """FOUND of a layer.

    Raises
    ------
    Unreadable
        if the layer is not done.
    """
    return dict(read_json(found_path(folder, layer)))
