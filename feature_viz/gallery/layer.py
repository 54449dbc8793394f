"""One layer of a gallery: strips and pictures, batch after batch of units, and layers/LAYER.json once all are there."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_image, write_json
from core.progress import Progress
from core.subject import Subject
from feature_viz.examples.crops import folder_name, top_cells, unit_strips
from feature_viz.examples.exemplars import ImageSource
from feature_viz.examples.looks import DrawnImages, Looks
from feature_viz.examples.unit_attribution import attribution_strips
from feature_viz.gallery.plan import Share
from feature_viz.gallery.summary import summary
from feature_viz.gallery.unit_entries import LayerWork, Row, cost, entries
from feature_viz.gallery.unit_scores import scored
from feature_viz.gallery.views import Making
from feature_viz.gallery.wires import wired


def make_layer(
    subject: Subject,
    images: ImageSource,
    work: LayerWork,
    share: Share,
    *,
    making: Making,
    folder: Path,
    progress: Progress,
) -> Mapping[str, Any]:
    """Make what is missing of a layer; writes and returns layers/LAYER.json.

    ``progress`` is told of the layer's image-steps.
    """
    rows: list[Row] = []
    done = 0
    for number, units in share.batches().items():
        path = folder / "batches" / folder_name(work.layer) / f"{number:04d}.json"
        held = read_json(path) if path.exists() else []
        if not _complete(held, units, share.views):

            def tick(step: int, _: int, label: str, done: int = done) -> None:
                progress(done + step, 0, label)

            _cut_strips(subject, images, work, units, folder, making.looks)
            held = entries(subject, work, units, held, making=making, folder=folder, progress=tick)
            if making.looks.photographs:
                held = scored(subject, images, work, held, folder=folder, seed=making.seed)
            write_json(path, held)
        rows += read_json(path)
        done += cost(share.views, share.views, len(units), making)
        progress(done, 0, "rendering")
    document = _about(subject, work, share, making.looks) | summary(rows) | {"units": rows}
    write_json(layer_path(folder, work.layer), document)
    return document


def layer_path(folder: Path, layer: str) -> Path:
    """Where a finished layer is written."""
    return folder / "layers" / f"{folder_name(layer)}.json"


def read_layer(folder: Path, layer: str) -> Mapping[str, Any]:
    """A finished layer with its UNITs and their wires.

    Raises
    ------
    Unreadable
        if the layer is not finished.
    """
    document = dict(read_json(layer_path(folder, layer)))
    return document | {"units": wired(folder, layer, document["units"])}


def read_layers(folder: Path, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Finished layers one after the other."""
    for name in names:
        yield read_layer(folder, name)


def _complete(held: Sequence[Row], units: Sequence[int], views: Sequence[str]) -> bool:
    known = {row["channel"]: row["views"] for row in held}
    return all(unit in known and set(views) <= set(known[unit]) for unit in units)


def _about(subject: Subject, work: LayerWork, share: Share, looks: Looks) -> Row:
    info = subject.layers[work.layer]
    return {
        "name": work.layer,
        "kind": info.kind,
        "channels": info.channels,
        "map": info.grid if info.spatial else [],
        "field": [extent // looks.scale for extent in work.seen.extent],
        "size": work.size,
        "views": share.views,
        "skipped": share.skipped,
    }


def _cut_strips(
    subject: Subject, images: ImageSource, work: LayerWork, units: Sequence[int], folder: Path, looks: Looks
) -> None:
    """The strips of a batch that are not there yet."""
    where = folder / "examples" / folder_name(work.layer)
    missing = [unit for unit in units if not (where / f"{unit:04d}-why.webp").exists()]
    shown = images if looks.photographs else DrawnImages(images, looks)
    for unit, made in unit_strips(shown, work.found, work.seen, missing, most=looks.crop).items():
        write_image(where / f"{unit:04d}.webp", made.top)
        write_image(where / f"{unit:04d}-range.webp", made.range)
    cells = {unit: top_cells(work.seen, work.found, unit) for unit in missing}
    for unit, strip in attribution_strips(subject, images, work.seen, cells, looks=looks).items():
        write_image(where / f"{unit:04d}-why.webp", strip)
