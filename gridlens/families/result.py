"""FamilyResult: a family run as Python has it; find_families(): one made, or gone on with."""

import base64
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from core.artifacts import read_json
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.runs import read_manifest
from core.subject import Subject
from core.symmetry.families import Families
from core.symmetry.likeness import Likeness
from feature_viz.examples.crops import folder_name
from gridlens.families.asked import Asked, Request
from gridlens.families.making import made
from gridlens.opened import Opened, open_subject
from reports.families.words import run_sentence
from vision.families.records import families_of, group_of, likeness_path, read_found, read_likeness

SHOWN = 3
"""Families that a result shows in a notebook, of each of so many layers."""


@dataclass(frozen=True, eq=False)
class FamilyResult:
    """A family run: its folder and the document PAGES of ``gridlens.families.documents``."""

    folder: Path
    document: Mapping[str, Any] = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that were searched."""
        return tuple(one["name"] for one in self.document["layers"])

    def families(self, layer: str) -> Families:
        """What was found in a layer."""
        return families_of(read_found(self.folder, layer), group_of(read_json(self.folder / "group.json")))

    def likeness(self, layer: str) -> Likeness:
        """How alike all units of a layer are under every element, to three digits."""
        return read_likeness(
            likeness_path(self.folder, layer), group_of(read_json(self.folder / "group.json"))
        )

    def pages(self) -> Iterator[Mapping[str, Any]]:
        """The documents LAYER, one after the other."""
        return (read_json(self.folder / "pages" / f"{folder_name(layer)}.json") for layer in self.layers)

    def _repr_html_(self) -> str:
        rows = [
            f"<p>{html.escape(layer['name'])}, family {family['number']}: {self._strip(family)}</p>"
            for layer in self.document["layers"][:SHOWN]
            for family in layer["shown"][:SHOWN]
        ]
        page = html.escape((self.folder / "index.html").as_posix())
        return f'<p><a href="{page}">{html.escape(run_sentence(self.document))}</a></p>' + "".join(rows)

    def _strip(self, family: Mapping[str, Any]) -> str:
        style = "width:56px;height:56px;object-fit:cover;margin:0 3px 3px 0;border-radius:3px;vertical-align:middle"
        return "".join(
            f'<img alt="unit {one["unit"]}, {html.escape(one["label"])}" style="{style}" '
            f'src="data:image/webp;base64,{_base64(self.folder / one["picture"])}">'
            if one["picture"]
            else f"{one['unit']} "
            for one in family["members"]
        )


def find_families(
    subject: str | Subject = "shapes",
    *,
    out: str | Path | None = None,
    progress: Progress = silent,
    **asked: Unpack[Asked],
) -> FamilyResult:
    """Search a network's layers for families: a run folder with pages, ``out``/index.html, that open offline.

    ``subject`` is a Subject, or what the command line takes: a classifier, an agent's folder, an organism. What is
    searched and shown - ``layers``, ``group``, ``images`` and so on - is told by ``gridlens.families.asked.Request``.
    Broken off and called again it goes on where it was. The result shows itself in a notebook.

    Raises
    ------
    UnknownName, BadInput, Unreadable, RunConflict, NotFinite
        as ``gridlens.families.making.made``.
    """
    opened = Opened(subject) if isinstance(subject, Subject) else open_subject(subject)
    request = Request(**asked)
    folder = Path(out) if out else usual_folder(opened.subject.name, request)
    made(opened, request, out=folder, progress=progress)
    return read_families(folder)


def read_families(folder: str | Path) -> FamilyResult:
    """A family run from its folder; also one that is still being made, as far as it is.

    Raises
    ------
    Unreadable
        if the folder holds none.
    """
    folder = Path(folder)
    manifest, document = read_manifest(folder), read_json(folder / "pages.json")
    stamp = provenance(
        subject=manifest["subject"],
        data=manifest["data"],
        seed=manifest["seeds"]["seed"],
        **manifest["parameters"],
    )
    return FamilyResult(folder, document, stamp)


def usual_folder(name: str, request: Request) -> Path:
    """Where a run goes unless told.

    >>> usual_folder("shapes", Request(group="hue*rotation")).as_posix()
    'runs/families-shapes-hue-rotation'
    """
    parts = ["families", name, request.group or "rotation"] + (["atoms"] if request.atoms else [])
    text = "-".join(parts)
    return Path("runs") / "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in text)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
