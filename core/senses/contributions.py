"""What each channel of the layer before a unit gave to it: gradient times activation, input by input."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.activations import recording, run_until_enough
from core.layers import LayerInfo, as_maps
from core.subject import Hook, Subject, feed, hooked, layer_named
from core.targets import Unit, checked

BATCH = 32
"""Inputs that go forward and back together."""


def contributions(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    unit: Unit,
    rows: Int[Tensor, "n"],
    columns: Int[Tensor, "n"],
    *,
    before: str,
) -> Float[Tensor, "n k"]:
    """How much each of the ``k`` channels of layer ``before`` adds to the unit at one place of its map an input.

    Gradient times activation, summed over the positions of ``before``: the circuit by which the unit was fired
    [dreyer2024]. With nothing but ReLUs and sums between the two it is weight times activation, and adds up to the
    unit's activation less its biases.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such unit or layer.

    >>> from core.testing import planted_classifier
    >>> place = torch.zeros(2, dtype=torch.long)
    >>> contributions(planted_classifier(seed=0), torch.rand(2, 3, 12, 12), Unit("head", 1), place, place,
    ...               before="relu").shape
    torch.Size([2, 4])
    """
    checked(subject, unit)
    info = layer_named(subject, before)
    parts = []
    for first in range(0, len(inputs), BATCH):
        batch = slice(first, first + BATCH)
        score, heard = _from_layer(subject, inputs[batch], unit, rows[batch], columns[batch], before)
        (gradient,) = torch.autograd.grad(score, heard, allow_unused=True)
        given = torch.zeros_like(heard) if gradient is None else gradient * heard
        parts.append(by_channel(given.detach(), info).cpu())
    return torch.cat(parts)


def _from_layer(
    subject: Subject, inputs: Tensor, unit: Unit, rows: Tensor, columns: Tensor, before: str
) -> tuple[Tensor, Tensor]:
    """The unit summed over inputs, and the layer that gradients are taken at: what lies behind it is not remembered."""
    held: dict[str, Tensor] = {}

    def cut(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        held[before] = output.detach().requires_grad_()
        return held[before]

    hook = cast(Hook, cut)  # what a forward hook returns stands in the output's place
    with torch.enable_grad(), hooked(subject.module, [before], lambda _: hook):
        with recording(subject, [unit.layer]) as kept:
            run_until_enough(subject.module, feed(subject, inputs))
        return _summed(subject, kept[unit.layer], unit, rows, columns), held[before]


def _summed(subject: Subject, activations: Tensor, unit: Unit, rows: Tensor, columns: Tensor) -> Tensor:
    maps = as_maps(activations, subject.layers[unit.layer])
    here = torch.arange(len(maps), device=maps.device)
    return maps[here, unit.channel, rows.to(maps.device), columns.to(maps.device)].sum()


def traced(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    unit: Unit,
    rows: Int[Tensor, "n"],
    columns: Int[Tensor, "n"],
    layers: Sequence[str],
) -> tuple[Float[Tensor, ""], dict[str, Tensor], Tensor]:
    """The unit summed over inputs, each at its own place, with some layers' activations and the inputs behind it."""
    with torch.enable_grad(), recording(subject, [*layers, unit.layer]) as kept:
        leaves = inputs.detach().clone().requires_grad_()
        run_until_enough(subject.module, feed(subject, leaves))
        return _summed(subject, kept[unit.layer], unit, rows, columns), kept, leaves


def by_channel(values: Float[Tensor, "n ..."], layer: LayerInfo) -> Float[Tensor, "n k"]:
    """A layer's values summed over everything but its channels: positions and every token, a class token's too."""
    first = values if layer.axes in ("chw", "c") else values.movedim(-1, 1)
    return first.flatten(2).sum(2) if first.ndim > 2 else first


def directions(given: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Contributions scaled to length 1 (0 stays 0): which channels spoke, not how loudly.

    >>> directions(torch.tensor([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    scaled: Tensor = given / torch.linalg.vector_norm(given, dim=1, keepdim=True).clamp_min(1e-12)
    return scaled
