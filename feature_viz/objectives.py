"""Objectives: what an image is asked to raise, one number per image; + and * compose them and their text."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.layers import LayerInfo, as_maps
from core.subject import Subject
from core.targets import Difference, Direction, Output, Target, Unit, checked, target_map


@dataclass(frozen=True)
class Seen:
    """What a forward pass left: activations by layer and outputs by head, first axis the images.

    ``images`` are the pictures themselves, before any transform.
    """

    layers: Mapping[str, Tensor]
    heads: Mapping[str, Tensor]
    about: Mapping[str, LayerInfo] = field(default_factory=dict, repr=False)
    images: Tensor | None = field(default=None, repr=False)

    def maps(self, layer: str) -> Float[Tensor, "n c h w"]:
        """A layer's activations as maps, whatever form the network gives them."""
        return as_maps(self.layers[layer], self.about[layer])

    def rows(self, chosen: slice, images: Tensor | None = None) -> "Seen":
        """What was seen of some of the images, which are these."""
        return Seen(
            {name: values[chosen] for name, values in self.layers.items()},
            {name: values[chosen] for name, values in self.heads.items()},
            self.about,
            images,
        )


@dataclass(frozen=True, eq=False)
class Objective:
    """A number per image to be raised: ``value`` maps what was seen to (n,); the rest says what it must see.

    ``images`` is how many images are made for it together. Objectives add (also to numbers) and multiply by numbers
    and by each other; the text follows.

    >>> edge = channel("conv", 2)
    >>> print(2 * edge - channel("conv", 0))
    2 * conv:2 + -1 * conv:0
    """

    text: str
    value: Callable[[Seen], Float[Tensor, "n"]] = field(repr=False)
    layers: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    images: int = 1

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: "Objective | float | int") -> "Objective":
        return _combined(self, other, operator.add, f"{self.text} + {_lifted(other).text}")

    def __mul__(self, other: "Objective | float | int") -> "Objective":
        return _combined(self, other, operator.mul, f"{_factor(self)} * {_factor(other)}")

    def __rmul__(self, other: float | int) -> "Objective":
        return _combined(other, self, operator.mul, f"{other:g} * {_factor(self)}")

    def __neg__(self) -> "Objective":
        return -1 * self

    def __sub__(self, other: "Objective | float | int") -> "Objective":
        return self + -1 * other

    __radd__ = __add__


Wanted = Target | Objective | str | Callable[..., Tensor]
"""What pictures are made for: a target or its text, an objective, or one of lucent's (a callable)."""


def objective(subject: Subject, wanted: Wanted) -> Objective:
    """The objective that raises a target; an objective is returned as it is, once its layers are checked.

    A channel or a direction over channels is averaged over positions [olah2017], an output is taken before
    any softmax. lucent's objectives are taken over with its names of layers.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such layer, head or channel.

    >>> from core.testing import planted_classifier
    >>> print(objective(planted_classifier(seed=0), Unit("conv", 1)))
    conv:1
    """
    if isinstance(wanted, Objective):
        for layer in wanted.layers:
            checked(subject, Unit(layer, 0))
        for head in wanted.heads:
            checked(subject, Output(head, 0))
        return wanted
    if isinstance(wanted, str) or callable(wanted):
        from feature_viz.lucent_bridge import from_lucent

        return from_lucent(subject, wanted)
    return _of_target(checked(subject, wanted))


def _of_target(target: Target) -> Objective:
    if isinstance(target, Output):
        return output(target.head, target.index)
    if isinstance(target, Difference):
        return _of_target(target.first) - _of_target(target.second)
    if isinstance(target, Direction):
        return direction(target)
    if target.y is None or target.x is None:
        return channel(target.layer, target.channel)
    return neuron(target.layer, target.channel, target.y, target.x)


def output(head: str, index: int) -> Objective:
    """One output of a head, before any softmax.

    >>> print(output("class", 3))
    class:3
    """
    return Objective(
        str(Output(head, index)),
        lambda seen: seen.heads[head].flatten(1)[:, index],
        heads=frozenset([head]),
    )


def channel(layer: str, index: int) -> Objective:
    """A channel's mean over all positions: a texture of what it likes.

    >>> print(channel("conv", 3))
    conv:3
    """
    return _on_layer(layer, str(Unit(layer, index)), lambda seen: seen.maps(layer)[:, index].mean((1, 2)))


def peak(layer: str, index: int) -> Objective:
    """A channel's largest value over positions: what its exemplars are ranked by.

    >>> print(peak("conv", 3))
    conv:3@peak
    """
    return _on_layer(
        layer, f"{Unit(layer, index)}@peak", lambda seen: seen.maps(layer)[:, index].amax((1, 2))
    )


