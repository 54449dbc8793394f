"""A network that knows two concepts and uses one: for tests of concept vectors and TCAV."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap
from core.targets import Direction, Output

CHANNELS, SIDE = 12, 16
SOME, MUCH = (0.0, 0.15), (0.15, 0.25)
"""How strong the lines of a kind are: in pictures that are not about them, and in those that are."""


@dataclass(frozen=True, eq=False)
class ConceptReader:
    """The network, images of both concepts and of neither in particular, and the truth about its layer "mixed".

    Each detector is a direction of "mixed" (no unit of it is one concept's); the target reads, through a curve, how
    strongly the concept "used" is there, and four further detectors; "ignored" has a detector that nothing reads.
    """

    subject: Subject
    inputs: Float[Tensor, "n 3 h w"] = field(repr=False)
    target: Output
    concepts: Mapping[str, Float[Tensor, "m 3 h w"]] = field(repr=False)
    random: Float[Tensor, "k 3 h w"] = field(repr=False)
    directions: Mapping[str, Direction]


class _Reader(nn.Module):
    def __init__(self, generator: torch.Generator, *, reads: bool) -> None:
        super().__init__()
        self.detect = nn.Conv2d(3, CHANNELS, 3, padding=1, bias=False)
        self.relu = nn.ReLU()
        self.mixed = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
        self.parted = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
        self.head = nn.Linear(CHANNELS, 2, bias=False)
        edge = torch.tensor([-1.0, 2.0, -1.0]) / 3
        lines = torch.stack([edge.expand(3, 3, 3), edge[:, None].expand(3, 3, 3)]) / 2
        self.detect.weight.data = torch.cat([lines, _blind(CHANNELS - 2, generator)])
        mix = torch.linalg.qr(torch.randn(CHANNELS, CHANNELS, generator=generator)).Q
        self.mixed.weight.data = mix[:, :, None, None].clone()
        self.parted.weight.data = mix.T[:, :, None, None].clone()
        weights = torch.zeros(2, CHANNELS)
        weights[0, 0] = 4.0 if reads else 0.0
        weights[0, 2:6] = 0.5 * torch.randn(4, generator=generator)
        weights[1, 6:] = torch.randn(CHANNELS - 6, generator=generator)
        self.head.weight.data = weights

    def forward(self, inputs: Tensor) -> Tensor:
        mixed = self.mixed(self.relu(self.detect(inputs)))
        there = F.softplus(4 * self.parted(mixed)).mean((2, 3))
        logits: Tensor = self.head(there)
        return logits


def _blind(count: int, generator: torch.Generator) -> Tensor:
    """Detectors of anything but grey and lines of the two kinds: noise excites them, no concept does."""
    wave = torch.tensor([1.0, -1.0, 1.0])
    seen = torch.stack([torch.ones(3, 3, 3), wave.expand(3, 3, 3), wave[:, None].expand(3, 3, 3)]).flatten(1)
    basis = torch.linalg.qr(seen.T).Q
    random = torch.randn(count, 27, generator=generator)
    blind: Tensor = random - random @ basis @ basis.T
    return blind.view(count, 3, 3, 3)


def concept_reader(*, seed: int, count: int = 40, reads: bool = True) -> ConceptReader:
    """The planted network and its images, ``count`` of each concept; without ``reads`` it uses neither concept.

    >>> concept_reader(seed=0).subject.layers["mixed"].channels
    12
    """
    generator = torch.Generator().manual_seed(seed)
    spec = InputSpec((3, SIDE, SIDE), mean=(0.5,) * 3, std=(0.25,) * 3)
    module = _Reader(generator, reads=reads)
    subject = wrap(module, name="concept reader", spec=spec, heads={"class": ("lines", "other")})
    mix = subject.module.mixed.weight[:, :, 0, 0]  # type: ignore[union-attr, index]
    names = ("used", "ignored")
    return ConceptReader(
        subject,
        _pictures(generator, count, SOME, SOME),
        Output("class", 0),
        {"used": _pictures(generator, count, MUCH, SOME), "ignored": _pictures(generator, count, SOME, MUCH)},
        _pictures(generator, 4 * count, SOME, SOME),
        {name: Direction("mixed", mix[:, place].detach().clone(), name) for place, name in enumerate(names)},
    )


def _pictures(
    generator: torch.Generator, count: int, upright: tuple[float, float], lying: tuple[float, float]
) -> Tensor:
    """Noise with lines of both kinds, of a contrast between two bounds each."""
    picture = 0.5 + 0.05 * torch.randn(count, 3, SIDE, SIDE, generator=generator)
    stripes = torch.cos(torch.pi * torch.arange(SIDE))
    for (low, high), lines in ((upright, stripes), (lying, stripes[:, None])):
        drawn = torch.rand(2, count, 1, 1, 1, generator=generator)
        picture += (low + (high - low) * drawn[0]) * (drawn[1] - 0.5).sign() * lines
    return picture.clamp(0, 1)
