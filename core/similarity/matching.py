"""Best buddies: which units of two layers answer alike, each the other's nearest, beside what chance gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput, NotFinite
from core.layers import as_maps
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.store.images import Images, held
from core.subject import Subject, layer_named
from core.uncertainty import Interval

DRAWS = 1000
LEAST = 8
"""Inputs that an interval needs at least."""

Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]
"""Gives the maps (n, c, h, w) of both layers for the same inputs, batch by batch, the same each time it is called."""


@dataclass(frozen=True)
class Match:
    """Unit ``a`` of one layer and ``b`` of the other, and the correlation of their maps with its interval."""

    a: int
    b: int
    correlation: Interval


@dataclass(frozen=True, eq=False)
class Matches:
    """The pairs that are among each other's nearest ``top`` units, the most alike first.

    ``correlations`` has every pair (units that say the same everywhere: 0). ``control`` (a's units) is each unit's
    best correlation when the second layer sees other inputs than the first; ``threshold`` is what only one unit in
    twenty reaches that way.
    """

    pairs: tuple[Match, ...]
    top: int
    correlations: Float[Tensor, "a b"] = field(repr=False)
    control: Float[Tensor, "a"] = field(repr=False)
    threshold: float
    provenance: Provenance = field(repr=False)

    @property
    def beyond_chance(self) -> tuple[Match, ...]:
        """The pairs whose whole interval lies above the threshold."""
        return tuple(pair for pair in self.pairs if pair.correlation.low > self.threshold)


def best_buddies(
    a: Float[Tensor, "n ..."],
    b: Float[Tensor, "m ..."],
    *,
    top: int = 1,
    seed: int = 0,
    batch_size: int = 256,
) -> Matches:
    """Units of two layers matched by their maps of the same inputs: (n, c, h, w), or (n, c) vectors [dravid2023].

    Maps are averaged to the coarser grid of the two and z-scored over inputs and positions; a pair is kept if each is
    among the other's ``top`` by correlation. Intervals are bootstraps over inputs (the choice of the pair not redone).

    Raises
    ------
    BadInput
        if the inputs are not as many in both or fewer than eight, or ``top`` is below 1.
    NotFinite
        if an activation is NaN or infinite.

    >>> x = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    >>> [(match.a, match.b) for match in best_buddies(x, 2 * x[:, [2, 0, 1]] + 1).pairs]
    [(0, 1), (1, 2), (2, 0)]
    """
    if len(a) != len(b):
        raise BadInput(f"units are matched over the same inputs; given activations of {len(a)} and {len(b)}")
    one, other = (x if x.ndim == 4 else x.flatten(1)[:, :, None, None] for x in (a, b))

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        yield from zip(one.split(batch_size), other.split(batch_size), strict=True)

    stamp = provenance(data=fingerprint(a, b), seed=seed, top=top)
    return _matched(batches, len(a), top, seed, stamp)


def match_units(
    subject: Subject,
    layer: str,
    other: Subject,
    other_layer: str,
    images: Images | Float[Tensor, "n c h w"],
    *,
    top: int = 1,
    batch_size: int = 32,
    seed: int = 0,
    progress: Progress = silent,
) -> Matches:
    """``best_buddies`` of a layer of one subject and one of another (or the same), over a source of images, streamed.

    The images are gone through twice: to find the pairs, and for their intervals.

    Raises
    ------
    UnknownName
        if a layer is not its subject's.
    BadInput, NotFinite
        as ``best_buddies``.

    >>> from core.testing import planted_classifier
    >>> net = planted_classifier(seed=0)
    >>> [(match.a, match.b) for match in match_units(net, "conv", net, "conv", torch.rand(40, 3, 12, 12)).pairs]
    [(0, 0), (1, 1), (2, 2), (3, 3)]
    """
    source = held(images)
    infos = layer_named(subject, layer), layer_named(other, other_layer)
    done = 0

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        nonlocal done
        for batch in source.batches(batch_size):
            maps = [
                as_maps(capture(net, batch, [info.name])[info.name], info)
                for net, info in zip((subject, other), infos, strict=True)
            ]
            yield maps[0], maps[1]
            done += len(batch)
            progress(done, max(done, 2 * len(source)), "matching units")

    stamp = provenance(
        subject=subject.fingerprint, data=source.fingerprint, seed=seed, other=other.fingerprint, top=top
    )
    return _matched(batches, len(source), top, seed, stamp)


def _matched(batches: Batches, count: int, top: int, seed: int, stamp: Provenance) -> Matches:
    if count < LEAST:
        raise BadInput(f"matching units needs at least {LEAST} inputs; given {count}")
    if top < 1:
        raise BadInput(f"units are matched among the nearest 1 or more; got top={top}")
    correlations, shuffled = _correlated(batches, seed)
    control = shuffled.amax(1)
    pairs = _mutual(correlations, top)
    intervals = _intervals(batches, pairs, seed)
    found = [Match(i, j, interval) for (i, j), interval in zip(pairs, intervals, strict=True)]
    found.sort(key=lambda match: -match.correlation.estimate)
    return Matches(tuple(found), top, correlations, control, float(control.quantile(0.95)), stamp)


def _correlated(batches: Batches, seed: int) -> tuple[Tensor, Tensor]:
    """Correlation of every unit with every other, with the inputs as they are and with the second layer's swapped."""
    rng = np.random.default_rng(seed)
    shift: tuple[Tensor, Tensor] | None = None
    sums: list[Tensor] = []
    for a, b in batches():
        a, b = _on_one_grid(a, b)
        if shift is None:  # numbers near zero keep their digits
            shift = a.mean((0, 2, 3), keepdim=True), b.mean((0, 2, 3), keepdim=True)
        a, b = a - shift[0], b - shift[1]
        x, y, swapped = (_columns(maps) for maps in (a, b, b[_swapped(len(b), rng)]))
        ones = torch.ones_like(x[:1])
        x, y, swapped = torch.cat([x, ones]), torch.cat([y, ones]), torch.cat([swapped, ones])
        parts = [x @ y.T, x @ swapped.T, (x**2).sum(1), (y**2).sum(1)]
        parts = [part.double().cpu() for part in parts]
        sums = parts if not sums else [total + part for total, part in zip(sums, parts, strict=True)]
    across, swapped, squares, other_squares = sums
    if not torch.isfinite(across.sum()):
        raise NotFinite("activations to be matched hold NaN or infinity")
    return _from_sums(across, squares, other_squares), _from_sums(swapped, squares, other_squares)


def _from_sums(across: Tensor, squares: Tensor, other_squares: Tensor) -> Tensor:
    """Correlations from sums of products; the last row and column are the sums of each unit and the count."""
    n, one, other = across[-1, -1], across[:-1, -1], across[-1, :-1]
    covariance = across[:-1, :-1] / n - one[:, None] * other / n**2
    spread = _spread(squares[:-1], one, n)[:, None] * _spread(other_squares[:-1], other, n)
    return torch.where(spread > 0, covariance / spread, 0.0).clamp(-1, 1).float()


def _spread(squares: Tensor, total: Tensor, n: Tensor) -> Tensor:
    variance = squares / n - (total / n) ** 2
    return torch.where(variance > 1e-12 * squares / n, variance, 0.0).clamp_min(0).sqrt()


def _on_one_grid(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both averaged to the coarser grid, side by side."""
    grid = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
    return F.adaptive_avg_pool2d(a.float(), grid), F.adaptive_avg_pool2d(b.float(), grid)


def _columns(maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "c m"]:
    return maps.transpose(0, 1).flatten(1)


def _swapped(n: int, rng: np.random.Generator) -> Tensor:
    """A permutation that leaves no input in its place."""
    order = rng.permutation(n)
    swapped = np.empty(n, np.int64)
    swapped[order] = np.roll(order, 1)
    return torch.from_numpy(swapped)


def _mutual(correlations: Tensor, top: int) -> list[tuple[int, int]]:
    """The pairs that are among each other's ``top``; units that never vary have no buddies."""
    rows, columns = correlations.shape
    near = torch.zeros_like(correlations, dtype=torch.bool)
    near.scatter_(1, correlations.topk(min(top, columns), 1).indices, True)
    back = torch.zeros_like(near)
    back.scatter_(0, correlations.topk(min(top, rows), 0).indices, True)
    return [(int(i), int(j)) for i, j in (near & back & (correlations > 0)).nonzero().tolist()]


def _intervals(
    batches: Batches, pairs: list[tuple[int, int]], seed: int, level: float = 0.95
) -> list[Interval]:
    """A percentile bootstrap over inputs of each pair's correlation."""
    if not pairs:
        return []
    one, other = (torch.tensor(column) for column in zip(*pairs, strict=True))
    each = []
    for a, b in batches():
        a, b = _on_one_grid(a, b)
        x, y = a[:, one].flatten(2).double(), b[:, other].flatten(2).double()
        each.append(torch.stack([x * y, x, y, x**2, y**2]).mean(3).cpu())
    sums = torch.cat(each, 1).numpy()  # (5, n, pairs)
    n = sums.shape[1]
    drawn = np.random.default_rng((seed, 1)).multinomial(n, np.full(n, 1 / n), DRAWS) / n
    low, high = np.quantile(
        _correlations(np.stack([drawn @ part for part in sums])), [(1 - level) / 2, (1 + level) / 2], 0
    )
    middle = _correlations(sums.mean(1))
    return [
        Interval(float(r), float(below), float(above), n, level)
        for r, below, above in zip(middle, low, high, strict=True)
    ]


def _correlations(sums: np.ndarray) -> np.ndarray:
    product, x, y, xx, yy = sums
    spread = np.sqrt((xx - x**2).clip(0) * (yy - y**2).clip(0))
    return np.where(spread > 0, (product - x * y) / np.where(spread > 0, spread, 1), 0.0)
