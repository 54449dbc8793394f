"""Seeker: a classifier whose every class looks for one pattern, and pictures in which all the patterns lie about."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.layers import Axes
from core.subject import InputSpec, Subject, wrap

PATTERNS = 4
"""As many patterns, all of the same contrast, and as many classes."""
UNITS = 12
"""Units of the layer that answers; those above ``PATTERNS`` answer to other things and count for nothing."""
SLOT = 4
"""Pictures are laid out in squares of that side; a pattern of 3 x 3 lies within one."""
SIZE = 16
CONTRAST = 0.4


@dataclass(frozen=True, eq=False)
class Sought:
    """Pictures (n, 3, 16, 16) and where in each every class's pattern lies: ``places`` (n, classes, 16, 16)."""

    pictures: Float[Tensor, "n 3 h w"] = field(repr=False)
    places: Bool[Tensor, "n k h w"] = field(repr=False)


class _Seeker(nn.Module):
    """Unit k answers where pattern k lies, class k sums unit k; maps, tokens (one in front), or channels last."""

    def __init__(self, patterns: Tensor, axes: Axes) -> None:
        super().__init__()
        self.axes = axes
        self.eye = nn.Conv2d(3, len(patterns), 3, padding=1)
        self.relu = nn.ReLU()
        self.block = nn.Identity()
        self.head = nn.Linear(len(patterns), PATTERNS, bias=False)
        self.eye.weight.data = patterns.clone()
        flat = patterns.flatten(1)
        self.eye.bias = nn.Parameter(-0.6 * CONTRAST * flat.abs().sum(1) - 0.5 * flat.sum(1))
        self.head.weight.data = torch.eye(PATTERNS, len(patterns))

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.relu(self.eye(inputs))
        if self.axes == "hwc":
            summed = self.block(maps.permute(0, 2, 3, 1)).sum((1, 2))
        elif self.axes == "tc":
            tokens = maps.flatten(2).transpose(1, 2)
            summed = self.block(torch.cat([0 * tokens[:, :1], tokens], 1)).sum(1)
        else:
            summed = self.block(maps).sum((2, 3))
        logits: Tensor = self.head(summed)
        return logits


def seeker(*, seed: int, axes: Axes = "chw", randomised: bool = False) -> Subject:
    """A classifier whose class k is the answer of unit k of "relu" (and of "block"), which looks for pattern k.

    Of the 3 x 3 pixels of a pattern all matter alike. ``axes`` is the order in which "block" has the maps;
    ``randomised`` draws all weights anew, so that nothing is left to be found.

    >>> seeker(seed=0).layers["block"].shape
    (12, 16, 16)
    """
    module = _Seeker(_patterns(seed), axes)
    if randomised:
        generator = torch.Generator().manual_seed(seed + 1_000_003)
        for parameter in module.parameters():
            spread = 1.0 if parameter.ndim == 1 else parameter[0].numel() ** -0.5
            parameter.data = torch.randn(parameter.shape, generator=generator) * spread
    spec = InputSpec((3, SIZE, SIZE), mean=(0.0,) * 3, std=(1.0,) * 3)
    labels = tuple(f"pattern {k}" for k in range(PATTERNS))
    return wrap(module, name="seeker", spec=spec, heads={"class": labels})


def sought(n: int, *, seed: int) -> Sought:
    """Pictures for the seeker of the same seed: grey with a little noise, every pattern once, no two in one square.

    >>> sought(2, seed=0).places.flatten(2).sum(2).tolist()
    [[9, 9, 9, 9], [9, 9, 9, 9]]
    """
    patterns, generator = _patterns(seed), torch.Generator().manual_seed(seed + 7)
    pictures = 0.5 + 0.02 * torch.randn(n, 3, SIZE, SIZE, generator=generator)
    places = torch.zeros(n, PATTERNS, SIZE, SIZE, dtype=torch.bool)
    across = SIZE // SLOT
    for i in range(n):
        slots = torch.randperm(across**2, generator=generator)[:PATTERNS].tolist()
        for k, slot in enumerate(slots):
            shift = torch.randint(0, SLOT - 2, (2,), generator=generator).tolist()
            top, left = SLOT * (slot // across) + shift[0], SLOT * (slot % across) + shift[1]
            pictures[i, :, top : top + 3, left : left + 3] += CONTRAST * patterns[k]
            places[i, k, top : top + 3, left : left + 3] = True
    return Sought(pictures.clamp(0, 1), places)


def _patterns(seed: int) -> Float[Tensor, "u 3 3 3"]:
    """One +1 or -1 a value, drawn anew for every unit."""
    drawn = torch.randint(0, 2, (UNITS, 3, 3, 3), generator=torch.Generator().manual_seed(seed))
    return 2.0 * drawn - 1.0
