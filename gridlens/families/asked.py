"""What is asked of a family search: layers, group, inputs, evidence and pictures; checked before anything is made."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

from core.decomposition import Dictionary, atoms_as_units, read_dictionary
from core.errors import BadInput
from core.runs import read_manifest
from core.subject import Subject
from feature_viz.gallery.selection import chosen_layers
from gridlens.decomposition.atoms import atoms_layer
from gridlens.opened import Opened

SHOWN = 24
"""Families of a layer whose members get pictures, the largest."""


@dataclass(frozen=True)
class Request:
    """Which layers are searched under which group, on what, and what of it is shown.

    None is what suits the subject. ``images`` is a folder or archive, ``stimuli`` a kind that is drawn instead;
    ``atoms`` the folder of a ``gridlens decompose`` run whose atoms are searched in place of units; ``gallery`` that
    of a gallery that pictures are taken from and that is linked (one that only lies beside is linked). ``show``
    families of a layer get pictures, of ``steps`` steps.
    """

    layers: str | None = None
    group: str | None = None
    images: Path | None = None
    stimuli: str | None = None
    count: int | None = None
    atoms: Path | None = None
    gallery: Path | None = None
    positions: int = 16
    pooled: bool = False
    shuffles: int | None = None
    tuning: bool = True
    weights: bool = True
    show: int = SHOWN
    steps: int | None = None
    seed: int = 0


class Asked(TypedDict, total=False):
    """The fields of a Request, by name."""

    layers: str | None
    group: str | None
    images: Path | None
    stimuli: str | None
    count: int | None
    atoms: Path | None
    gallery: Path | None
    positions: int
    pooled: bool
    shuffles: int | None
    tuning: bool
    weights: bool
    show: int
    steps: int | None
    seed: int


@dataclass(frozen=True, eq=False)
class Taken:
    """A subject as it is searched: with its atoms as units, if those are what is searched."""

    opened: Opened
    layers: tuple[str, ...]
    dictionary: Dictionary | None = field(default=None, repr=False)

    @property
    def subject(self) -> Subject:
        return self.opened.subject


def taken(opened: Opened, request: Request) -> Taken:
    """The subject and its layers, as asked for.

    Raises
    ------
    UnknownName, BadInput, Unreadable
        if there are no such layers, none are named where there is no default, or the atoms are another network's.

    >>> from gridlens.opened import open_subject
    >>> taken(open_subject("shapes"), Request()).layers
    ('relu1', 'relu2', 'relu3', 'relu4')
    """
    if request.atoms is not None:
        return _atoms(opened, request)
    subject = opened.subject
    if request.layers:
        return Taken(opened, chosen_layers(subject, request.layers))
    if opened.agent is None and subject.name != "shapes":
        few = [*list(subject.layers)[:5], "..."]
        raise BadInput(
            f"name the layers to be searched with --layers; {subject.name} has {', '.join(few)} ({len(subject.layers)})"
        )
    usual = [name for name, info in subject.layers.items() if info.kind in ("ReLU", "Tanh")]
    return Taken(opened, tuple(usual or subject.layers))


def _atoms(opened: Opened, request: Request) -> Taken:
    if request.layers:
        raise BadInput(
            f"--atoms searches the layer that was taken apart; leave out --layers {request.layers!r}"
        )
    manifest = read_manifest(request.atoms or "")
    if manifest.get("kind") != "decomposition":
        raise BadInput(
            f"{str(request.atoms)!r} holds a run of {manifest.get('kind')}; expected one of gridlens decompose"
        )
    if manifest["subject"] != opened.subject.fingerprint:
        raise BadInput(
            f"{str(request.atoms)!r} takes apart another network than {opened.subject.name} as it is here"
        )
    dictionary = read_dictionary(Path(request.atoms or "") / "dictionaries" / "atoms.safetensors")
    subject = atoms_as_units(opened.subject, dictionary)
    return Taken(replace(opened, subject=subject), (atoms_layer(dictionary),), dictionary)


def parameters(request: Request, dictionary: Dictionary | None) -> dict[str, Any]:
    """What makes another run, beside the search's own settings."""
    return {
        "images": request.images,
        "stimuli": request.stimuli,
        "count": request.count,
        "atoms": None if dictionary is None else dictionary.fingerprint,
        "show": request.show,
        "steps": request.steps,
    }
