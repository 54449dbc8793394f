"""search(): families of some layers under some views, in a run folder that goes on where it was broken off.

The folder holds, beside the run's manifest.json:

    group.json                   the group: name, labels, table, shape, wraps, axes
    likeness/LAYER.safetensors   S of all pairs over the group, and over two halves of the inputs; half precision
    layers/LAYER.json            FOUND, written when the layer is done; for LAYER see ``crops.folder_name``
    layers/LAYER-tuning.csv      tuning curves of the members, a row a unit and stimulus
    shuffled-N/, control/        as likeness/, of the network with its weights shuffled; gone when all layers are done

FOUND
    layer, units, kind, channels, map, field
    families       [{members: [[unit, place]], likeness, consistency, stabiliser, tuning, weights}], the largest first
    invariant, duplicates, dead, alone, threshold, false_discovery, why
    inputs, positions
    counts         {families, in families, invariant, duplicates, alone, dead}
    null           the same counts of the network with shuffled weights, held against another such; or null
    halves         {counts: of each half of the inputs, ari: how far the two agree, or null}
    tuning, weights      of a family: see ``vision.families.evidence``, or null
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts import write_json
from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import fingerprint
from core.receptive import receptive_fields
from core.runs import running
from core.subject import Subject, layer_named
from core.symmetry.families import Families, find
from core.symmetry.likeness import LEAST, Likeness
from core.symmetry.null import shuffled
from core.symmetry.scores import adjusted_rand
from core.symmetry.views import Views
from vision.families.evidence import tuning_evidence
from vision.families.kernels import weights_evidence
from vision.families.passes import collect
from vision.families.records import (
    counts,
    families_document,
    found_path,
    group_document,
    likeness_path,
    read_likeness,
)
from vision.views.actions import Action

CONTROL = "control"
"""A network of shuffled weights that is searched as well."""

LEAST_UNITS = 2
"""Units without which there is nothing to compare."""


@dataclass(frozen=True)
class Search:
    """How layers are searched.

    ``positions`` places are read of every input, or with ``pooled`` one mean; pairs are kept at the false-discovery
    rate ``level``, beside the same network with its weights shuffled, ``shuffles`` times (0: held against nothing).
    ``tuning`` and ``weights`` say whether evidence of these kinds is gathered; ``seed`` is that of everything drawn.
    """

    positions: int = 16
    pooled: bool = False
    level: float = 0.05
    shuffles: int = 1
    tuning: bool = True
    weights: bool = True
    seed: int = 0


Shown = Views | Mapping[str, Views]
"""What all layers are shown, or each of them: views of one group."""


def search(
    subject: Subject,
    layers: Sequence[str],
    views: Shown,
    how: Search = Search(),
    *,
    out: str | Path,
    action: Action | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Search layers for families, or go on with a search of them; returns the paths of the FOUND documents.

    All layers are collected in one pass over the inputs, or as few as memory allows, then finished one after the
    other. Killed at any moment and called again it ends with the same bytes. ``action`` is what the views' group does
    to pictures; without it weights are not compared.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such layers, a layer has no units to compare, or there are too few inputs.
    RunConflict
        if the folder holds a different run.
    NotFinite
        if an activation is NaN or infinite.
    """
    each = shown(layers, views)
    refuse_unfit(subject, each)
    group = next(iter(each.values())).group
    parameters = {"layers": list(layers), "group": group.name, "elements": list(group.labels)}
    with running(
        out,
        kind="families",
        parameters=parameters | {k: v for k, v in asdict(how).items() if k != "seed"},
        seeds={"seed": how.seed},
        subject=subject.fingerprint,
        data=fingerprint_of(each),
    ) as run:
        search_layers(subject, each, how, folder=run.folder, action=action, progress=progress)
    return [found_path(Path(out), name) for name in layers]


def shown(layers: Sequence[str], views: Shown) -> dict[str, Views]:
    """Every layer's views."""
    return {name: views[name] if isinstance(views, Mapping) else views for name in layers}


def fingerprint_of(views: Mapping[str, Views]) -> str:
    """One fingerprint of all that is shown."""
    marks = dict.fromkeys(each.fingerprint for each in views.values())
    return next(iter(marks)) if len(marks) == 1 else fingerprint(*marks)


