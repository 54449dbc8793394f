"""Placing an intervention at a cell of the grid: where on a layer's map it lies for an agent elsewhere."""

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from core.errors import BadInput
from core.interventions import Intervention
from core.layers import LayerInfo
from core.provenance import fingerprint
from core.receptive import receptive_fields
from core.subject import Subject, layer_named
from core.targets import Direction, Unit
from envs.observations import observation_shape, parse_view
from envs.spec import World


def pixels(
    world: World, view: str, agents: Int[np.ndarray, "m 2"], cells: Int[np.ndarray, "k 2"]
) -> Int[np.ndarray, "k m 2"]:
    """Row and column in what each agent sees that show each cell of the grid; -1 where it lies out of sight.

    >>> from envs.registry import world
    >>> pixels(world("cheese", size=9), "window", np.array([[7, 1]]), np.array([[7, 1], [6, 1]])).tolist()
    [[[6, 6]], [[5, 6]]]
    """
    kind, size, flipped = parse_view(world, view)
    _, height, width = observation_shape(world, view)
    found = np.broadcast_to(cells[:, None], (len(cells), len(agents), 2)).astype(np.int64)
    if kind == "window":
        found = found - agents[None] + size // 2
    if kind == "rgb":
        found = (found + np.array([1 if world.gauges else 0, 0])) * size + size // 2
    if flipped:
        found = np.stack([height - 1 - found[..., 0], found[..., 1]], -1)
    inside = np.all((found >= 0) & (found < np.array([height, width])), axis=-1, keepdims=True)
    return np.where(inside, found, -1)


def positions(subject: Subject, layer: str, seen: Int[np.ndarray, "*n 2"]) -> Int[np.ndarray, "*n 2"]:
    """The position of a layer's map whose receptive field has its middle nearest to each pixel; -1 stays -1.

    Raises
    ------
    UnknownName
        if there is no such layer.
    BadInput
        if the layer has no maps.
    """
    height, width = mapped(subject, layer).grid
    size = (subject.spec.shape[1], subject.spec.shape[2])
    box = receptive_fields(subject, [layer], size=size, coverage=1.0)[layer]
    middle = np.array(box.origin) + (np.array(box.extent) - 1) / 2
    nearest = np.floor((seen - middle) / np.array(box.stride) + 0.5).astype(np.int64)
    nearest = nearest.clip(0, [height - 1, width - 1])
    return np.where(seen < 0, -1, nearest)


def mapped(subject: Subject, layer: str) -> LayerInfo:
    """The layer of that name, if it has maps (n, c, h, w) of more than one position.

    Raises
    ------
    UnknownName, BadInput
        if there is no such layer, or it has no maps; those that have are named.
    """
    info = layer_named(subject, layer)
    if info.axes != "chw" or max(info.grid) == 1:
        known = [name for name, one in subject.layers.items() if one.axes == "chw" and max(one.grid) > 1]
        raise BadInput(
            f"layer {layer!r} of {subject.name} has no map to place anything on; "
            + (f"{', '.join(known)} have" if known else "none has: go along a direction (rl.fields.along)")
        )
    return info


def placed(what: Unit | Direction, amount: float, places: Int[np.ndarray, "n 2"]) -> Intervention:
    """A unit held at ``amount``, or that much of a direction added, at a place of its own for each input of a batch.

    Inputs whose place is -1 stay as they are.

    >>> str(placed(Unit("conv", 3), 5.5, np.array([[0, 1]])))
    'conv:3 held at 5.5 at a cell'
    """
    rows = torch.from_numpy(np.flatnonzero((places >= 0).all(1)))
    y, x = (torch.from_numpy(places[rows.numpy(), side]) for side in (0, 1))

    def change(activations: Tensor, _: LayerInfo) -> Tensor:
        out = activations.clone()
        if isinstance(what, Unit):
            out[rows, what.channel, y, x] = amount
        else:
            out[rows, :, y, x] += amount * what.vector.to(activations)
        return out

    does = f"held at {amount:g}" if isinstance(what, Unit) else f"added {amount:g} times"
    content = fingerprint(places) + ("" if isinstance(what, Unit) else fingerprint(what.vector))
    return Intervention(what.layer, f"{what} {does} at a cell", change, content=content)
