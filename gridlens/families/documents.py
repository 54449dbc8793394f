"""What the families' pages are written from: pages.json and pages/LAYER.json, made of all that was found.

PAGES (pages.json)
    subject {name, fingerprint, input}, group {name, labels, shape, wraps, axes}, done (the group in words)
    pictures (what they are), inputs  {called, count, fingerprint, drawn}, search {setting: value}
    layers  [LAYER without what only its own page shows], waiting [names]
    behaviour  of an agent alone, see ``gridlens.families.behaviour``

LAYER (pages/LAYER.json)
    name, kind, units, map, field, counts, null, halves, threshold, false_discovery, inputs, positions: of FOUND
    families   [{number, title, likeness, consistency, stabiliser: [labels], tuning, weights, published, marks,
               members: [{unit, place, places, label, copies, row, tuning, picture, href}]}]; ``row`` is the likeness to
               the first member over the group, ``marks`` the element of each row that leads to its member
    invariant, duplicates, dead, alone, hrefs {unit: address}
    published  {known, why, rows, said}
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.symmetry.families import Families, Family
from core.symmetry.groups import Group
from core.symmetry.likeness import Likeness
from gridlens.families.pictures import lent_units, picture_name
from reports.families.words import done_to
from reports.gallery.unit_page import unit_address

Document = Mapping[str, Any]

SHOWN = 3
"""Families of a layer that its entry on the front page may show."""

TIDY = 4
"""Digits of what is drawn."""


def layer_document(
    found: Document,
    families: Families,
    likeness: Likeness,
    *,
    folder: Path,
    gallery: Path | None,
    published: Document,
) -> dict[str, Any]:
    """LAYER of a FOUND document (``vision.families.searching``) and what belongs to it."""
    layer = families.layer
    hrefs = addresses(layer, folder, gallery)
    shown = [
        _family(number, family, document, families, likeness)
        for number, (family, document) in enumerate(
            zip(families.families, found["families"], strict=True), start=1
        )
    ]
    for family in shown:
        for one in family["members"]:
            name = picture_name(layer, one["unit"])
            one |= {
                "picture": name if (folder / name).exists() else None,
                "href": hrefs.get(str(one["unit"])),
            }
        family["published"] = published.get("families", {}).get(str(family["number"]))
    keys = (
        "kind",
        "units",
        "map",
        "field",
        "counts",
        "null",
        "halves",
        "threshold",
        "false_discovery",
        "why",
    )
    return {
        "name": layer,
        **{
            key: found[key]
            for key in (*keys, "inputs", "positions", "invariant", "duplicates", "dead", "alone")
        },
        "families": shown,
        "hrefs": hrefs,
        "published": {key: value for key, value in published.items() if key != "families"},
    }


def pages_document(
    about: Document, group: Group, layers: Sequence[Document], waiting: Sequence[str]
) -> dict[str, Any]:
    """PAGES; ``about`` has its subject, inputs and search."""
    keys = ("name", "kind", "units", "map", "field", "counts", "null", "halves")
    drawn = {
        "name": group.name,
        "labels": list(group.labels),
        "shape": list(group.shape),
        "wraps": list(group.wraps),
        "axes": list(group.axes),
    }
    return {
        **about,
        "group": drawn,
        "done": done_to(drawn),
        "layers": [
            {key: layer[key] for key in keys} | {"shown": [_small(one) for one in layer["families"][:SHOWN]]}
            for layer in layers
        ],
        "waiting": list(waiting),
    }


def addresses(layer: str, folder: Path, gallery: Path | None) -> dict[str, str]:
    """Units of a layer to the address of their page in a gallery, seen from the run's folder."""
    if gallery is None:
        return {}
    way = Path(os.path.relpath(gallery, folder)).as_posix()
    return {str(unit): f"{way}/{unit_address(layer, unit)}" for unit in sorted(lent_units(gallery, layer))}


def _family(
    number: int, family: Family, document: Document, found: Families, likeness: Likeness
) -> dict[str, Any]:
    group = found.group
    copies = {alike[0]: alike for alike in found.duplicates}
    members = sorted(family.members, key=lambda one: (one.place, one.unit))
    first = members[0]
    tuned = document["tuning"]
    return {
        "number": number,
        "title": f"Family {number}",
        "likeness": family.likeness,
        "consistency": family.consistency,
        "stabiliser": [group.labels[element] for element in family.stabiliser if element != group.identity],
        "tuning": tuned and {key: value for key, value in tuned.items() if key != "curves"},
        "weights": document["weights"],
        "marks": [int(max(0, group.offsets[first.place, one.place])) for one in members],
        "members": [
            {
                "unit": one.unit,
                "place": one.place,
                "places": _places(one.place, family.stabiliser, group),
                "label": group.labels[one.place],
                "copies": [other for other in copies.get(one.unit, ()) if other != one.unit],
                "row": _tidy(likeness.values[:, first.unit, one.unit]),
                "tuning": _tuning(tuned, one.unit),
            }
            for one in members
        ],
    }


def _places(place: int, stabiliser: Sequence[int], group: Group) -> list[int]:
    """All places at which a member stands as well."""
    return sorted({place, *(int(group.table[place, same]) for same in stabiliser)} - {-1})


def _tuning(tuned: Document | None, unit: int) -> dict[str, Any] | None:
    if tuned is None or str(unit) not in tuned["curves"]:
        return None
    curve = tuned["curves"][str(unit)]
    return {
        "axis": tuned["axis"],
        "values": _tidy(np.asarray(curve["values"])),
        "period": tuned["period"],
        "preferred": curve["preferred"],
    }


def _tidy(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{TIDY}g}") for value in values]


def _small(family: Document) -> dict[str, Any]:
    """What the front page shows of a family."""
    members = [{key: one[key] for key in ("unit", "label", "picture")} for one in family["members"]]
    return {"number": family["number"], "members": members}
