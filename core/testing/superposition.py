"""Superposition: sparse non-negative features in fewer dimensions, their dictionary known."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Superposition:
    """``rows`` (n, c) = ``codes`` (n, f) @ ``atoms`` (f, c) + ``bias`` + noise; atoms of length 1."""

    atoms: Float[Tensor, "f c"] = field(repr=False)
    codes: Float[Tensor, "n f"] = field(repr=False)
    bias: Float[Tensor, "c"] = field(repr=False)
    rows: Float[Tensor, "n c"] = field(repr=False)


def superposition(
    *,
    seed: int,
    features: int = 48,
    channels: int = 24,
    active: float = 2.0,
    samples: int = 20_000,
    noise: float = 0.02,
    skew: float = 0.5,
) -> Superposition:
    """Random directions for more features than channels, each on now and then, ``active`` of them a row on average.

    A feature is on with a frequency that is even for ``skew`` 0 and falls as rank^-skew; its strength is then uniform
    in [0.5, 1.5]. ``noise`` is the standard deviation per channel times the square root of the number of channels.

    >>> made = superposition(seed=0, samples=100)
    >>> made.rows.shape, made.atoms.shape, bool((made.codes >= 0).all())
    (torch.Size([100, 24]), torch.Size([48, 24]), True)
    """
    generator = torch.Generator().manual_seed(seed)
    atoms = torch.randn(features, channels, generator=generator)
    atoms = atoms / atoms.norm(dim=1, keepdim=True)
    frequency = torch.arange(1, features + 1).float().pow(-skew)
    frequency = (frequency * active / frequency.sum())[torch.randperm(features, generator=generator)]
    on = torch.rand(samples, features, generator=generator) < frequency
    codes = on * (0.5 + torch.rand(samples, features, generator=generator))
    bias = torch.randn(channels, generator=generator) * 0.1
    spread = torch.randn(samples, channels, generator=generator) * noise / channels**0.5
    return Superposition(atoms, codes, bias, codes @ atoms + bias + spread)
