"""Two senses: a subject with units that answer to one, two or three unrelated patterns, and inputs that show them."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap

DETECTORS = 8
SIDE = 5
SENSES = ((0, 3), (5,), (1, 2, 6))
"""Which detectors each unit answers to."""


class _Sums(nn.Module):
    """Detectors of patterns, and units that add some of them up."""

    def __init__(self, patterns: Tensor, weights: Tensor) -> None:
        super().__init__()
        self.detectors = nn.Conv2d(3, DETECTORS, SIDE)
        self.seen = nn.ReLU()
        self.sums = nn.Conv2d(DETECTORS, len(weights), 1, bias=False)
        self.units = nn.ReLU()
        self.head = nn.Linear(len(weights), 2)
        self.detectors.weight.data = patterns
        self.detectors.bias = nn.Parameter(torch.full((DETECTORS,), -0.3))
        self.sums.weight.data = weights[:, :, None, None]

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.head(self.units(self.sums(self.seen(self.detectors(inputs)))).amax((2, 3)))
        return answer


@dataclass(frozen=True, eq=False)
class PlantedSenses:
    """``causes`` is the pattern that each input shows; unit k of layer ``units`` answers to ``SENSES[k]``."""

    subject: Subject
    inputs: Float[Tensor, "n 3 h w"] = field(repr=False)
    causes: Int[Tensor, "n"] = field(repr=False)


def two_senses(*, seed: int, count: int = 640, size: int = 14, randomised: bool = False) -> PlantedSenses:
    """A subject whose unit 0 is the sum of two unrelated detectors, unit 1 one detector, unit 2 three of them.

    Every input shows one of eight random patterns somewhere on noise, at a contrast of its own; every unit
    also reads all other detectors weakly. ``randomised``: the same inputs to a network of random weights.

    >>> planted = two_senses(seed=0, count=4)
    >>> planted.inputs.shape, len(planted.causes)
    (torch.Size([4, 3, 14, 14]), 4)
    """
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.randn(DETECTORS, 3, SIDE, SIDE, generator=generator)
    patterns = patterns / patterns.flatten(1).norm(dim=1)[:, None, None, None]
    causes = torch.randint(DETECTORS, (count,), generator=generator)
    inputs = 0.5 + 0.1 * torch.randn(count, 3, size, size, generator=generator)
    contrast = 1.0 + torch.rand(count, generator=generator)
    places = torch.randint(size - SIDE, (count, 2), generator=generator)
    for image, cause, strength, (y, x) in zip(inputs, causes, contrast, places.tolist(), strict=True):
        image[:, y : y + SIDE, x : x + SIDE] += strength * patterns[cause]
    weights = 0.05 * torch.rand(len(SENSES), DETECTORS, generator=generator)
    for unit, senses in enumerate(SENSES):
        weights[unit, list(senses)] = 1.0
    if randomised:
        patterns = torch.randn(patterns.shape, generator=generator) / 9
        weights = torch.rand(weights.shape, generator=generator)
    spec = InputSpec((3, size, size), mean=(0.5,) * 3, std=(1.0,) * 3)
    labels = {"class": ("0", "1")}
    subject = wrap(_Sums(patterns, weights), name="two senses", spec=spec, heads=labels)
    return PlantedSenses(subject, inputs.clamp(0, 1), causes)