def refuse_unfit(subject: Subject, views: Mapping[str, Views]) -> None:
    """Raise, in one sentence, what makes a search impossible: before anything is computed or written."""
    if not views:
        raise BadInput(f"name the layers to be searched; {subject.name} has {', '.join(subject.layers)}")
    for name, each in views.items():
        count = layer_named(subject, name).channels
        if count < LEAST_UNITS:
            raise BadInput(
                f"layer {name!r} of {subject.name} has {count} unit{'s' if count > 1 else ''}; families are searched "
                f"among at least {LEAST_UNITS}"
            )
        if len(each) < LEAST:
            raise BadInput(
                f"families are searched, and held against chance, with at least {LEAST} inputs; given {len(each)}"
            )


def search_layers(
    subject: Subject,
    views: Mapping[str, Views],
    how: Search,
    *,
    folder: Path,
    action: Action | None,
    progress: Progress,
) -> None:
    """Everything that ``search`` does inside its run folder; layers that are done are left as they are."""
    layers = list(views)
    write_json(folder / "group.json", group_document(views[layers[0]].group))
    todo = {name: views[name] for name in layers if not found_path(folder, name).exists()}
    reading: dict[str, Any] = {"positions": how.positions, "pooled": how.pooled, "seed": how.seed}
    collect(subject, todo, folder, of="likeness", progress=progress, **reading)
    emptied = _emptied(how)
    for number, name in enumerate(emptied if todo else ()):
        control = shuffled(subject, seed=how.seed + number)
        called = f", shuffled weights {number + 1} of {len(emptied)}"
        collect(control, todo, folder, of=name, called=called, progress=progress, **reading)
    for done, name in enumerate(layers):
        progress(done, len(layers), "layers finished")
        if name in todo:
            _finish(
                subject, layers[: done + 1], views[name], how, folder=folder, action=action, progress=progress
            )
    for name in emptied:
        shutil.rmtree(folder / name, ignore_errors=True)
    progress(len(layers), len(layers), "layers finished")


def _emptied(how: Search) -> list[str]:
    """Names of the networks of shuffled weights: those that thresholds are held against, and the control."""
    return [f"shuffled-{number}" for number in range(how.shuffles)] + [CONTROL] if how.shuffles else []


def _finish(
    subject: Subject,
    layers: Sequence[str],
    views: Views,
    how: Search,
    *,
    folder: Path,
    action: Action | None,
    progress: Progress,
) -> None:
    """From likenesses to FOUND, for the last of some layers; the others are done, and its weights may read them."""
    layer, group = layers[-1], views.group
    likeness = read_likeness(likeness_path(folder, layer), group)
    emptied = {name: read_likeness(likeness_path(folder, layer, of=name), group) for name in _emptied(how)}
    control = emptied.pop(CONTROL, None)
    nulls = list(emptied.values())
    found = find(likeness, null=nulls, level=how.level)
    halves = [find(replace(likeness, values=half), null=nulls, level=how.level) for half in likeness.halves]
    document = families_document(found) | {
        **_counted(likeness, views),
        "counts": counts(found),
        "null": None if control is None else counts(find(control, null=nulls, level=how.level)),
        "halves": {"counts": [counts(half) for half in halves], "ari": agreement(halves)},
    }
    document |= about_layer(subject, layer, views.size)
    tuned = tuning_evidence(subject, found, folder=folder, progress=progress) if how.tuning else None
    borne = weights_evidence(subject, found, layers[:-1], folder, action) if how.weights and action else None
    for number, family in enumerate(document["families"]):
        family["tuning"] = None if tuned is None else tuned[number]
        family["weights"] = None if borne is None else borne[number]
    write_json(found_path(folder, layer), document)


def _counted(likeness: Likeness, views: Views) -> dict[str, int]:
    """How many inputs there were, each read at how many places; on a sheet every place has an input of its own."""
    if getattr(views, "spots", None) is not None:
        return {"inputs": likeness.inputs * likeness.positions, "positions": 1}
    return {"inputs": likeness.inputs, "positions": likeness.positions}


def agreement(halves: Sequence[Families]) -> float | None:
    """How far two searches agree on who belongs together: the adjusted Rand index; None if neither finds a family."""
    first, second = (np.asarray(half.labels) for half in halves)
    return float(adjusted_rand(first, second)) if (first >= 0).any() or (second >= 0).any() else None


def about_layer(subject: Subject, layer: str, size: tuple[int, int]) -> dict[str, Any]:
    """What a layer is, for its page."""
    info = subject.layers[layer]
    field = receptive_fields(subject, [layer], size=size)[layer].extent if info.spatial else ()
    return {
        "layer": layer,
        "kind": info.kind,
        "map": list(info.grid) if info.spatial else [],
        "field": list(field),
    }
