"""The making of a gallery: examples, then layer after layer, and gallery.json that tells which are finished."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_json
from core.progress import Progress
from core.receptive import receptive_fields
from core.subject import Subject
from core.wires.wiring import wires
from feature_viz.examples.crops import folder_name
from feature_viz.examples.exemplars import ImageSource, exemplars, read_exemplars, write_exemplars
from feature_viz.gallery.layer import layer_path, make_layer, read_layer, read_layers
from feature_viz.gallery.picture_size import picture_size
from feature_viz.gallery.plan import Plan, write_plan
from feature_viz.gallery.unit_entries import LayerWork, cost
from feature_viz.gallery.unit_scores import judge_of
from feature_viz.gallery.unit_table import write_units
from feature_viz.gallery.views import Making
from feature_viz.gallery.wires import as_entry, wires_path
from feature_viz.truth.judge import Judge

SCHEMA = "gridlens.gallery/2"
DOCUMENT = "gallery.json"
IMAGES = "images.json"
TOP = 9
TOGETHER = 16_384
"""Units whose examples are found in one pass over the images, unless one layer has more."""

LayerMade = Callable[[Path, str | None], object]
"""Told of the folder and of each layer that is finished, so that its pages can be written; of None after the last."""


@dataclass(frozen=True, eq=False)
class Order:
    """All that the making of a gallery needs to know."""

    subject: Subject
    images: ImageSource
    plan: Plan
    making: Making
    folder: Path

    def steps(self, layer: str) -> int:
        """Image-steps of a layer."""
        share = self.plan[layer]
        return cost(share.views, share.views, len(share.units), self.making)


def make(order: Order, layer_made: LayerMade | None, progress: Progress) -> None:
    """Layer after layer; gallery.json tells at any time which are finished."""
    total = sum(order.steps(layer) for layer in order.plan)
    done = 0
    finished: list[dict[str, Any]] = []
    judge: Judge | None = None
    for names in _groups(order):
        _find(order, names, progress)
        if not finished:
            write_plan(order.folder, order.plan)
            _wire(order, progress)
            judge = judge_of(order.making.judge, order.images)
        for layer in names:

            def tick(step: int, _: int, label: str, done: int = done, layer: str = layer) -> None:
                progress(done + step, total, f"{label} · {layer}")

            fresh = not layer_path(order.folder, layer).exists()
            document = _layer(order, layer, judge, tick) if fresh else read_layer(order.folder, layer)
            finished.append({key: value for key, value in document.items() if key != "units"})
            write_json(order.folder / DOCUMENT, _document(order, finished))
            done += order.steps(layer)
            if fresh and layer_made is not None:
                layer_made(order.folder, layer)
    write_units(order.folder / "units.csv", read_layers(order.folder, list(order.plan)))
    if layer_made is not None:
        layer_made(order.folder, None)


def _groups(order: Order) -> Iterator[list[str]]:
    """Layers whose examples are found together."""
    group: list[str] = []
    held = 0
    for layer in order.plan:
        channels = order.subject.layers[layer].channels
        if group and held + channels > TOGETHER:
            yield group
            group, held = [], 0
        group.append(layer)
        held += channels
    yield group


def _find(order: Order, names: Sequence[str], progress: Progress) -> None:
    """The examples of some layers, unless they are there."""
    missing = [name for name in names if not _examples(order, name).exists()]
    if not missing:
        _recall(order)
        return
    unfinished = order.folder / "exemplars" / "unfinished"
    found = exemplars(order.subject, order.images, missing, k=TOP, checkpoint=unfinished, progress=progress)
    write_json(order.folder / IMAGES, _described(order.images, found[missing[0]].count))
    for name in missing:
        write_exemplars(_examples(order, name), found[name])
    shutil.rmtree(unfinished, ignore_errors=True)


def _wire(order: Order, progress: Progress) -> None:
    """The strongest weights between the gallery's layers, unless they are there."""
    paths = {layer: wires_path(order.folder, layer) for layer in order.plan}
    if all(path.exists() for path in paths.values()):
        return
    found = wires(order.subject, list(order.plan), progress=progress)
    for layer, path in paths.items():
        write_json(path, [as_entry(unit) for unit in found[layer].units])


def _recall(order: Order) -> None:
    """Tell the images which of them an earlier run could not decode, so that they are not all tried again."""
    about = read_json(order.folder / IMAGES)
    if hasattr(order.images, "recall"):
        order.images.recall(about["skipped"], about["count"] + len(about["skipped"]))


def _examples(order: Order, layer: str) -> Path:
    return order.folder / "exemplars" / f"{folder_name(layer)}.safetensors"


def _layer(order: Order, layer: str, judge: Judge | None, progress: Progress) -> Mapping[str, Any]:
    seen = receptive_fields(order.subject, [layer], size=order.images.size)[layer]
    looks = order.making.looks
    share = order.plan[layer]
    work = LayerWork(
        layer,
        share.views,
        picture_size(order.subject, seen) if looks.photographs else looks.side(order.subject.spec.shape[1:]),
        looks.field(seen),
        read_exemplars(_examples(order, layer), layer, order.subject, order.images),
        read_json(order.folder / IMAGES),
        judge,
    )
    return make_layer(
        order.subject, order.images, work, share, making=order.making, folder=order.folder, progress=progress
    )


def _described(images: ImageSource, count: int) -> dict[str, Any]:
    """What there is to say of the images once a pass has met them all."""
    skipped = dict(getattr(images, "skipped", {}))
    names = [name for name in getattr(images, "names", ()) if name not in skipped]
    labels = getattr(images, "labels", None)
    return {
        "count": count,
        "fingerprint": images.fingerprint,
        "skipped": skipped,
        "names": names or [str(i) for i in range(count)],
        "labels": None if labels is None else list(labels),
        "classes": _classes(images),
    }


def _classes(images: ImageSource) -> dict[str, str]:
    """Class numbers to names, of the classes that occur; as text, for JSON."""
    labels, targets = getattr(images, "labels", None), getattr(images, "targets", None)
    if labels is None or targets is None:
        return {}
    return {str(number): label for number, label in zip(targets.tolist(), labels, strict=True) if number >= 0}


def _document(order: Order, finished: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    subject, making, about = order.subject, order.making, read_json(order.folder / IMAGES)
    there = {layer["name"] for layer in finished}
    return {
        "schema": SCHEMA,
        "subject": {"name": subject.name, "fingerprint": subject.fingerprint, "input": subject.spec.shape},
        "images": {key: about[key] for key in ("count", "fingerprint", "skipped")}
        | {"words": making.looks.words},
        "render": {
            "steps": making.step_count,
            "seed": making.seed,
            "recipe": str(making.recipe),
            "engine": making.engine,
            "judge": making.judge and making.judge.name,
        },
        "layers": finished,
        "waiting": [layer for layer in order.plan if layer not in there],
    }
