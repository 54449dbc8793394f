"""gallery(): what every unit of some layers looks for, made and found, in a run folder that resumes.

The folder holds, beside the run's manifest.json:

    gallery.json                   all of the below as one document (GALLERY, written last)
    units.csv                      one row per unit: the plain values of UNIT
    pictures/LAYER/0017.webp       the feature visualisation of unit 17
    examples/LAYER/0017.webp       its top images' crops in one strip, best first, square cells
    images.json                    names, labels and count of the images, and those that could not be decoded
    exemplars/LAYER.safetensors    indices, scores and places of all units' top and bottom images, and statistics
    batches/LAYER/0000.json        the UNITs of one finished batch, from which a broken-off run goes on

GALLERY
    schema      "gridlens.gallery/1"
    subject     {name, fingerprint, input: [c, h, w]}
    images      {count, fingerprint, skipped: {name: reason}}: what the top images were searched in
    render      {steps, seed, recipe}
    layers      [{name, kind, channels, map: [h, w] or [], field: [h, w] receptive field in pixels,
                  size: side of the pictures in pixels, units: [UNIT]}], in execution order

UNIT
    unit        text of the target, "features.3:17"
    layer, channel
    picture     path of the visualisation within the folder; for LAYER see ``crops.folder_name``
    objective   what was raised: the channel's mean over positions, on the clean picture
    reached     the channel's largest activation over positions, on the clean picture
    fired       whether the picture makes the unit differ from zero anywhere
    best        the largest activation over all positions of all real images
    multiple    reached / best; null where best is not positive
    sds         (reached - mean) / sd; null where sd is 0
    mean, sd    of the real images' largest activations over positions
    firing      share of the real images that fire the unit above zero
    strip       path of the strip of crops
    cell        side of one crop in the strip, in pixels
    top         [{index, name, label or null, activation, row, column, box}], best first. ``index`` counts
                the decodable images from 0; ``row, column`` is the place in the layer's map; ``box`` is the receptive
                field's [left, top, width, height] within the crop, as shares of its side in [0, 1]
    bottom      [{index, name, label or null, activation}], weakest first; no crops
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_csv, write_image, write_json
from core.errors import Unreadable
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.runs import running
from core.subject import Subject
from feature_viz.crops import folder_name, strips
from feature_viz.exemplars import ImageSource, exemplars, read_exemplars, write_exemplars
from feature_viz.optimize import LARGEST, Recipe
from feature_viz.receptive import ReceptiveField, receptive_fields
from feature_viz.selection import chosen_layers, chosen_units
from feature_viz.unit_entries import LayerPlan, render_entries

SCHEMA = "gridlens.gallery/1"
DOCUMENT = "gallery.json"
IMAGES = "images.json"
TOP = 9
BATCH = 16
"""Units rendered together; the most that a killed run repeats."""

STRIPS = 1024
"""Units whose strips are held in memory together."""


@dataclass(frozen=True, eq=False)
class GalleryResult:
    """A finished gallery: its folder and the document GALLERY that the module's docstring describes."""

    folder: Path
    document: Mapping[str, Any] = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def units(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(unit for layer in self.document["layers"] for unit in layer["units"])


def gallery(
    subject: Subject,
    images: ImageSource,
    *,
    layers: str = "all",
    units: str | None = None,
    steps: int = 96,
    seed: int = 0,
    out: str | Path,
    progress: Progress = silent,
) -> GalleryResult:
    """Make, or go on with, the gallery of some layers in the run folder ``out``.

    ``layers`` are names and globs ("features.3, features.*.expand3x3"), ``units`` ranges ("0-23,40"); each
    layer's pictures are of a size that fits its receptive field. However often it is broken off, the files end with
    the same bytes as an unbroken run's on the same machine. ``names``, ``labels``
    and ``skipped`` of the images are shown where the source has them.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such layers or units, or there are no images.
    RunConflict
        if the folder holds something else.
    NotFinite
        if an activation or an objective is NaN or infinite.
    """
    names = chosen_layers(subject, layers)
    picked = {name: chosen_units(units, subject.layers[name].channels, name) for name in names}
    parameters = {"layers": names, "units": units, "steps": steps, "recipe": str(Recipe())}
    with running(
        out,
        kind="gallery",
        parameters=parameters,
        seeds={"seed": seed},
        subject=subject.fingerprint,
        data=images.fingerprint,
    ) as run:
        if not run.finished:
            plans = _plans(subject, images, picked, run.folder, progress)
            _make(subject, images, plans, run.folder, steps=steps, seed=seed, progress=progress)
    return read_gallery(out)


def read_gallery(folder: str | Path) -> GalleryResult:
    """A finished gallery from its folder.

    Raises
    ------
    Unreadable
        if the folder holds no finished gallery.
    """
    folder = Path(folder)
    document = read_json(folder / DOCUMENT)
    if document.get("schema") != SCHEMA:
        raise Unreadable(
            f"{str(folder / DOCUMENT)!r} has schema {document.get('schema')!r}; expected {SCHEMA!r}"
        )
    stamp = provenance(
        subject=document["subject"]["fingerprint"],
        data=document["images"]["fingerprint"],
        seed=document["render"]["seed"],
        steps=document["render"]["steps"],
    )
    return GalleryResult(folder, document, stamp)


def _plans(
    subject: Subject,
    images: ImageSource,
    picked: Mapping[str, Sequence[int]],
    folder: Path,
    progress: Progress,
) -> list[LayerPlan]:
    """Every layer with its exemplars - found now, or by the run that was broken off - and picture size."""
    paths = {name: folder / "exemplars" / f"{folder_name(name)}.safetensors" for name in picked}
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing:
        found = exemplars(subject, images, missing, k=TOP, progress=progress)
        write_json(folder / IMAGES, _described(images, found[missing[0]].count))
        for name in missing:
            write_exemplars(paths[name], found[name])
    fields = receptive_fields(subject, list(picked), size=images.size)
    about = read_json(folder / IMAGES)
    return [
        LayerPlan(
            name,
            tuple(units),
            picture_size(subject, fields[name]),
            fields[name],
            read_exemplars(paths[name], name, subject, images),
            about,
        )
        for name, units in picked.items()
    ]


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
    }


