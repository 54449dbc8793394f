"""Mixtures: rows made of known atoms - parts, sources, components, clusters - one truth for each way of decomposing."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Mixture:
    """Rows (n, c) and the atoms (k, c) that they are made of, of length 1; ``sizes`` (k,) is what the maker says."""

    rows: Float[Tensor, "n c"] = field(repr=False)
    atoms: Float[Tensor, "k c"] = field(repr=False)
    sizes: Float[Tensor, "k"]


def non_negative_parts(*, seed: int, parts: int = 6, channels: int = 24, samples: int = 1500) -> Mixture:
    """Non-negative parts that overlap a little, each in a third of the rows; ``sizes`` are those shares.

    Unique up to order because every part has channels of its own and rows without it [donoho2003].

    >>> bool((non_negative_parts(seed=0).rows >= 0).all())
    True
    """
    generator = torch.Generator().manual_seed(seed)
    own = torch.eye(parts).repeat_interleave(channels // parts, 1)
    shared = (torch.rand(parts, own.shape[1], generator=generator) < 0.2).float()
    atoms = _unit((own + 0.5 * shared) * (0.5 + torch.rand(own.shape, generator=generator)))
    on = torch.rand(samples, parts, generator=generator) < 1 / 3
    codes = on * (0.5 + torch.rand(samples, parts, generator=generator))
    noise = 0.01 * torch.rand(samples, own.shape[1], generator=generator)
    return Mixture(codes @ atoms + noise, atoms, on.float().mean(0))


def independent_sources(*, seed: int, sources: int = 6, channels: int = 16, samples: int = 4000) -> Mixture:
    """Independent sources with heavy tails (Laplace) mixed by random directions; ``sizes`` are standard deviations.

    >>> independent_sources(seed=0).atoms.shape
    torch.Size([6, 16])
    """
    generator = torch.Generator().manual_seed(seed)
    atoms = _unit(torch.randn(sources, channels, generator=generator))
    even = torch.rand(samples, sources, generator=generator) - 0.5
    codes = -even.sign() * torch.log1p(-2 * even.abs().clamp_max(0.499999)) / 2**0.5
    sizes = torch.linspace(1, 2, sources)
    noise = 0.02 * torch.randn(samples, channels, generator=generator)
    return Mixture(codes * sizes @ atoms + noise, atoms, sizes)


def orthogonal_components(
    *, seed: int, components: int = 5, channels: int = 20, samples: int = 3000
) -> Mixture:
    """Gaussian components along orthogonal directions, off centre; ``sizes`` are their variances, falling.

    >>> [round(size, 2) for size in orthogonal_components(seed=0).sizes.tolist()]
    [16.0, 8.0, 4.0, 2.0, 1.0]
    """
    generator = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(channels, components, generator=generator))
    sizes = 2.0 ** torch.arange(components - 1, -1, -1)
    codes = torch.randn(samples, components, generator=generator) * sizes.sqrt()
    noise = 0.1 * torch.randn(samples, channels, generator=generator)
    return Mixture(codes @ basis.T + 3 + noise, basis.T.contiguous(), sizes)


def separated_clusters(*, seed: int, clusters: int = 8, channels: int = 12, samples: int = 2000) -> Mixture:
    """Round clusters around random centres; atoms point there from the mean of all rows, ``sizes`` say how far.

    >>> separated_clusters(seed=0).rows.shape
    torch.Size([2000, 12])
    """
    generator = torch.Generator().manual_seed(seed)
    centres = 3 * torch.randn(clusters, channels, generator=generator)
    member = torch.randint(clusters, (samples,), generator=generator)
    rows = centres[member] + 0.5 * torch.randn(samples, channels, generator=generator)
    ways = centres - rows.mean(0)
    return Mixture(rows, _unit(ways), ways.norm(dim=1))


def shuffled(rows: Float[Tensor, "n c"], *, seed: int) -> Float[Tensor, "n c"]:
    """The control: every channel keeps its values in another order, so that what goes with what is lost.

    >>> rows = torch.arange(8.0).view(4, 2)
    >>> torch.equal(shuffled(rows, seed=0).sort(0).values, rows)
    True
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([column[torch.randperm(len(rows), generator=generator)] for column in rows.T], 1)


def _unit(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows, dim=1)
