"""Pictures of families' members: from a gallery that has them, else made, a few at a time, and kept."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.artifacts import read_json, write_bytes, write_image
from core.decomposition import Dictionary
from core.layers import as_maps
from core.progress import Progress
from core.receptive import receptive_fields
from core.subject import Subject
from feature_viz.examples.crops import folder_name
from feature_viz.gallery.picture_size import picture_size
from feature_viz.objectives import Objective, channel, direction, neuron
from feature_viz.optimize import render

TOGETHER = 16
"""Pictures made between two times that they are written down: the most that a killed run repeats."""

RECIPE = "fast"

WIDER, LEFT = 1.6, 0.85
"""How much wider than a unit's field its picture is, and the share of a picture above which nothing is cut off."""

SMALLEST = 96
"""Pixels of a picture's side, at least."""


def picture_name(layer: str, unit: int) -> str:
    """Where a unit's picture lies in the run's folder.

    >>> picture_name("a/b", 7)
    'pictures/a%2Fb/0007.webp'
    """
    return f"pictures/{folder_name(layer)}/{unit:04d}.webp"


def pictured(
    subject: Subject,
    layer: str,
    units: Sequence[int],
    *,
    folder: Path,
    gallery: Path | None,
    dictionary: Dictionary | None,
    steps: int | None,
    seed: int,
    progress: Progress,
) -> None:
    """Write the pictures of some units that are not there yet; however often it is broken off, the same ones."""
    if gallery is not None:
        _copied(layer, units, folder, gallery)
    lent = lent_units(gallery, layer)
    own = [unit for unit in units if unit not in lent]
    if not own:
        return
    seen = receptive_fields(subject, [layer], size=subject.spec.shape[1:])[layer]
    size = picture_size(subject, seen)
    window = _window(subject, layer, size) if dictionary is None else None
    for first in range(0, len(own), TOGETHER):
        some = own[first : first + TOGETHER]

        def told(done: int, total: int, label: str, first: int = first, count: int = len(some)) -> None:
            each = max(1, total // count)
            progress(first * each + done, len(own) * each, f"{label} {layer}")

        if all((folder / picture_name(layer, unit)).exists() for unit in some):
            continue
        wanted = [_objective(subject, layer, unit, dictionary) for unit in some]
        made = render(subject, wanted, seed=seed, recipe=RECIPE, steps=steps, size=size, progress=told)
        for unit, one in zip(some, made, strict=True):
            write_image(folder / picture_name(layer, unit), _cut(one.image, window), quality=88)


def _window(subject: Subject, layer: str, size: int) -> tuple[slice, slice] | None:
    """What the middle position of a layer sees of a picture, and some more; None if that is most of it."""
    if not subject.layers[layer].spatial:
        return None
    field = receptive_fields(subject, [layer], size=(size, size))[layer]
    grey = torch.full((1, subject.spec.shape[0], size, size), 0.5)
    maps = as_maps(capture(subject, grey, [layer])[layer], subject.layers[layer])
    half = int(WIDER * max(field.extent) / 2) + 1
    if 2 * half >= LEFT * size:
        return None
    sides = []
    for axis in (0, 1):
        place = field.origin[axis] + field.stride[axis] * (maps.shape[2 + axis] // 2)
        first = round(min(max(place + field.extent[axis] / 2 - half, 0), size - 2 * half))
        sides.append(slice(first, first + 2 * half))
    return sides[0], sides[1]


def _cut(image: Float[Tensor, "c h w"], window: tuple[slice, slice] | None) -> Float[Tensor, "3 y x"]:
    """The part of a picture that counts, no smaller than people can see; grey where the network sees one channel."""
    shown = image if window is None else image[:, window[0], window[1]]
    if min(shown.shape[1:]) < SMALLEST:
        shown = F.interpolate(shown[None], size=(SMALLEST, SMALLEST), mode="bicubic")[0].clamp(0, 1)
    rgb = shown if len(shown) == 3 else shown.mean(0, keepdim=True)
    return rgb.expand(3, -1, -1)


def lent_units(gallery: Path | None, layer: str) -> frozenset[int]:
    """Units of a layer that a gallery has pictures of."""
    path = None if gallery is None else gallery / "layers" / f"{folder_name(layer)}.json"
    if path is None or not path.exists():
        return frozenset()
    return frozenset(one["channel"] for one in read_json(path)["units"])


def _copied(layer: str, units: Sequence[int], folder: Path, gallery: Path) -> None:
    lent = lent_units(gallery, layer)
    for unit in units:
        target = folder / picture_name(layer, unit)
        if unit in lent and not target.exists():
            write_bytes(target, (gallery / picture_name(layer, unit)).read_bytes())


def _objective(subject: Subject, layer: str, unit: int, dictionary: Dictionary | None) -> Objective:
    """A unit in the middle of its map, so that how it is turned shows; of an atom its direction [carter2019]."""
    if dictionary is not None:
        return direction(dictionary.direction(unit), cosine_power=1.0)
    return neuron(layer, unit) if subject.layers[layer].spatial else channel(layer, unit)
