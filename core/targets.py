"""Targets: the scalar that is explained, maximised or probed - Output, Difference, Unit or Direction."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.layers import LayerInfo, as_maps
from core.subject import Subject, layer_named, run


@dataclass(frozen=True)
class Output:
    """One output of a head: a class logit, an action's logit, the value."""

    head: str
    index: int = 0

    def __str__(self) -> str:
        return f"{self.head}:{self.index}"


@dataclass(frozen=True)
class Difference:
    """One output less another: why this class, or this action, rather than that one."""

    first: Output
    second: Output

    def __str__(self) -> str:
        return f"{self.first}-{self.second}"


@dataclass(frozen=True)
class Unit:
    """One channel of a layer; at one position if ``y`` and ``x`` (row, column of its map) are given."""

    layer: str
    channel: int
    y: int | None = None
    x: int | None = None

    def __str__(self) -> str:
        place = "" if self.y is None else f"@{self.y},{self.x}"
        return f"{self.layer}:{self.channel}{place}"


@dataclass(frozen=True, eq=False)
class Direction:
    """A named vector in a layer's activation space: (c,) over channels, or the layer's whole shape."""

    layer: str
    vector: Tensor = field(repr=False)
    name: str

    def __str__(self) -> str:
        return f"{self.layer}~{self.name}"


Target = Output | Difference | Unit | Direction

_TEXT = re.compile(r"^(?P<place>.+?)(?::(?P<index>[^:@]+))?(?:@(?P<y>\d+),(?P<x>\d+))?$")


def parse(text: str, subject: Subject) -> Target:
    """A target from its text: ``class:7``, ``policy:up``, ``value``, ``class:3-class:5``, ``conv2:42@7,7``.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such head, layer, label or channel.

    >>> from core.testing import planted_classifier
    >>> str(parse("conv:1@2,3", planted_classifier(seed=0)))
    'conv:1@2,3'
    """
    match = _TEXT.match(text.strip())
    if match is None:
        raise BadInput(
            f"target {text!r} is not of the form head:index, layer:channel or layer:channel@row,column"
        )
    place, index = match["place"], match["index"]
    labels = subject.heads.get(place, subject.layers)
    if place not in [*subject.heads, *subject.layers] or (index and "-" in index and index not in labels):
        sides = _parted(text.strip(), subject)
        if sides is not None:
            return checked(subject, Difference(*(_output(side, subject) for side in sides)))
    if place in subject.heads:
        return checked(subject, Output(place, _index_of(subject, place, index)))
    if place not in subject.layers:
        raise UnknownName(f"layer or head of {subject.name}", place, [*subject.heads, *subject.layers])
    if index is None or not index.isdigit():
        count = subject.layers[place].channels
        raise BadInput(
            f"target {text!r} names no channel; {place} has channels 0 to {count - 1}, as in {place}:0"
        )
    spot = (None, None) if match["y"] is None else (int(match["y"]), int(match["x"]))
    return checked(subject, Unit(place, int(index), *spot))


def checked(subject: Subject, target: Target) -> Target:
    """The target itself, if the subject has it.

    Raises
    ------
    UnknownName, BadInput
        with what the subject has instead.
    """
    if isinstance(target, Output):
        if target.head not in subject.heads:
            raise UnknownName(f"head of {subject.name}", target.head, subject.heads)
        _within(target.index, len(subject.heads[target.head]), f"head {target.head!r}", "outputs")
        return target
    if isinstance(target, Difference):
        checked(subject, target.first)
        checked(subject, target.second)
        return target
    info = layer_named(subject, target.layer)
    if isinstance(target, Unit):
        _within(target.channel, info.channels, f"layer {target.layer!r}", "channels")
        if target.y is not None and target.x is not None:
            height, width = info.grid
            if not (0 <= target.y < height and 0 <= target.x < width):
                raise BadInput(f"{target} lies outside the {height} x {width} map of {target.layer!r}")
    elif tuple(target.vector.shape) not in ((info.channels,), info.shape):
        raise BadInput(
            f"direction {target} has shape {tuple(target.vector.shape)}; "
            f"layer {target.layer!r} takes ({info.channels},) or {info.shape}"
        )
    return target


def score(subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target) -> Float[Tensor, "n"]:
    """The target's value for every input, the mean over positions where it has a map; differentiable."""
    checked(subject, target)
    if isinstance(target, Output | Difference):
        return answered(run(subject, inputs), target)
    grad = torch.is_grad_enabled()
    activations = capture(subject, inputs, [target.layer], grad=grad)[target.layer]
    return target_map(activations, target, subject.layers[target.layer]).mean((1, 2))


def answered(answers: Mapping[str, Tensor], target: Output | Difference) -> Float[Tensor, "n"]:
    """An output, or a difference of two, from the answers that ``core.subject.run`` gives by head.

    >>> answered({"q": torch.tensor([[1.0, 4.0]])}, Difference(Output("q", 1), Output("q", 0))).item()
    3.0
    """
    if isinstance(target, Difference):
        return answered(answers, target.first) - answered(answers, target.second)
    return answers[target.head].flatten(1)[:, target.index]


def target_map(activations: Tensor, target: Unit | Direction, layer: LayerInfo) -> Float[Tensor, "n h w"]:
    """The target's value at every position of its layer's activations (of any rank); (n, 1, 1) for vectors.

    >>> conv = LayerInfo("conv", "Conv2d", (2, 2, 2))
    >>> target_map(torch.arange(8.0).view(1, 2, 2, 2), Unit("conv", 1), conv).tolist()
    [[[4.0, 5.0], [6.0, 7.0]]]
    """
    maps = as_maps(activations, layer)
    if isinstance(target, Direction):
        vector = target.vector.to(maps)
        if vector.ndim == 1:
            return torch.einsum("nchw,c->nhw", maps, vector)
        return (activations * vector).flatten(1).sum(1).view(-1, 1, 1)
    chosen = maps[:, target.channel]
    if target.y is None or target.x is None:
        return chosen
    return chosen[:, target.y : target.y + 1, target.x : target.x + 1]


def _parted(text: str, subject: Subject) -> tuple[str, str] | None:
    """The two sides of the hyphen that stands between two heads; labels may have hyphens of their own."""
    pieces = text.split("-")
    for i in range(1, len(pieces)):
        first, second = "-".join(pieces[:i]), "-".join(pieces[i:])
        if all(side.partition(":")[0] in subject.heads for side in (first, second)):
            return first, second
    return None


def _output(text: str, subject: Subject) -> Output:
    head, _, index = text.partition(":")
    return Output(head, _index_of(subject, head, index or None))


def _index_of(subject: Subject, head: str, index: str | None) -> int:
    labels = subject.heads[head]
    if index is None and len(labels) == 1:
        return 0
    if index is not None and index.isdigit():
        return int(index)
    if index not in labels:
        raise UnknownName(f"label of head {head!r}", str(index), labels)
    return labels.index(index)


def _within(index: int, count: int, where: str, what: str) -> None:
    if not 0 <= index < count:
        raise BadInput(
            f"{where} has {what} 0 to {count - 1}; {index} is not among them (nearest: {_clamp(index, count)})"
        )


def _clamp(index: int, count: int) -> int:
    return min(max(index, 0), count - 1)