def picture_size(subject: Subject, seen: ReceptiveField) -> int:
    """Side of a layer's pictures: four times its receptive field, from 64 to 128 px, at most the network's own.

    >>> from core.testing import planted_classifier
    >>> picture_size(planted_classifier(seed=0), ReceptiveField("conv", (0.0, 0.0), (1.0, 1.0), (3, 3), (12, 12)))
    12
    """
    largest = min(LARGEST, *subject.spec.shape[1:])
    return min(largest, max(64, -(-4 * max(seen.extent) // 16) * 16))


def _make(
    subject: Subject,
    images: ImageSource,
    plans: Sequence[LayerPlan],
    folder: Path,
    *,
    steps: int,
    seed: int,
    progress: Progress,
) -> None:
    total = sum(len(plan.units) for plan in plans) * steps
    done = 0
    layers = []
    for plan in plans:
        _cut_strips(images, plan, folder)
        rows: list[Mapping[str, Any]] = []
        for first in range(0, len(plan.units), BATCH):
            units = plan.units[first : first + BATCH]
            path = folder / "batches" / folder_name(plan.layer) / f"{first // BATCH:04d}.json"
            if not path.exists():

                def tick(step: int, _: int, label: str, done: int = done) -> None:
                    progress(done + step, total, label)

                write_json(
                    path,
                    render_entries(
                        subject, plan, units, steps=steps, seed=seed, folder=folder, progress=tick
                    ),
                )
            rows += read_json(path)
            done += len(units) * steps
            progress(done, total, "rendering")
        layers.append(_layer_entry(subject, plan, rows))
    about = read_json(folder / IMAGES)
    document = {
        "schema": SCHEMA,
        "subject": {"name": subject.name, "fingerprint": subject.fingerprint, "input": subject.spec.shape},
        "images": {key: about[key] for key in ("count", "fingerprint", "skipped")},
        "render": {"steps": steps, "seed": seed, "recipe": str(Recipe())},
        "layers": layers,
    }
    flat = [
        {k: v for k, v in row.items() if not isinstance(v, list)}
        for layer in layers
        for row in layer["units"]
    ]
    write_csv(folder / "units.csv", flat)
    write_json(folder / DOCUMENT, document)


def _layer_entry(subject: Subject, plan: LayerPlan, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    info = subject.layers[plan.layer]
    return {
        "name": plan.layer,
        "kind": info.kind,
        "channels": info.channels,
        "map": info.shape[1:] if info.spatial else [],
        "field": plan.seen.extent,
        "size": plan.size,
        "units": rows,
    }


def _cut_strips(images: ImageSource, plan: LayerPlan, folder: Path) -> None:
    """The strips that are not there yet, so many at a time as fit in memory."""
    where = folder / "examples" / folder_name(plan.layer)
    missing = [unit for unit in plan.units if not (where / f"{unit:04d}.webp").exists()]
    for first in range(0, len(missing), STRIPS):
        made = strips(images, plan.found, plan.seen, missing[first : first + STRIPS])
        for unit, strip in made.items():
            write_image(where / f"{unit:04d}.webp", strip)
