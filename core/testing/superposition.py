"""Superposition: sparse non-negative features in fewer dimensions, their dictionary known."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap


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


@dataclass(frozen=True, eq=False)
class SuperposedNetwork:
    """A network whose layer ``hidden`` (c channels) sums ``atoms`` (f, c), one for each channel of its ``inputs``."""

    subject: Subject
    inputs: Float[Tensor, "n f h w"] = field(repr=False)
    atoms: Float[Tensor, "f c"] = field(repr=False)


class _Compressed(nn.Module):
    """Each input channel writes its own direction; each output looks for one of them."""

    def __init__(self, atoms: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(len(atoms), atoms.shape[1], 1)
        self.seen = nn.Conv2d(atoms.shape[1], len(atoms), 1)
        self.relu = nn.ReLU()
        self.hidden.weight.data, self.hidden.bias.data = atoms.T[:, :, None, None].contiguous(), bias  # type: ignore[union-attr]
        self.seen.weight.data = atoms[:, :, None, None].clone()
        self.seen.bias.data = -atoms @ bias - 0.2  # type: ignore[union-attr]

    def forward(self, inputs: Tensor) -> Tensor:
        seen: Tensor = self.relu(self.seen(self.hidden(inputs)))
        return seen.amax((2, 3))


def superposed_network(
    *,
    seed: int,
    features: int = 32,
    channels: int = 20,
    active: float = 1.5,
    images: int = 600,
    size: int = 4,
) -> SuperposedNetwork:
    """``superposition`` inside a network: what is on where in the input is summed in fewer channels, place by place.

    >>> made = superposed_network(seed=0, images=10)
    >>> made.inputs.shape, made.subject.layers["hidden"].shape
    (torch.Size([10, 32, 4, 4]), (20, 4, 4))
    """
    made = superposition(
        seed=seed, features=features, channels=channels, active=active, samples=images * size * size
    )
    inputs = (made.codes / 1.5).view(images, size, size, features).permute(0, 3, 1, 2).contiguous()
    names = tuple(f"feature {index}" for index in range(features))
    spec = InputSpec((features, size, size), mean=(0.0,) * features, std=(1.0,) * features, channels=names)
    module = _Compressed(made.atoms, made.bias)
    return SuperposedNetwork(
        wrap(module, name="superposed", spec=spec, heads={"class": names}), inputs, made.atoms
    )
