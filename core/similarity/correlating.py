"""Correlations of every unit of some layers with every one of others, many layer pairs in one pass over the inputs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.errors import NotFinite
from core.similarity.passes import Answers, Both, Sums, gone_through
from core.uncertainty import Interval

DRAWS = 1000

GROUPS = 256
"""Groups of inputs that intervals are drawn from, at most, whatever their number: memory stays as it is."""

LayerPair = tuple[str, str]
"""A layer of the one side and a layer of the other."""


def correlated(
    both: Both, pairs: Sequence[LayerPair], *, seed: int, path: str | Path | None = None
) -> tuple[list[tuple[Tensor, Tensor]], int]:
    """For each layer pair the correlations (a, b) with the inputs as they are and with the second side's swapped.

    Gives them and the number of inputs. ``path`` as for ``gone_through``.
    """

    def add(answers: Answers, first: int, sums: Sums) -> None:
        swapped = _swapped(len(answers[0][pairs[0][0]]), np.random.default_rng((seed, 0, first)))
        prepared: dict[_Key, _Columns] = {}
        for number, names in enumerate(pairs):
            grid = _grid(answers[0][names[0]], answers[1][names[1]])
            a, b = (
                _prepared(answers[side][names[side]], (side, names[side], grid), swapped, prepared, sums)
                for side in (0, 1)
            )
            parts = (a.plain @ b.plain.T, a.plain @ b.swapped.T, a.squares, b.squares)
            for name, value in zip(PARTS, parts, strict=True):
                key = f"{number}.{name}"
                exact = value.double().cpu()
                sums[key] = sums[key] + exact if key in sums else exact

    sums, count = gone_through(both, add, path=path)
    found = []
    for number in range(len(pairs)):
        across, mixed, squares, others = (sums[f"{number}.{name}"] for name in PARTS)
        if not torch.isfinite(across.sum()):
            raise NotFinite("activations to be matched hold NaN or infinity")
        found.append((_from_sums(across, squares, others), _from_sums(mixed, squares, others)))
    return found, count


PARTS = ("across", "swapped", "squares", "others")


_Key = tuple[int, str, tuple[int, int]]
"""Side, layer, grid."""


@dataclass(frozen=True, eq=False)
class _Columns:
    """A layer's answers of a batch, a row a unit and one of ones; with the inputs in another order; sums of squares."""

    plain: Float[Tensor, "c m"]
    swapped: Float[Tensor, "c m"]
    squares: Float[Tensor, "c"]


def _prepared(
    maps: Float[Tensor, "n c h w"], key: _Key, swapped: Tensor, prepared: dict[_Key, _Columns], sums: Sums
) -> _Columns:
    """A layer's answers on a grid less their mean in the first batch, which keeps digits; each made once a batch."""
    if key not in prepared:
        side, name, grid = key
        coarse = F.adaptive_avg_pool2d(maps.float(), grid)
        kept = f"shift.{side}.{name}.{grid}"
        if kept not in sums:
            sums[kept] = coarse.mean((0, 2, 3)).cpu()
        n, c = coarse.shape[:2]
        plain = coarse.new_ones(c + 1, n, grid[0] * grid[1])
        torch.sub(
            coarse.flatten(2).transpose(0, 1), sums[kept].to(coarse.device)[:, None, None], out=plain[:-1]
        )
        mixed = plain[:, swapped.to(coarse.device)] if side else plain
        prepared[key] = _Columns(plain.flatten(1), mixed.flatten(1), plain.square().sum((1, 2)))
    return prepared[key]


def _from_sums(across: Tensor, squares: Tensor, others: Tensor) -> Tensor:
    """Correlations from sums of products; the last row and column are the sums of each unit and the count."""
    n, one, other = across[-1, -1], across[:-1, -1], across[-1, :-1]
    covariance = across[:-1, :-1] / n - one[:, None] * other / n**2
    spread = _spread(squares[:-1], one, n)[:, None] * _spread(others[:-1], other, n)
    return torch.where(spread > 0, covariance / spread, 0.0).clamp(-1, 1).float()


