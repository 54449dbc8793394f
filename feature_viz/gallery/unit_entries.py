"""Units as JSON: the UNIT of ``feature_viz.gallery.gallery``, made and natural half, a batch at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.progress import Progress
from core.receptive import ReceptiveField
from core.subject import Subject
from core.targets import Unit
from feature_viz.examples.crops import Cell, bottom_cells, cell_size, folder_name, range_cells, top_cells
from feature_viz.examples.exemplars import ByClass, Exemplars
from feature_viz.examples.histogram import Histogram
from feature_viz.gallery.views import VIEWS, Making, make_view
from feature_viz.truth.judge import Judge

Row = dict[str, Any]

CLASSES = 5
"""Classes listed for a unit."""


@dataclass(frozen=True, eq=False)
class LayerWork:
    """One layer's share of a gallery: its views, the pictures' side, what it sees, what drives it, who judges."""

    layer: str
    views: tuple[str, ...]
    size: int
    seen: ReceptiveField
    found: Exemplars
    images: Mapping[str, Any]
    judge: Judge | None


def entries(
    subject: Subject,
    work: LayerWork,
    units: Sequence[int],
    held: Sequence[Row],
    *,
    making: Making,
    folder: Path,
    progress: Progress,
) -> list[Row]:
    """The UNITs of one batch: ``held`` as they are, completed by the units and views that they lack."""
    rows = {row["channel"]: row for row in held}
    views: dict[int, Row] = {unit: dict(rows[unit]["views"]) if unit in rows else {} for unit in units}
    done = 0
    for view in work.views:
        lacking = [Unit(work.layer, unit) for unit in units if view not in views[unit]]
        if not lacking:
            continue

        def tick(step: int, _: int, label: str, done: int = done) -> None:
            progress(done + step, 0, label)

        made = make_view(subject, view, lacking, making, size=work.size, folder=folder, progress=tick)
        for unit, entry in zip(lacking, made, strict=True):
            views[unit.channel][view] = entry
        done += cost(work.views, [view], len(lacking), making)
    return [
        unit_entry(
            work, unit, {view: views[unit][view] for view in VIEWS if view in views[unit]}, making.looks.crop
        )
        for unit in units
    ]


def cost(held: Sequence[str], views: Sequence[str], units: int, making: Making) -> int:
    """Image-steps that it takes to make some views of so many units."""
    return sum(VIEWS[view].images for view in views if view in held) * units * making.step_count


def unit_entry(work: LayerWork, unit: int, views: Mapping[str, Row], most: int) -> Row:
    """One UNIT: the made pictures, and how the unit answers real images."""
    positive = views["positive"]
    about = {"unit": str(Unit(work.layer, unit)), "layer": work.layer, "channel": unit}
    made = {key: positive[key] for key in ("picture", "objective", "reached", "fired")}
    return about | made | natural_entry(work, unit, positive["reached"], most) | {"views": views}


def natural_entry(work: LayerWork, unit: int, reached: float, most: int) -> Row:
    """How a unit answers real images, and where the picture stands beside them."""
    found, name = work.found, folder_name(work.layer)
    best, mean, sd = float(found.top.score[0, unit]), float(found.mean[unit]), float(found.sd[unit])
    return {
        "best": best,
        "mean": mean,
        "sd": sd,
        "firing": float(found.firing[unit]),
        "strip": str(Path("examples", name, f"{unit:04d}.webp")),
        "range_strip": str(Path("examples", name, f"{unit:04d}-range.webp")),
        "why": str(Path("examples", name, f"{unit:04d}-why.webp")),
        "cell": cell_size(work.seen, most),
        "top": _listed(top_cells(work.seen, found, unit), work.images),
        "bottom": _listed(bottom_cells(work.seen, found, unit), work.images),
        "range": _listed(range_cells(work.seen, found, unit), work.images),
        "histogram": _histogram(found.histogram, unit),
        "classes": _classes(found.by_class, unit, work.images["classes"]),
        "scores": {
            "multiple": reached / best if best > 0 else None,
            "sds": (reached - mean) / sd if sd > 0 else None,
        },
    }


def _listed(cells: Sequence[Cell], images: Mapping[str, Any]) -> list[Row]:
    names, labels = images["names"], images["labels"]
    return [
        {
            "index": cell.index,
            "name": names[cell.index],
            "label": labels[cell.index] if labels else None,
            "activation": cell.score,
            "row": cell.row,
            "column": cell.column,
            "box": cell.window.box,
        }
        for cell in cells
    ]


def _histogram(held: Histogram, unit: int) -> Row:
    """The bins from the first to the last occupied one."""
    counts = held.counts[:, unit]
    first, *_, last = torch.cat([counts.nonzero()[:1], counts.nonzero()[-1:]]).flatten().tolist()
    width = float(held.width[unit])
    return {
        "low": float(held.low[unit]) + first * width,
        "width": width,
        "counts": counts[first : last + 1].tolist(),
    }


def _classes(held: ByClass, unit: int, names: Mapping[str, str]) -> list[Row]:
    """The classes whose images fire a unit most in the mean."""
    known = held.counts.nonzero().flatten()
    strongest = known[held.mean[known, unit].argsort(descending=True, stable=True)][:CLASSES].tolist()
    return [
        {
            "label": names.get(str(number), str(number)),
            "mean": float(held.mean[number, unit]),
            "count": int(held.counts[number]),
        }
        for number in strongest
    ]
