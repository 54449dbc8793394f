"""Sums of products of answers, kept while inputs stream by, and the correlations that they amount to."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

ROUNDING = 1e-5
"""Variance below this share of the mean square is what single precision leaves of a constant: none."""


@dataclass
class Sums:
    """Of answers less ``shift``: sums (k, c), squares (k, c) and products (k, c, c) with those to inputs as they are.

    The first ``elements`` of k are the group's; the rest are draws in which every input has an element of its own.
    ``energies`` are, by element, sums over inputs of how much each one varies, and of the squares of these.
    """

    shift: Float[Tensor, "c"]
    elements: int
    totals: Float[Tensor, "k c"]
    squares: Float[Tensor, "k c"]
    products: Float[Tensor, "k c c"]
    energies: Float[Tensor, "2 g c"]
    base: int = 0
    count: int = 0


def started(shift: Float[Tensor, "c"], *, elements: int, draws: int, identity: int) -> Sums:
    """Nothing yet; ``shift`` near the mean keeps digits."""
    exact = torch.float32 if shift.device.type == "mps" else torch.float64
    k, c = elements + draws, len(shift)
    shapes = ((k, c), (k, c), (k, c, c), (2, elements, c))
    zeros = [torch.zeros(shape, dtype=exact, device=shift.device) for shape in shapes]
    return Sums(shift, elements, zeros[0], zeros[1], zeros[2], zeros[3], identity)


def add(sums: Sums, read: Float[Tensor, "g c n p"], swapped: Int[Tensor, "d n"]) -> None:
    """Take in the answers of n inputs at p places; ``swapped`` has an element for every draw and input."""
    centred = read - sums.shift[:, None, None]
    base = centred[sums.base].flatten(1)
    sums.count += base.shape[1]
    energy = (read - read.mean((2, 3), keepdim=True)).square().sum(3)
    sums.energies[0] += energy.sum(2)
    sums.energies[1] += energy.square().sum(2)
    for i, flat in enumerate(_flat(centred, swapped)):
        sums.totals[i] += flat.sum(1)
        sums.squares[i] += flat.square().sum(1)
        sums.products[i] += base @ flat.T


def joined(first: Sums, second: Sums) -> Sums:
    """Both together; they must have one shift."""
    return Sums(
        first.shift,
        first.elements,
        first.totals + second.totals,
        first.squares + second.squares,
        first.products + second.products,
        first.energies + second.energies,
        first.base,
        first.count + second.count,
    )


def correlations(sums: Sums) -> tuple[Float[np.ndarray, "g a b"], Float[np.ndarray, "d a b"]]:
    """Of every unit as the inputs are with every unit under each element, and in each draw; 0 where one is constant."""
    n = sums.count
    deviations = _variance(sums).sqrt()
    result = np.empty(tuple(sums.products.shape), np.float32)
    for i in range(len(result)):  # one at a time: the products are the largest thing there is
        covariance = sums.products[i] / n - sums.totals[sums.base][:, None] * sums.totals[i] / n**2
        spread = deviations[sums.base][:, None] * deviations[i]
        found = torch.where(spread > 0, covariance / spread.clamp_min(1e-30), 0.0)
        result[i] = found.clamp(-1, 1).float().cpu().numpy()
    return result[: sums.elements], result[sums.elements :]


def deviation(sums: Sums) -> Float[np.ndarray, "c"]:
    """Standard deviation of each unit's answers, over all elements."""
    return np.asarray(_variance(sums)[: sums.elements].mean(0).sqrt().float().cpu())


def carriers(sums: Sums) -> Float[np.ndarray, "c"]:
    """How many inputs, in effect, carry what a unit varies by: all alike n, one alone 1; the mean over elements."""
    total, squares = sums.energies
    found = total.square() / squares.clamp_min(1e-300)
    return np.asarray(found.mean(0).float().cpu())


def _flat(centred: Float[Tensor, "g c n p"], swapped: Int[Tensor, "d n"]) -> Iterable[Float[Tensor, "c m"]]:
    inputs = torch.arange(centred.shape[2], device=centred.device)
    yield from centred.flatten(2)
    for elements in swapped:
        yield centred[elements, :, inputs].transpose(0, 1).flatten(1)


def _variance(sums: Sums) -> Float[Tensor, "k c"]:
    mean_square = sums.squares / max(1, sums.count)
    variance = mean_square - (sums.totals / max(1, sums.count)) ** 2
    return torch.where(variance > ROUNDING * mean_square, variance, 0.0)
