"""Which pixels drive a unit: integrated gradients of its peak on its best images, for many units in one batch."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from core.activations import recording, run_until_enough
from core.artifacts import as_pixels
from core.layers import as_maps
from core.receptive import ReceptiveField
from core.subject import Subject, feed, layer_named
from feature_viz.examples.crops import Cell, cell_size, pictures
from feature_viz.examples.exemplars import ImageSource, maps_of
from feature_viz.examples.looks import Looks
from feature_viz.response_norm import quick_response_norm

BEST = 3
"""Images a unit that are explained."""

STEPS = 2
"""Points on the way from grey: three crops a unit at two points are 6 passes, beside the 96 or more of a picture."""

TOLERANCE = 0.1
"""A crop stands for its image if the unit's activation on it is the same up to this share."""

BATCH = 32
"""Images that go forward and back together."""

DIMMED = 0.35
"""Brightness of what does not drive the unit."""


def attributions(
    subject: Subject,
    layer: str,
    images: Float[Tensor, "n c h w"],
    units: Int[Tensor, "n"],
    rows: Int[Tensor, "n"],
    columns: Int[Tensor, "n"],
    *,
    steps: int = STEPS,
    blank: Float[Tensor, "c h w"] | None = None,
) -> Float[Tensor, "n h w"]:
    """How much each pixel raises unit ``units[i]`` of a layer at one position of its map, on image i.

    Integrated gradients [sundararajan2017] from ``blank``, or else grey (0.5), by ``steps`` points of Gauss and
    Legendre, summed over colours: the values of an image sum to its activation less that of blank, up to the rule's
    error. Units share batches, as every image's gradient is its own. Layers of vectors have the one position (0, 0).

    Raises
    ------
    UnknownName
        if the subject has no such layer.

    >>> from core.testing import planted_classifier
    >>> at = torch.tensor([5])
    >>> values = attributions(planted_classifier(seed=0), "conv", torch.rand(1, 3, 12, 12), at - 4, at, at)
    >>> values.shape, values[0].nonzero().amin(0).tolist(), values[0].nonzero().amax(0).tolist()
    (torch.Size([1, 12, 12]), [4, 4], [6, 6])
    """
    name = layer_named(subject, layer).name
    spots, weights = np.polynomial.legendre.leggauss(steps)
    answer = torch.zeros(len(images), *images.shape[2:])
    for first in range(0, len(images), BATCH):
        part = slice(first, first + BATCH)
        begin = 0.5 if blank is None else blank.to(subject.device)
        away = images[part].to(subject.device) - begin
        total = torch.zeros_like(away)
        for spot, weight in zip((spots + 1) / 2, weights / 2, strict=True):
            at = begin + float(spot) * away
            total += float(weight) * _gradients(subject, name, at, units[part], rows[part], columns[part])
        answer[part] = (total * away).sum(1).cpu()
    return answer


def attribution_strips(
    subject: Subject,
    images: ImageSource,
    field: ReceptiveField,
    cells: Mapping[int, Sequence[Cell]],
    *,
    looks: Looks = Looks(),
    best: int = BEST,
    steps: int = STEPS,
) -> Mapping[int, UInt8[np.ndarray, "h w 3"]]:
    """For every unit of a layer a strip of its first ``best`` crops, in which only what drives it keeps its light.

    ``cells`` are the units' top cells (``crops.top_cells``); the strips' cells are of ``crops.cell_size`` pixels.
    Inputs that are no photographs are shown by their ``looks``, whose pixels ``field`` and cells count.
    Works for any subject that answers with a gradient. Where the unit answers a crop as it does the whole image, only
    the crop is run.
    """
    size = cell_size(field, looks.crop)
    shown = [(unit, place, cell) for unit, those in cells.items() for place, cell in enumerate(those[:best])]
    sheets = {unit: np.zeros((size, size * len(those[:best]), 3), np.uint8) for unit, those in cells.items()}
    for first in range(0, len(shown), BATCH):
        part = shown[first : first + BATCH]
        found = dict(pictures(images, [cell.index for _, _, cell in part]))
        batch = torch.stack([found[cell.index] for _, _, cell in part])
        wanted = [(unit, cell) for unit, _, cell in part]
        if looks.photographs:
            values = _on_images(subject, field, batch, wanted, steps)
        else:
            batch, values = _drawn(
                looks, batch, _whole(subject, field.layer, batch, wanted, steps, looks.blank)
            )
        for (unit, place, cell), image, value in zip(part, batch, values, strict=True):
            sheets[unit][:, place * size : (place + 1) * size] = overlay(image, value, cell, size)
    return sheets


def overlay(
    image: Float[Tensor, "c h w"], values: Float[Tensor, "h w"], cell: Cell, size: int
) -> UInt8[np.ndarray, "s s 3"]:
    """A crop with its light and colour kept in proportion to the values above zero, and dim grey elsewhere.

    Values are smoothed over a twentieth of the crop; fully lit is what exceeds their 95 % quantile and 0.3 of the
    largest.
    """
    view = cell.window
    cut = (slice(view.top, view.top + view.side), slice(view.left, view.left + view.side))
    driving = _smooth(values[cut].clamp_min(0), view.side / 20)
    full = max(float(driving.flatten().quantile(0.95)), 0.3 * float(driving.max()), 1e-12)
    lit = (driving / full).clamp(0, 1).sqrt()
    crop = image[(slice(None), *cut)].cpu()
    dim = DIMMED * crop.mean(0, keepdim=True).expand_as(crop)
    mixed = (lit * crop + (1 - lit) * dim)[None]
    if view.side != size:
        mixed = F.interpolate(mixed, size=(size, size), mode="bicubic", antialias=True)
    return as_pixels(mixed[0].clamp(0, 1))


