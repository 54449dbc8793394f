"""What is kept of a layer's output: rows of channels, one for each chosen position of each image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture, recording, run_until_enough
from core.errors import NotFinite
from core.layers import LayerInfo, as_maps
from core.store.positions import chosen_positions
from core.subject import Subject, feed, layer_named


@dataclass(frozen=True)
class Plan:
    """What is kept of a layer: of each map of ``grid`` (rows, columns), ``positions`` rows of ``channels``."""

    layer: LayerInfo
    channels: int
    grid: tuple[int, int]
    positions: int
    dtype: str
    seed: int

    def bytes(self, images: int) -> int:
        """On disk, without the headers."""
        return images * self.positions * self.channels * np.dtype(self.dtype).itemsize


def planned(
    subject: Subject,
    size: tuple[int, int],
    layers: Sequence[str],
    *,
    positions: int | None,
    dtype: str,
    seed: int,
) -> dict[str, Plan]:
    """A plan for each layer, for images of ``size`` (height, width); ``positions`` None keeps all.

    >>> from core.testing import planted_classifier
    >>> plan = planned(planted_classifier(seed=0), (12, 12), ["conv"], positions=9, dtype="float32", seed=0)["conv"]
    >>> plan.grid, plan.positions, plan.bytes(1)
    ((12, 12), 9, 144)
    """
    infos = {name: layer_named(subject, name) for name in layers}
    grids = {name: info.grid for name, info in infos.items()}
    if (
        size != subject.spec.shape[1:]
    ):  # then maps have another size than those that the subject was made with
        grey = torch.full((1, subject.spec.shape[0], *size), 0.5)
        for name, values in capture(subject, grey, layers).items():
            height, width = as_maps(values, infos[name]).shape[2:]
            grids[name] = (height, width)
    plans = {}
    for name, info in infos.items():
        cells = grids[name][0] * grids[name][1]
        plans[name] = Plan(info, info.channels, grids[name], min(positions or cells, cells), dtype, seed)
    return plans


def kept_rows(
    subject: Subject, batch: Float[Tensor, "n c h w"], plans: Mapping[str, Plan], *, first: int
) -> dict[str, Float[np.ndarray, "rows channels"]]:
    """The rows of a batch whose first image has number ``first``; the network runs to the deepest layer.

    Raises
    ------
    NotFinite
        if a number is NaN, infinite, or too large for the plan's dtype; names the layer and the image.
    """

    def keep(layer: str, output: Tensor) -> Tensor:
        return _rows(output, plans[layer], first)

    inputs = batch.contiguous(memory_format=torch.channels_last)  # channels side by side are rows already
    with torch.inference_mode(), recording(subject, list(plans), keep=keep) as kept:
        run_until_enough(subject.module, feed(subject, inputs))
    for layer, rows in kept.items():
        _check_finite(subject, layer, rows, plans[layer], first)
    return {layer: _on_disk(rows, plans[layer]) for layer, rows in kept.items()}


def _rows(output: Tensor, plan: Plan, first: int) -> Tensor:
    """(n x positions, c), a copy: what runs on may overwrite the output."""
    cells = as_maps(output.detach(), plan.layer).permute(0, 2, 3, 1).flatten(1, 2)
    n, count, _ = cells.shape
    if plan.positions == count:
        return cells.flatten(0, 1).clone(memory_format=torch.contiguous_format)
    places = chosen_positions(np.arange(first, first + n), count, plan.positions, plan.seed)
    images = torch.arange(n, device=cells.device)[:, None]
    return cells[images, torch.from_numpy(places).to(cells.device)].flatten(0, 1)


def _check_finite(subject: Subject, layer: str, rows: Tensor, plan: Plan, first: int) -> None:
    low, high = torch.aminmax(rows)  # NaN comes through both
    limit = float(np.finfo(plan.dtype).max)
    if -limit <= float(low) and float(high) <= limit:
        return
    bad = ~(rows.abs() <= limit)
    image = first + int(bad.any(1).int().argmax()) // plan.positions
    value = float(rows[bad][0])
    if not np.isfinite(value):
        raise NotFinite(f"layer {layer!r} of {subject.name} gives {value} on image {image}")
    raise NotFinite(
        f"layer {layer!r} of {subject.name} gives {value:.3g} on image {image}, more than {plan.dtype} holds "
        f"({limit:.3g}); keep float32"
    )


def _on_disk(rows: Tensor, plan: Plan) -> np.ndarray:
    array: np.ndarray = rows.cpu().numpy().astype(plan.dtype, copy=False)
    return array
