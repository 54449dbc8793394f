"""made(): a family search with its pictures and pages, in one run folder that goes on where it was broken off."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_json
from core.errors import Unreadable
from core.progress import Progress, silent
from core.runs import read_manifest, refuse_another, running
from core.symmetry.groups import Group
from feature_viz.examples.crops import folder_name
from gridlens.families.agent_pictures import mapped
from gridlens.families.asked import Request, Taken, parameters, taken
from gridlens.families.behaviour import behaviour_document
from gridlens.families.documents import layer_document, pages_document
from gridlens.families.inputs import Inputs, inputs_of
from gridlens.families.known import published_of
from gridlens.families.linking import galleries_beside, link
from gridlens.families.pictures import pictured
from gridlens.opened import Opened
from reports.families.pages import write_families
from rl.goals import parted
from rl.symmetry import TurnedViews
from vision.families.records import families_of, likeness_path, read_found, read_likeness
from vision.families.searching import Search, fingerprint_of, refuse_unfit, search_layers

SHUFFLES = 4
"""Networks of shuffled weights that an agent is held against."""

PICTURES = {
    True: "Pictures: which cells of the view raise a unit (blue) and which lower it (orange), plane beside plane.",
    False: "Pictures: noise, changed until the unit fires as it can in the middle of its map, cut to what it sees; a "
    "hypothesis about it, not a photograph of it.",
}
"""What pictures of an agent's units show, and of others."""


def made(opened: Opened, request: Request, *, out: Path, progress: Progress = silent) -> Path:
    """Search, show, write the pages; given again for the same folder, go on. Returns the path of index.html.

    Layers are searched together and then shown one by one; a layer's page can be opened as soon as it is written.

    Raises
    ------
    UnknownName, BadInput, Unreadable
        if layers, group or inputs do not fit the subject: before anything is computed or written.
    RunConflict
        if the folder holds a different run.
    """
    subject = taken(opened, request)
    inputs = inputs_of(subject, request, progress=progress)
    refuse_unfit(subject.subject, inputs.views)
    how = _how(opened, request)
    gallery = _gallery(opened, request, out)
    identity: Mapping[str, Any] = {
        "kind": "families",
        "parameters": _identity(request, subject, inputs.group, how),
        "seeds": {"seed": request.seed},
        "subject": subject.subject.fingerprint,
        "data": fingerprint_of(inputs.views),
    }
    refuse_another(out, **identity)
    with running(out, **identity) as run:
        if not run.finished:
            folder, action = run.folder, inputs.action
            search_layers(subject.subject, inputs.views, how, folder=folder, action=action, progress=progress)
            _show(subject, inputs, request, how, folder=folder, gallery=gallery, progress=progress)
    if gallery is not None:
        link(gallery, [out])
    return out / "index.html"


def _how(opened: Opened, request: Request) -> Search:
    """The search's own settings; no stimuli are drawn for what plays games."""
    pictures = opened.agent is None and opened.env_id is None
    return Search(
        positions=request.positions,
        pooled=request.pooled,
        shuffles=_shuffles(opened, request),
        tuning=request.tuning and pictures,
        weights=request.weights and pictures,
        seed=request.seed,
    )


def _shuffles(opened: Opened, request: Request) -> int:
    """As many as asked for; an agent's small network is held against more, as one shuffling is like no other."""
    if request.shuffles is not None:
        return request.shuffles
    return 1 if opened.agent is None else SHUFFLES


def _identity(request: Request, subject: Taken, group: Group, how: Search) -> dict[str, Any]:
    settings = {name: value for name, value in asdict(how).items() if name != "seed"}
    asked = parameters(request, subject.dictionary)
    return {"layers": list(subject.layers), "group": group.name, "elements": len(group)} | settings | asked


def _gallery(opened: Opened, request: Request, out: Path) -> Path | None:
    """The gallery that is named, or the first of the same network that lies beside the run."""
    if request.gallery is not None:
        manifest = read_manifest(request.gallery)
        if manifest.get("kind") != "gallery" or manifest["subject"] != opened.subject.fingerprint:
            raise Unreadable(
                f"{str(request.gallery)!r} holds no gallery of {opened.subject.name} as it is here"
            )
        return request.gallery
    found = [] if request.atoms is not None else galleries_beside(out, opened.subject.fingerprint)
    return found[0] if found else None


def _show(
    subject: Taken,
    inputs: Inputs,
    request: Request,
    how: Search,
    *,
    folder: Path,
    gallery: Path | None,
    progress: Progress,
) -> None:
    """Pictures and pages, layer after layer."""
    about: dict[str, Any] = {
        "subject": {
            "name": subject.subject.name,
            "fingerprint": subject.subject.fingerprint,
            "input": subject.subject.spec.shape,
        },
        "inputs": {
            "called": inputs.called,
            "count": max(len(each) for each in inputs.views.values()),
            "fingerprint": fingerprint_of(inputs.views),
            "drawn": inputs.drawn,
        },
        "pictures": PICTURES[inputs.action is None],
        "search": asdict(how) | {"pictures of": f"{request.show} families a layer"},
    }
    if inputs.action is None:
        about["behaviour"] = _behaviour(subject, inputs, request, folder)
    documents = []
    for name in subject.layers:
        documents.append(
            _layer(subject, inputs, name, request, folder=folder, gallery=gallery, progress=progress)
        )
        write_json(folder / "pages" / f"{folder_name(name)}.json", documents[-1])
        waiting = subject.layers[len(documents) :]
        write_json(folder / "pages.json", pages_document(about, inputs.group, documents, waiting))
        write_families(folder, name)
    write_families(folder)  # once more, now that every page knows its neighbours


def _behaviour(subject: Taken, inputs: Inputs, request: Request, folder: Path) -> Any:
    """BEHAVIOUR of an agent, kept beside the run's other files."""
    path, agent = folder / "behaviour.json", subject.opened.agent
    views = next(iter(inputs.views.values()))
    if not path.exists() and agent is not None and isinstance(views, TurnedViews):
        found = behaviour_document(
            subject.subject, parted(agent.world), views, view=agent.view, seed=request.seed
        )
        write_json(path, found)
    return read_json(path)


def _layer(
    subject: Taken,
    inputs: Inputs,
    name: str,
    request: Request,
    *,
    folder: Path,
    gallery: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    group, found = inputs.group, read_found(folder, name)
    families = families_of(found, group)
    likeness = read_likeness(likeness_path(folder, name), group)
    units = sorted({one.unit for family in families.families[: request.show] for one in family.members})
    views = inputs.views[name]
    if isinstance(views, TurnedViews):
        mapped(subject.subject, name, units, views.seen, folder=folder)
    else:
        pictured(
            subject.subject,
            name,
            units,
            folder=folder,
            gallery=request.gallery,
            dictionary=subject.dictionary,
            steps=request.steps,
            seed=request.seed,
            progress=progress,
        )
    published = published_of(subject.subject.name, families)
    return layer_document(found, families, likeness, folder=folder, gallery=gallery, published=published)