def neuron(layer: str, index: int, y: int | None = None, x: int | None = None) -> Objective:
    """A channel at one position - row, column of its map - or in the middle: a single object.

    >>> print(neuron("conv", 3), neuron("conv", 3, 0, 1))
    conv:3@middle conv:3@0,1
    """
    text = f"{layer}:{index}@middle" if y is None or x is None else str(Unit(layer, index, y, x))

    def value(seen: Seen) -> Tensor:
        maps = seen.maps(layer)
        height, width = maps.shape[2:]
        row, column = (height // 2, width // 2) if y is None or x is None else (y, x)
        if row >= height or column >= width:
            raise BadInput(
                f"{text} lies outside the {height} x {width} map that this image size gives {layer!r}"
            )
        return maps[:, index, row, column]

    return _on_layer(layer, text, value)


def direction(target: Direction, *, cosine_power: float = 0.0) -> Objective:
    """The projection on a direction, mean over positions; times cosine similarity to a power [carter2019].

    A positive power keeps the picture from raising everything that is merely correlated with the direction.

    >>> print(direction(Direction("conv", torch.ones(4), "sum"), cosine_power=2.0))
    conv~sum^2
    """
    text = str(target) if cosine_power == 0 else f"{target}^{cosine_power:g}"

    def value(seen: Seen) -> Tensor:
        values = seen.layers[target.layer]
        projections = target_map(values, target, seen.about[target.layer]).mean((1, 2))
        if cosine_power == 0:
            return projections
        flat = seen.maps(target.layer).mean((2, 3)) if target.vector.ndim == 1 else values.flatten(1)
        cosine = F.cosine_similarity(flat, target.vector.to(flat).flatten()[None], dim=1)
        return projections * cosine.clamp_min(0.1) ** cosine_power

    return _on_layer(target.layer, text, value)


def layer_energy(layer: str) -> Objective:
    """The mean square of a whole layer: deep dream [mordvintsev2015].

    >>> print(layer_energy("conv"))
    energy(conv)
    """
    return _on_layer(layer, f"energy({layer})", lambda seen: seen.layers[layer].flatten(1).square().mean(1))


def diversity(layer: str, count: int) -> Objective:
    """How unlike ``count`` images are to each other at a layer, 0 to 1: it keeps pictures of one target apart.

    One minus the mean cosine similarity of an image's channel correlations (Gram matrix) with the others'
    [olah2017]. Added to another objective it makes that one be met ``count`` times.

    >>> both = channel("conv", 3) + 0.5 * diversity("conv", 4)
    >>> print(both, both.images)
    conv:3 + 0.5 * diversity(conv, 4) 4
    """
    if count < 2:
        raise BadInput(f"diversity among {count} images was asked for; it takes at least 2")

    def value(seen: Seen) -> Tensor:
        flat = seen.maps(layer).flatten(2)
        gram = F.normalize(torch.einsum("ncp,ndp->ncd", flat, flat).flatten(1), dim=1)
        alike = gram @ gram.T
        return 1 - (alike.sum(1) - alike.diagonal()) / (len(alike) - 1)

    return _on_layer(layer, f"diversity({layer}, {count})", value, images=count)


def _on_layer(layer: str, text: str, value: Callable[[Seen], Tensor], *, images: int = 1) -> Objective:
    return Objective(text, value, layers=frozenset([layer]), images=images)


def _combined(
    left: Objective | float | int, right: Objective | float | int, join: Callable[..., Tensor], text: str
) -> Objective:
    first, second = _lifted(left), _lifted(right)
    return Objective(
        text,
        lambda seen: join(first.value(seen), second.value(seen)),
        first.layers | second.layers,
        first.heads | second.heads,
        _together(first, second),
    )


def _together(first: Objective, second: Objective) -> int:
    counts = {first.images, second.images} - {1}
    if len(counts) > 1:
        raise BadInput(
            f"{first} makes {first.images} images and {second} makes {second.images}; they do not combine"
        )
    return counts.pop() if counts else 1


def _lifted(part: Objective | float | int) -> Objective:
    """A number as an objective that every image meets alike; it broadcasts against the other side."""
    return (
        part if isinstance(part, Objective) else Objective(f"{part:g}", lambda _: torch.tensor(float(part)))
    )


def _factor(part: Objective | float | int) -> str:
    text = _lifted(part).text
    return f"({text})" if " + " in text else text
