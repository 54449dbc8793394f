"""projected(): a direction taken out of the weights of the layer that writes it."""

import copy
from dataclasses import replace

import torch
from torch import nn

from core.errors import BadInput, nearest
from core.provenance import fingerprint
from core.subject import Subject, wrap
from core.targets import Direction, checked

WRITERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
"""Layers whose weights have one row for every unit that they write."""


def projected(subject: Subject, direction: Direction) -> Subject:
    """A copy of the subject whose layer writes nothing along the direction, whatever it sees [arditi2024].

    W becomes W - v v' W and b becomes b - v v' b, v being the direction's vector (c,) at unit length.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the layer, the direction does not fit it, has no length or is not one over channels, or
        the layer has no weights of its own: then one that has is named.

    >>> from core.activations import capture
    >>> from core.testing import planted_classifier
    >>> subject, way = planted_classifier(seed=0), torch.tensor([1.0, 1.0, 0.0, 0.0])
    >>> gone = projected(subject, Direction("conv", way, "sum"))
    >>> seen = capture(gone, torch.rand(1, *subject.spec.shape), ["conv"])["conv"]
    >>> bool((seen[:, 0] + seen[:, 1]).abs().max() < 1e-5)
    True
    """
    checked(subject, direction)
    name = direction.layer
    writer = subject.module.get_submodule(name)
    if not isinstance(writer, WRITERS):
        there = [
            layer for layer in subject.layers if isinstance(subject.module.get_submodule(layer), WRITERS)
        ]
        near = nearest(name, there)
        hint = f"; the nearest that has is {near!r}" if near else ""
        raise BadInput(
            f"layer {name!r} of {subject.name} ({type(writer).__name__}) has no weights of its own{hint}"
        )
    vector = direction.vector.to(writer.weight)
    length = float(vector.norm())
    if vector.ndim != 1 or not 0 < length < float("inf"):
        raise BadInput(
            f"direction {direction} of shape {tuple(vector.shape)} and length {length:g} cannot be projected out; "
            f"expected one number for each of the {subject.layers[name].channels} channels, not all 0"
        )
    unit = vector / length
    module = copy.deepcopy(subject.module)
    edited = module.get_submodule(name)
    with torch.no_grad():
        for part in ("weight", "bias"):
            value = getattr(edited, part)
            if value is not None:
                value -= torch.tensordot(unit, torch.tensordot(unit, value, dims=1), dims=0)
    made = wrap(module, name=f"{subject.name} without {direction}", spec=subject.spec, heads=subject.heads)
    return replace(made, fingerprint=fingerprint(subject.fingerprint, "projected", name, vector))
