"""What a unit wants to see: its picture from a finished gallery of the same network, or one made now."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Num
from PIL import Image

from core.artifacts import read_json, write_image
from core.errors import BadInput, Unreadable
from core.progress import Progress
from core.receptive import receptive_fields
from core.subject import Subject
from core.targets import Unit
from feature_viz.examples.crops import folder_name
from feature_viz.gallery.making import DOCUMENT
from feature_viz.gallery.picture_size import picture_size
from feature_viz.optimize import render

TOGETHER = 8
"""Pictures made at once: the most that a killed run repeats."""

Pictures = Mapping[tuple[str, int], Num[np.ndarray, "h w 3"]]
"""A picture by layer and unit."""


def refuse_another_network(gallery: Path, subject: Subject) -> None:
    """Raise BadInput if a folder is a gallery of another network; Unreadable if it is none."""
    path = gallery / DOCUMENT
    if not path.exists():
        raise Unreadable(f"{str(gallery)!r} has no {DOCUMENT}, so it is no gallery")
    held = read_json(path)["subject"]
    if held["fingerprint"] != subject.fingerprint:
        raise BadInput(
            f"{str(gallery)!r} is a gallery of {held['name']}, with other weights than {subject.name} here"
        )


def pictures(
    subject: Subject,
    wanted: Sequence[tuple[str, int]],
    folder: Path,
    *,
    gallery: Path | None,
    steps: int | None,
    seed: int,
    progress: Progress,
) -> Pictures:
    """A picture for every layer and unit wanted; those that no gallery has are made, and kept in the folder."""
    wanted = list(dict.fromkeys(wanted))
    found = {key: path for key in wanted if (path := _path(gallery, key)) is not None and path.exists()}
    missing = [key for key in wanted if key not in found]
    _make(subject, missing, folder, steps=steps, seed=seed, progress=progress)
    return {key: _read(found.get(key) or _own(folder, key)) for key in wanted}


def _make(
    subject: Subject,
    wanted: Sequence[tuple[str, int]],
    folder: Path,
    *,
    steps: int | None,
    seed: int,
    progress: Progress,
) -> None:
    left = [key for key in wanted if not _own(folder, key).exists()]
    height, width = subject.spec.shape[1:]
    done = 0
    for layer in dict.fromkeys(layer for layer, _ in left):
        size = picture_size(subject, receptive_fields(subject, [layer], size=(height, width))[layer])
        units = [unit for name, unit in left if name == layer]
        for first in range(0, len(units), TOGETHER):
            some = units[first : first + TOGETHER]
            targets = [Unit(layer, unit) for unit in some]
            for unit, made in zip(
                some, render(subject, targets, seed=seed, steps=steps, size=size), strict=True
            ):
                rgb = (
                    made.image
                    if made.image.shape[0] == 3
                    else made.image.mean(0, keepdim=True).expand(3, -1, -1)
                )
                write_image(_own(folder, (layer, unit)), rgb)
            done += len(some)
            progress(done, len(left), f"making pictures · {subject.name}")


def _path(gallery: Path | None, key: tuple[str, int]) -> Path | None:
    return None if gallery is None else _own(gallery / "pictures", key)


def _own(folder: Path, key: tuple[str, int]) -> Path:
    return folder / folder_name(key[0]) / f"{key[1]:04d}.webp"


def _read(path: Path) -> Num[np.ndarray, "h w 3"]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
