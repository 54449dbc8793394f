"""What is read of a unit's map: its values at places of the image, wherever the layer's positions lie."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.layers import LayerInfo, as_maps
from core.receptive import Lattice, lattice, receptive_fields
from core.subject import Subject
from core.symmetry.views import Views

BLUR = 0.6
"""Standard deviation, in positions of the layer, of the window that a value between positions is the mean of."""

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
    if pooled:
        return _mean(placed, grid, views).expand(len(views.group), 1, -1)
    within = reach(subject, info, views) if radius is None else radius
    spots = _disc(positions, within, np.random.default_rng(seed))
    weights = [_window(spots @ np.asarray(turn).T, placed, grid, views.size) for turn in views.places]
    return torch.as_tensor(np.stack(weights), dtype=torch.float32)


def reach(subject: Subject, info: LayerInfo, views: Views) -> float:
    """Radius of the disc in which the places of a layer's units may lie, in halves of the image's height and width."""
    field = receptive_fields(subject, [info.name], size=views.size)[info.name]
    return _radius(views, max(field.extent))


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
    stretch = max(float(np.linalg.norm(np.asarray(turn), 2)) for turn in views.places)
    return max(LEAST_RADIUS, views.valid - extent / min(views.size)) / stretch


def _disc(count: int, radius: float, rng: np.random.Generator) -> Float[np.ndarray, "p 2"]:
    """Places evenly spread over a disc, the sunflower's way, turned at random."""
    index = np.arange(count)
    distance = radius * np.sqrt((index + 0.5) / count)
    angle = index * math.pi * (3 - math.sqrt(5)) + rng.uniform(0, 2 * math.pi)
    return np.stack([distance * np.sin(angle), distance * np.cos(angle)], 1)


def _window(
    spots: Float[np.ndarray, "p 2"], placed: Lattice, grid: tuple[int, int], size: tuple[int, int]
) -> Float[np.ndarray, "p m"]:
    """A bell over the layer's positions around every place, with a sum of 1."""
    axes = []
    for axis in (0, 1):
        pixels = (size[axis] - 1) / 2 + spots[:, axis] * size[axis] / 2
        at = (pixels - placed.start[axis]) / (placed.step[axis] or 1.0)
        apart = at.clip(0, grid[axis] - 1)[:, None] - np.arange(grid[axis])
        bell = np.exp(-(apart**2) / (2 * BLUR**2))
        axes.append(bell / bell.sum(1, keepdims=True))
    both: Float[np.ndarray, "p y x"] = np.einsum("py,px->pyx", axes[0], axes[1])
    return both.reshape(len(spots), -1)
