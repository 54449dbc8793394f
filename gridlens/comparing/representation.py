"""How alike classifiers are inside: CKA between layers, units matched beside chance, where like-built ones part."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.artifacts import read_json, read_metadata, read_tensors, write_json, write_tensors
from core.progress import Progress
from core.provenance import Provenance
from core.similarity import CkaMatrix, Shown, cka_matrix
from core.subject import Subject
from gridlens.comparing.asked import Settings
from gridlens.comparing.lineup import Lineup
from gridlens.comparing.parting import Layered, SameBuild, same_build
from gridlens.matching.measuring import Compared, best_of_each, compared
from gridlens.patching.measuring import SAME, usual_layers
from vision.datasets import ImageSource, open_images
from vision.grey import suited

IMAGES = 512
"""Images over which layers are compared, at most."""

BATCH = 16
MOST = 12
"""Layers of each network in the table of CKA."""

MOST_PAIRS = 6
"""Pairs that are looked into; of more, the first."""


@dataclass(frozen=True, eq=False)
class Alike:
    """Two classifiers inside: CKA, matched layers (each layer of the one with its best of the other), same build."""

    one: str
    other: str
    cka: CkaMatrix = field(repr=False)
    every: Sequence[Compared] = field(repr=False)
    best: Sequence[Compared] = field(repr=False)
    build: SameBuild | None


def representation(found: Lineup, settings: Settings, folder: Path, *, progress: Progress) -> list[Alike]:
    """Every pair, kept in the run folder as it is made."""
    sources = {name: few(found, settings, name) for name in found.names}
    made = []
    for number, (one, other) in enumerate(found.pairs[:MOST_PAIRS]):
        place = folder / "found" / f"pair-{number}"
        sides = [Shown(found.subjects[name], sources[name]) for name in (one, other)]
        first = sources[one]

        def told(done: int, total: int, label: str, pair: str = f"{one} and {other}") -> None:
            progress(done, total, f"{pair}: {label}")

        table = _cka(sides, place / "cka.safetensors", seed=settings.seed, progress=told)
        layers = [usual_layers(side.subject) for side in sides]
        pairs = [(a, b) for a in layers[0] for b in layers[1]]
        every = compared(sides[0], sides[1], pairs, place, top=1, seed=settings.seed, progress=told)
        build = _built(sides, first, place / "build.json")
        made.append(Alike(one, other, table, every, best_of_each(every), build))
    return made


def few(found: Lineup, settings: Settings, name: str) -> ImageSource:
    """The first images of a subject's, at most ``IMAGES``."""
    source = found.images[name]
    if len(source.names) <= IMAGES:
        return source
    subject = found.subjects[name]
    height, width = subject.spec.shape[1:]
    return suited(open_images(settings.images or "shapes", size=(height, width), count=IMAGES), subject.spec)


def depth_layers(subject: Subject, most: int = MOST) -> tuple[str, ...]:
    """Layers spread over the depth, the answer among them: more of them than are matched unit by unit.

    >>> from core.testing import planted_classifier
    >>> depth_layers(planted_classifier(seed=0))
    ('conv', 'relu', 'pool', 'head')
    """
    names = [name for name, layer in subject.layers.items() if layer.kind not in SAME]
    for depth in range(3):
        outer = [name for name in names if name.count(".") <= depth]
        inner = [
            name
            for name in outer
            if not any(other.startswith(f"{name}.") for other in outer if other != name)
        ]
        if len(inner) > 5:
            names = inner
            break
    step = max(1, -(-len(names) // most))
    return tuple(names[::-1][::step][::-1])


def _cka(sides: Sequence[Shown], path: Path, *, seed: int, progress: Progress) -> CkaMatrix:
    if not path.exists():
        rows, columns = (depth_layers(side.subject) for side in sides)
        made = cka_matrix(
            sides[0].subject,
            sides[0].images,
            rows,
            other=sides[1],
            other_layers=columns,
            batch_size=min(BATCH, max(4, len(sides[0].images) // 10)),
            seed=seed,
            progress=progress,
        )
        tensors = {name: torch.tensor(getattr(made, name)) for name in ("estimate", "low", "high")}
        about = {
            "rows": made.rows,
            "columns": made.columns,
            "images": made.images,
            "batches": made.batches,
            "level": made.level,
            "provenance": asdict(made.provenance),
        }
        write_tensors(path, tensors, {"about": json.dumps(about)})
    held: dict[str, Any] = {name: values.numpy() for name, values in read_tensors(path).items()}
    about = json.loads(read_metadata(path)["about"])
    lists: dict[str, Any] = {name: tuple(about.pop(name)) for name in ("rows", "columns")}
    stamp = Provenance(**about.pop("provenance"))
    return CkaMatrix(**lists, **held, **about, provenance=stamp)


def _built(sides: Sequence[Shown], images: ImageSource, path: Path) -> SameBuild | None:
    if not path.exists():
        one, other = (side.subject for side in sides)
        plain = [name for name in one.layers if not list(one.module.get_submodule(name).children())]
        made = same_build(one, other, images, plain)
        write_json(path, None if made is None else asdict(made))
    held = read_json(path)
    if held is None:
        return None
    layers = tuple(Layered(**{**row, "differing": tuple(row["differing"])}) for row in held["layers"])
    return SameBuild(tuple(held["weights"]), held["tensors"], layers)
