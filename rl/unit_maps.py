"""unit_maps(): which cells of an agent's view raise a unit and which lower it, plane by plane."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.layers import as_maps
from core.receptive import receptive_fields
from core.subject import Subject, layer_named

STATES = 256
"""States that a unit's map is the mean over."""


def unit_maps(
    subject: Subject, layer: str, units: Sequence[int], seen: Float[Tensor, "n c h w"]
) -> Float[Tensor, "u c y x"]:
    """The gradient of each unit by every cell of the view, averaged over observations.

    Of a unit with a map the position in the middle, cut to the cells that it can see: for the first convolution its
    kernel, times the share of states in which it fires. A unit that never fires has zeros.

    Raises
    ------
    UnknownName
        if the subject has no such layer.
    BadInput
        if the layer has no such unit.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> from rl.symmetry import turned_states
    >>> seen = turned_states(world("cheese", rand_region=63), "window", count=20).seen
    >>> unit_maps(load("cheese-anywhere"), "relu1", [0, 3], seen).shape
    torch.Size([2, 2, 5, 5])
    """
    info = layer_named(subject, layer)
    for unit in units:
        if not 0 <= unit < info.channels:
            raise BadInput(f"layer {layer!r} has units 0 to {info.channels - 1}; got {unit}")
    inputs = seen.detach().clone().to(subject.device).requires_grad_()
    with torch.enable_grad():
        maps = as_maps(capture(subject, inputs, [layer], grad=True)[layer], info)
        row, column = maps.shape[2] // 2, maps.shape[3] // 2
        made = [_mean_gradient(maps[:, unit, row, column], inputs) for unit in units]
    whole = torch.stack(made).cpu() if made else seen.new_zeros(0, *seen.shape[1:])
    size = (seen.shape[2], seen.shape[3])
    field = receptive_fields(subject, [layer], size=size, coverage=1.0)[layer]
    top, left, height, width = field.box(row, column)
    return whole[:, :, top : top + height, left : left + width]


def _mean_gradient(values: Float[Tensor, "n"], inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "c h w"]:
    (gradient,) = torch.autograd.grad(values.mean(), inputs, retain_graph=True)
    return gradient.sum(0)
