"""Edits of weights, for good: a direction taken out of the layer that writes it, or parameters exchanged."""

import copy
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from core.errors import BadInput, UnknownName, nearest
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


def reweighted(subject: Subject, changes: Mapping[str, Tensor], *, name: str) -> Subject:
    """A copy of the subject with some of its weights exchanged, parameter by parameter, under a name that says how.

    Raises
    ------
    UnknownName
        if the network has no such parameter; the nearest is named.
    BadInput
        if a tensor has another shape than the parameter that it is given for.

    >>> from core.subject import run
    >>> from core.testing import spotlight
    >>> blind = reweighted(spotlight(), {"eye.weight": torch.zeros(2, 3, 1, 1)}, name="blind")
    >>> run(blind, torch.ones(1, 3, 10, 10))["policy"].tolist()
    [[0.0, 0.0]]
    """
    module = copy.deepcopy(subject.module)
    known = dict(module.named_parameters())
    with torch.no_grad():
        for key, value in changes.items():
            if key not in known:
                raise UnknownName(f"parameter of {subject.name}", key, known)
            if known[key].shape != value.shape:
                raise BadInput(
                    f"parameter {key!r} of {subject.name} has shape {tuple(known[key].shape)}; "
                    f"given {tuple(value.shape)}"
                )
            known[key].copy_(value)
    made = wrap(module, name=f"{subject.name}, {name}", spec=subject.spec, heads=subject.heads)
    parts = [part for key, value in changes.items() for part in (key, value)]
    return replace(made, fingerprint=fingerprint(subject.fingerprint, "reweighted", *parts))
