"""Units as JSON: the UNIT entries that gallery.py's docstring describes, made and natural half."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.activations import capture
from core.artifacts import write_image
from core.progress import Progress
from core.subject import Subject
from core.targets import Unit, target_map
from feature_viz.crops import cell_size, folder_name, windows
from feature_viz.exemplars import Exemplars, Ranking
from feature_viz.optimize import render
from feature_viz.receptive import ReceptiveField


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """One layer's share of a gallery: its units, the pictures' side, what it sees and what drives it."""

    layer: str
    units: tuple[int, ...]
    size: int
    seen: ReceptiveField
    found: Exemplars
    images: Mapping[str, Any]


def render_entries(
    subject: Subject,
    plan: LayerPlan,
    units: Sequence[int],
    *,
    steps: int,
    seed: int,
    folder: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One batch of units: their pictures on disk, their UNITs returned."""
    targets = [Unit(plan.layer, unit) for unit in units]
    made = render(
        subject, targets, seed=seed, steps=steps, size=plan.size, batch_size=len(units), progress=progress
    )
    maps = capture(subject, torch.stack([each.image for each in made]), [plan.layer])[plan.layer]
    rows = []
    for place, (target, each) in enumerate(zip(targets, made, strict=True)):
        picture = Path("pictures", folder_name(plan.layer), f"{target.channel:04d}.webp")
        write_image(folder / picture, each.image)
        reached = float(target_map(maps[place : place + 1], target, subject.layers[plan.layer]).max())
        about = {"unit": str(target), "layer": plan.layer, "channel": target.channel, "picture": str(picture)}
        rows.append(
            about
            | {"objective": each.activation, "reached": reached, "fired": each.fired}
            | natural_entry(plan, target.channel, reached)
        )
    return rows


def natural_entry(plan: LayerPlan, unit: int, reached: float) -> dict[str, Any]:
    """How a unit answers real images, and where the picture stands beside them."""
    found = plan.found
    best, mean, sd = float(found.top.score[0, unit]), float(found.mean[unit]), float(found.sd[unit])
    views = windows(plan.seen, found, unit)
    top, bottom = _listed(found.top, unit, plan.images), _listed(found.bottom, unit, plan.images)
    places = zip(found.top.row[:, unit].tolist(), found.top.column[:, unit].tolist(), strict=True)
    return {
        "best": best,
        "multiple": reached / best if best > 0 else None,
        "sds": (reached - mean) / sd if sd > 0 else None,
        "mean": mean,
        "sd": sd,
        "firing": float(found.firing[unit]),
        "strip": str(Path("examples", folder_name(plan.layer), f"{unit:04d}.webp")),
        "cell": cell_size(plan.seen),
        "top": [
            entry | {"row": row, "column": column, "box": view.box}
            for entry, (row, column), view in zip(top, places, views, strict=True)
        ],
        "bottom": bottom,
    }


def _listed(ranking: Ranking, unit: int, images: Mapping[str, Any]) -> list[dict[str, Any]]:
    pairs = zip(ranking.index[:, unit].tolist(), ranking.score[:, unit].tolist(), strict=True)
    names, labels = images["names"], images["labels"]
    return [
        {"index": i, "name": names[i], "label": labels[i] if labels else None, "activation": score}
        for i, score in pairs
    ]
