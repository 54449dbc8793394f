"""Two networks of one architecture: which weights differ at all, and where their units first answer differently."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from core.activations import capture
from core.layers import as_maps
from core.subject import Subject
from vision.datasets import ImageSource

IMAGES = 64
"""Images over which units are held against each other."""

ALIKE = 1e-5
"""The relative difference of a unit's maps up to which it is rounding."""


@dataclass(frozen=True)
class Layered:
    """One layer of both: how many of its units answer differently, which (the first ten), and by how much at most."""

    layer: str
    units: int
    differing: tuple[int, ...]
    count: int
    largest: float


@dataclass(frozen=True)
class SameBuild:
    """Two networks of one architecture; ``weights`` are the names of the tensors that differ, of ``tensors``."""

    weights: tuple[str, ...]
    tensors: int
    layers: tuple[Layered, ...]

    @property
    def same(self) -> bool:
        """Whether they are one network."""
        return not self.weights

    @property
    def altered(self) -> bool:
        """Whether one is the other with something changed: most weights are the same."""
        return 0 < 2 * len(self.weights) < self.tensors

    @property
    def first(self) -> Layered | None:
        """The first layer in which a unit answers differently."""
        return next((one for one in self.layers if one.count), None)


def same_build(one: Subject, other: Subject, images: ImageSource, layers: Sequence[str]) -> SameBuild | None:
    """None if the networks are built differently or take other inputs.

    >>> from core.testing import planted_classifier
    >>> from vision.datasets import shapes_source
    >>> net = planted_classifier(seed=0)
    >>> same_build(net, net, shapes_source(8, size=(12, 12)), ["conv"]).same
    True
    """
    mine, theirs = one.module.state_dict(), other.module.state_dict()
    shapes = [{name: tuple(tensor.shape) for name, tensor in state.items()} for state in (mine, theirs)]
    if shapes[0] != shapes[1] or one.spec != other.spec or list(one.layers) != list(other.layers):
        return None
    mine = {name: tensor for name, tensor in mine.items() if tensor.is_floating_point()}  # no batch counters
    weights = tuple(name for name in mine if not torch.equal(mine[name], theirs[name]))
    if not weights:
        found = [Layered(name, one.layers[name].channels, (), 0, 0.0) for name in layers]
        return SameBuild(weights, len(mine), tuple(found))
    shown = torch.stack(list(images.at(range(min(IMAGES, len(images))))))
    kept = [capture(subject, shown, list(layers)) for subject in (one, other)]
    compared = [
        _layered(
            name,
            *(
                as_maps(side[name], subject.layers[name])
                for side, subject in zip(kept, (one, other), strict=True)
            ),
        )
        for name in layers
    ]
    return SameBuild(weights, len(mine), tuple(compared))


def _layered(name: str, one: torch.Tensor, other: torch.Tensor) -> Layered:
    """Root mean square of the difference of a unit's maps over that of the maps themselves."""
    size = (one.double() ** 2 + other.double() ** 2).mean((0, 2, 3)).div(2).sqrt()
    gap = (one.double() - other.double()).pow(2).mean((0, 2, 3)).sqrt()
    relative = torch.where(size > 0, gap / size.clamp_min(1e-30), 0.0)
    differing = (relative > ALIKE).nonzero().flatten().tolist()
    return Layered(name, len(relative), tuple(differing[:10]), len(differing), float(relative.max()))