def _on_images(
    subject: Subject,
    field: ReceptiveField,
    images: Float[Tensor, "n c h w"],
    wanted: Sequence[tuple[int, Cell]],
    steps: int,
) -> Float[Tensor, "n h w"]:
    """The attributions of units' peaks on whole images, from crops around the peaks where these say as much."""
    values = torch.zeros(len(images), *images.shape[2:])
    units = torch.tensor([unit for unit, _ in wanted])
    spots = torch.tensor([(cell.row, cell.column) for _, cell in wanted])
    side, corners = _frames(subject, field, [cell for _, cell in wanted])
    alike = torch.zeros(len(images), dtype=torch.bool)
    if side:
        views = [(slice(None), slice(y, y + side), slice(x, x + side)) for y, x in corners.tolist()]
        cut = torch.stack([image[view] for image, view in zip(images, views, strict=True)])
        moved = spots - corners // int(field.stride[0])
        scores = torch.tensor([cell.score for _, cell in wanted])
        alike = _answers_alike(subject, field.layer, cut, units, moved, scores)
        inner = attributions(
            subject, field.layer, cut[alike], units[alike], *moved[alike].unbind(1), steps=steps
        )
        for place, part in zip(alike.nonzero().flatten().tolist(), inner, strict=True):
            values[(place, *views[place][1:])] = part
    rest = ~alike
    whole = images[rest]
    values[rest] = attributions(subject, field.layer, whole, units[rest], *spots[rest].unbind(1), steps=steps)
    return values


def _whole(
    subject: Subject,
    layer: str,
    images: Float[Tensor, "n c h w"],
    wanted: Sequence[tuple[int, Cell]],
    steps: int,
    blank: Tensor | None,
) -> Float[Tensor, "n h w"]:
    """The attributions of units' peaks on whole inputs."""
    units = torch.tensor([unit for unit, _ in wanted])
    rows = torch.tensor([cell.row for _, cell in wanted])
    columns = torch.tensor([cell.column for _, cell in wanted])
    return attributions(subject, layer, images, units, rows, columns, steps=steps, blank=blank)


def _drawn(
    looks: Looks, images: Float[Tensor, "n c h w"], values: Float[Tensor, "n h w"]
) -> tuple[Float[Tensor, "n d s s"], Float[Tensor, "n s s"]]:
    """Inputs as pictures, and what lies over them in the same pixels."""
    shown = torch.stack([looks.picture(image) for image in images])
    large = values.repeat_interleave(looks.scale, 1).repeat_interleave(looks.scale, 2)
    top, left = looks.corner(images.shape[2:])
    over = torch.zeros(len(images), *shown.shape[2:])
    over[:, top : top + large.shape[1], left : left + large.shape[2]] = large
    return shown, over


def _frames(subject: Subject, field: ReceptiveField, cells: Sequence[Cell]) -> tuple[int, Int[Tensor, "n 2"]]:
    """Side and corners of crops that begin on the layer's grid; side 0 where there is nothing to be gained."""
    step, largest = int(field.stride[0]), min(field.image)
    even = step > 0 and field.stride == (step, step) and subject.layers[field.layer].axes == "chw"
    side = -(-cells[0].window.side // step) * step if even else largest
    corners = [
        tuple(
            max(0, min(round((start + (cell.window.side - side) / 2) / step), (limit - side) // step)) * step
            for start, limit in zip((cell.window.top, cell.window.left), field.image, strict=True)
        )
        for cell in (cells if side < largest else ())
    ]
    return (side if corners else 0), torch.tensor(corners, dtype=torch.long).view(-1, 2)


def _answers_alike(
    subject: Subject, layer: str, crops: Tensor, units: Tensor, spots: Tensor, scores: Tensor
) -> Bool[Tensor, "n"]:
    """Which units answer their crop, at the same place, as they did the image it was cut from."""
    try:
        maps = maps_of(subject, crops, [layer])[layer]
    except (RuntimeError, ValueError, AssertionError):  # a network for one size of image only
        return torch.zeros(len(crops), dtype=torch.bool)
    inside = ((spots >= 0) & (spots < torch.tensor(maps.shape[2:]))).all(1)
    rows, columns = (spots * inside[:, None]).to(maps.device).unbind(1)
    answers = maps[torch.arange(len(crops), device=maps.device), units.to(maps.device), rows, columns].cpu()
    return inside & ((answers - scores).abs() <= TOLERANCE * scores.abs())


def _gradients(
    subject: Subject, layer: str, images: Tensor, units: Tensor, rows: Tensor, columns: Tensor
) -> Tensor:
    """Each image's gradient of its own unit at its own position."""
    inputs = images.contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch.enable_grad(), quick_response_norm(), recording(subject, [layer]) as kept:
        run_until_enough(subject.module, feed(subject, inputs))
        maps = as_maps(kept[layer], subject.layers[layer])
        places = torch.arange(len(images), device=maps.device)
        chosen = maps[places, units.to(maps.device), rows.to(maps.device), columns.to(maps.device)]
        (gradient,) = torch.autograd.grad(chosen.sum(), inputs)
    return gradient


def _smooth(values: Float[Tensor, "h w"], sigma: float) -> Float[Tensor, "h w"]:
    """A Gaussian blur; zeros outside."""
    reach = max(1, round(2 * sigma))
    taps = torch.exp(-(torch.arange(-reach, reach + 1) / max(sigma, 1e-6)).square() / 2)
    taps = taps / taps.sum()
    maps = values[None, None]
    maps = F.conv2d(maps, taps.view(1, 1, -1, 1), padding=(reach, 0))
    return F.conv2d(maps, taps.view(1, 1, 1, -1), padding=(0, reach))[0, 0]
