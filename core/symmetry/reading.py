"""What is read of a unit's map: its values at places of the image, wherever the layer's positions lie."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.lattice import Lattice, lattice
from core.layers import LayerInfo, as_maps
from core.receptive import receptive_fields
from core.subject import Subject
from core.symmetry.views import Views

LEAST_RADIUS = 0.2
"""Places spread over a disc of at least this share of the image's half, however wide a unit's field."""


def windows(
    subject: Subject,
    info: LayerInfo,
    views: Views,
    *,
    positions: int,
    pooled: bool,
    seed: int,
    radius: float | None = None,
) -> Float[Tensor, "g p m"]:
    """For every element and place the weights of the layer's m positions: what is read is ``maps @ weights.T``.

    A place goes where the element takes it. Under all elements, the identity too, it is read through the same window,
    so that none is sharper than another. ``pooled`` is the mean over the disc where the inputs are true, the same for
    all elements. One weight of 1 for layers without maps. Places lie within ``reach``, or within ``radius``, which
    must not be larger: two layers with one radius and seed are read at the same places.
    """
    if not info.spatial:
        return torch.ones(len(views.group), 1, 1)
    placed = lattice(subject, info.name, size=views.size)
    grid = _grid(subject, info, views.size)
    if (stay := getattr(views, "spots", None)) is not None:
        return _read(stay, placed, grid).expand(len(views.group), -1, -1)
    if pooled:
        return _mean(placed, grid, views).expand(len(views.group), 1, -1)
    within = reach(subject, info, views) if radius is None else radius
    spots = _disc(positions, within, np.random.default_rng(seed))
    half = np.array(views.size) / 2
    middle = half - 0.5
    weights = [_read(middle + half * (spots @ np.asarray(turn).T), placed, grid) for turn in views.places]
    return torch.cat(weights)


def reach(subject: Subject, info: LayerInfo, views: Views) -> float:
    """Radius of the disc in which the places of a layer's units may lie, in halves of the image's height and width."""
    field = receptive_fields(subject, [info.name], size=views.size)[info.name]
    return min(_radius(views, max(field.extent)), _edge(subject, info, views) / _stretch(views))


def _edge(subject: Subject, info: LayerInfo, views: Views) -> float:
    """How far from the middle the layer has positions at all: without padding, not up to the image's border."""
    placed, grid = lattice(subject, info.name, size=views.size), _grid(subject, info, views.size)
    distances = []
    for start, step, count, side in zip(placed.start, placed.step, grid, views.size, strict=True):
        ends = np.array([start, start + step * (count - 1)]) - (side - 1) / 2
        distances.append(float(np.abs(ends).min()) / (side / 2))
    return min(distances)


def _grid(subject: Subject, info: LayerInfo, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of the layer's maps for inputs of that size."""
    grey = torch.full((1, subject.spec.shape[0], *size), 0.5)
    maps = as_maps(capture(subject, grey, [info.name])[info.name], info)
    return maps.shape[2], maps.shape[3]


def _mean(placed: Lattice, grid: tuple[int, int], views: Views) -> Float[Tensor, "1 1 m"]:
    """Equal weights for the positions whose centre lies in the disc; for the nearest one if none does."""
    axes = []
    for axis in (0, 1):
        pixels = placed.start[axis] + placed.step[axis] * np.arange(grid[axis])
        axes.append((pixels - (views.size[axis] - 1) / 2) / (views.size[axis] / 2))
    distance = np.hypot(axes[0][:, None], axes[1])
    inside = (distance <= max(views.valid, distance.min())).astype(np.float32).reshape(1, 1, -1)
    return torch.as_tensor(inside / inside.sum())


def _radius(views: Views, extent: int) -> float:
    """Of the disc in which places lie, so that fields stay where the transformed inputs are true."""
    return max(LEAST_RADIUS, views.valid - extent / min(views.size)) / _stretch(views)


def _stretch(views: Views) -> float:
    return max(float(np.linalg.norm(np.asarray(turn), 2)) for turn in views.places)


def _disc(count: int, radius: float, rng: np.random.Generator) -> Float[np.ndarray, "p 2"]:
    """Places evenly spread over a disc, the sunflower's way, turned at random."""
    index = np.arange(count)
    distance = radius * np.sqrt((index + 0.5) / count)
    angle = index * math.pi * (3 - math.sqrt(5)) + rng.uniform(0, 2 * math.pi)
    return np.stack([distance * np.sin(angle), distance * np.cos(angle)], 1)


def _read(pixels: Float[np.ndarray, "p 2"], placed: Lattice, grid: tuple[int, int]) -> Float[Tensor, "1 p m"]:
    """Linear between the four positions around every pixel."""
    axes = []
    for axis in (0, 1):
        at = (pixels[:, axis] - placed.start[axis]) / (placed.step[axis] or 1.0)
        apart = at.clip(0, grid[axis] - 1)[:, None] - np.arange(grid[axis])
        axes.append(np.maximum(0, 1 - np.abs(apart)))
    both: Float[np.ndarray, "p y x"] = np.einsum("py,px->pyx", axes[0], axes[1])
    return torch.as_tensor(both.reshape(1, len(pixels), -1), dtype=torch.float32)