def _spread(squares: Tensor, total: Tensor, n: Tensor) -> Tensor:
    variance = squares / n - (total / n) ** 2
    return torch.where(variance > 1e-12 * squares / n, variance, 0.0).clamp_min(0).sqrt()


def _grid(a: Tensor, b: Tensor) -> tuple[int, int]:
    """The coarser grid of the two."""
    return min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])


def _swapped(n: int, rng: np.random.Generator) -> Tensor:
    """A permutation that leaves no input in its place."""
    order = rng.permutation(n)
    swapped = np.empty(n, np.int64)
    swapped[order] = np.roll(order, 1)
    return torch.from_numpy(swapped)


def intervals(
    both: Both,
    pairs: Sequence[LayerPair],
    units: Sequence[Sequence[tuple[int, int]]],
    *,
    seed: int,
    path: str | Path | None = None,
) -> list[list[Interval]]:
    """The correlation of some unit pairs of each layer pair, with a percentile bootstrap over inputs.

    Where there are more than ``GROUPS`` inputs, groups of them that come at equal distances are drawn.
    """
    chosen = {
        number: tuple(torch.tensor(column) for column in zip(*wanted, strict=True))
        for number, wanted in enumerate(units)
        if wanted
    }

    def add(answers: Answers, first: int, sums: Sums) -> None:
        for number, (one, other) in chosen.items():
            a, b = answers[0][pairs[number][0]], answers[1][pairs[number][1]]
            grid = _grid(a, b)
            x, y = (
                F.adaptive_avg_pool2d(maps[:, columns.to(maps.device)].float(), grid).flatten(2).double()
                for maps, columns in ((a, one), (b, other))
            )
            part = torch.stack([x * y, x, y, x**2, y**2]).mean(3).cpu()
            key = str(number)
            if key not in sums:
                sums[key] = torch.zeros(5, GROUPS, len(one), dtype=torch.float64)
            sums[key].index_add_(1, (first + torch.arange(len(a))) % GROUPS, part)

    sums, count = gone_through(both, add, path=path) if chosen else ({}, 0)
    return [
        _bootstrapped(sums[str(number)].numpy(), count, seed) if wanted else []
        for number, wanted in enumerate(units)
    ]


def _bootstrapped(sums: np.ndarray, count: int, seed: int, level: float = 0.95) -> list[Interval]:
    """Intervals from each group's sums (5, groups, pairs) over ``count`` inputs."""
    n = min(count, GROUPS)
    sizes = np.bincount(np.arange(count) % GROUPS, minlength=n).astype(float)[:n]
    drawn = np.random.default_rng((seed, 1)).multinomial(n, np.full(n, 1 / n), DRAWS)
    means = np.stack([drawn @ part[:n] for part in sums]) / (drawn @ sizes)[:, None]
    low, high = np.quantile(_correlations(means), [(1 - level) / 2, (1 + level) / 2], 0)
    middle = _correlations(sums.sum(1) / count)
    rows = zip(middle.tolist(), low.tolist(), high.tolist(), strict=True)
    return [Interval(r, below, above, n, level) for r, below, above in rows]


def _correlations(means: Float[np.ndarray, "5 ..."]) -> Float[np.ndarray, "..."]:
    product, x, y, xx, yy = means
    spread = np.sqrt((xx - x**2).clip(0) * (yy - y**2).clip(0))
    found: np.ndarray = np.where(spread > 0, (product - x * y) / np.where(spread > 0, spread, 1), 0.0)
    return found


def mutual(correlations: Float[Tensor, "a b"], top: int) -> list[tuple[int, int]]:
    """The pairs that are among each other's ``top``; units that never vary have no buddies."""
    rows, columns = correlations.shape
    near = torch.zeros_like(correlations, dtype=torch.bool)
    near.scatter_(1, correlations.topk(min(top, columns), 1).indices, True)
    back = torch.zeros_like(near)
    back.scatter_(0, correlations.topk(min(top, rows), 0).indices, True)
    places: Iterable[list[int]] = (near & back & (correlations > 0)).nonzero().tolist()
    return [(i, j) for i, j in places]
