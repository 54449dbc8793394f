"""trace(): one pair at one layer - what brings the answer back, site by site and many at once, beside controls."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.errors import BadInput
from core.interventions.continuation import Continuation, Recorded
from core.interventions.sites import units_first
from core.layers import LayerInfo
from core.pairs import Pair
from core.targets import Difference, Output

SHARES = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Of a layer's units, or of its places, that are patched at once."""
BEST, RANDOM, ANOTHER, TAKEN = "best", "random", "another", "taken"
"""What is patched at once: the sites with the largest effects; as many at random; the best from the unrelated input;
and the best the other way about, from the corrupted into the clean run, as the share that is lost."""
SIDE = 7
"""Places along a side of the picture: maps that are finer are patched in blocks."""
CORRUPTED, CLEAN, UNRELATED = 0, 1, 2
"""Rows of the record."""
BATCH, STEPS = 32, 8


@dataclass(frozen=True, eq=False)
class Sites:
    """Effects of a layer's s units or places, in shares of the logit difference (0 corrupted, 1 clean).

    ``gradient``: all sites to first order; ``stepped``: by the mean gradient at ``STEPS`` points on the way to the
    clean activations. ``exact``: patched one by one, NaN for those left out; ``drawn`` are those measured that were
    drawn at random, a fair sample. ``order``: best first, by ``exact`` where all were measured, else by ``stepped``.
    ``joint``: what came back with the first ``SHARES`` of the order, by the names above.
    """

    gradient: Float[Tensor, "s"]
    stepped: Float[Tensor, "s"]
    exact: Float[Tensor, "s"]
    drawn: Bool[Tensor, "s"]
    order: Int[Tensor, "s"]
    joint: Mapping[str, Float[Tensor, "k"]]


@dataclass(frozen=True, eq=False)
class Trace:
    """A pair at a layer. ``clean``, ``corrupted``: the logit differences; ``whole``: the share that comes back with the
    whole layer; ``idle`` and ``full``: with the corrupted run's own activations (0), the clean run's in the clean (1).

    ``places`` has the blocks row by row, ``grid`` of them; None where a layer has no places.
    """

    layer: str
    clean: float
    corrupted: float
    whole: float
    idle: float
    full: float
    units: Sites
    places: Sites | None
    grid: tuple[int, int] = field(default=(1, 1))


def counts(total: int) -> tuple[int, ...]:
    """How many of so many sites each of ``SHARES`` is: one at least.

    >>> counts(49)
    (1, 2, 5, 10, 24)
    """
    return tuple(max(1, round(share * total)) for share in SHARES)


def trace(tail: Continuation, pair: Pair, *, units: int, seed: int) -> Trace:
    """Everything above for one pair, with about ``units`` + 49 + 30 passes from the layer on.

    ``tail`` is a continuation to an output of the pair's head. Of layers with more than ``units`` units half as many
    are patched alone that are strongest by stepped gradient, and half as many drawn at random by ``seed``.

    Raises
    ------
    BadInput
        if ``tail`` leads elsewhere, or the answer does not turn between the pair.

    >>> from core.interventions.continuation import continuation
    >>> from core.testing import spotlight
    >>> first, second = torch.zeros(2, 3, 10, 10)
    >>> first[0, 1:3, 1:3], second[1, 6:8, 6:8] = 1.0, 1.0
    >>> pair = Pair("two", "a, b", first, second, first, "policy", 0, 1, torch.ones(10, 10, dtype=torch.bool))
    >>> made = trace(continuation(spotlight(), "relu", Output("policy", 0)), pair, units=8, seed=0)
    >>> made.units.exact.tolist(), made.whole, made.idle  # action 0's unit gives 4 of 12, action 1's takes 8
    ([0.3333333432674408, 0.6666666865348816], 1.0, 0.0)
    """
    if not isinstance(tail.target, Output) or tail.target.head != pair.head:
        raise BadInput(f"the continuation leads to {tail.target}, but the pair turns head {pair.head!r}")
    towards = Difference(Output(pair.head, pair.plus), Output(pair.head, pair.minus))
    record = replace(tail, target=towards).record(torch.stack([pair.corrupted, pair.clean, pair.unrelated]))
    if not record.clean[CLEAN] > record.clean[CORRUPTED]:
        raise BadInput(f"pair {pair.name!r} does not part {towards}: it scores no more on the clean input")
    bench = _Bench(record, tail.subject.layers[tail.layer], torch.Generator().manual_seed(seed))
    every = torch.ones(1, 1, 1, dtype=torch.bool)
    height, width = (min(SIDE, side) for side in bench.layer.grid)
    blocks = bench.blocks(height, width)
    return Trace(
        tail.layer,
        bench.end,
        bench.start,
        whole=float(bench.recovered(every)),
        idle=float(bench.recovered(every, CORRUPTED)),
        full=float(bench.recovered(every, CLEAN, CLEAN)),
        units=_sites(bench, torch.eye(bench.shape[0], dtype=torch.bool)[:, :, None], units),
        places=_sites(bench, blocks, height * width) if height * width > 1 else None,
        grid=(height, width),
    )


def _sites(bench: "_Bench", masks: Bool[Tensor, "s c p"], measured: int) -> Sites:
    """The effects of sites given as masks over units and positions."""
    gradient, stepped = bench.gradient(masks), bench.gradient(masks, steps=STEPS)
    shuffled = torch.randperm(len(masks), generator=bench.generator)
    drawn = torch.zeros(len(masks), dtype=torch.bool)
    drawn[shuffled if len(masks) <= measured else shuffled[: measured // 2]] = True
    strongest = stepped.abs().argsort(descending=True)
    alone = drawn.clone()
    alone[strongest[: measured // 2]] = True
    exact = torch.full((len(masks),), torch.nan)
    exact[alone] = bench.recovered(masks[alone])
    order = (exact if alone.all() else stepped).argsort(descending=True)
    best, chance = (
        _firsts(masks, order),
        _firsts(masks, torch.randperm(len(masks), generator=bench.generator)),
    )
    joint = {
        BEST: bench.recovered(best),
        RANDOM: bench.recovered(chance),
        ANOTHER: bench.recovered(best, UNRELATED),
        TAKEN: 1 - bench.recovered(best, CORRUPTED, CLEAN),
    }
    return Sites(gradient, stepped, exact, drawn, order, joint)


def _firsts(masks: Bool[Tensor, "s c p"], order: Int[Tensor, "s"]) -> Bool[Tensor, "k c p"]:
    """The first 2 %, 5 % ... of an order of sites, each share joined to one mask."""
    return torch.stack([masks[order[:count]].any(0) for count in counts(len(order))])


class _Bench:
    """A recorded pair on which masks are tried."""

    def __init__(self, record: Recorded, layer: LayerInfo, generator: torch.Generator) -> None:
        self.record, self.layer, self.generator = record, layer, generator
        self.flat = units_first(record.activations.contiguous(), layer)
        self.shape = self.flat.shape[1:]
        # One by one, as patched runs are scored: in a batch of another size the last digits would differ.
        with torch.no_grad():
            ends = [record.scores(record.activations[row : row + 1], row) for row in (CORRUPTED, CLEAN)]
        self.start, self.end = (float(end) for end in ends)

    def recovered(self, masks: Bool[Tensor, "m c p"], source: int = CLEAN, base: int = CORRUPTED) -> Tensor:
        """The share of the logit difference, on the CPU, with each mask's part of ``source`` put into ``base``."""
        scores = []
        for part in masks.to(self.flat.device).split(BATCH):
            variants = (
                self.record.activations[base].expand(len(part), *self.record.activations.shape[1:]).clone()
            )
            variants = variants.contiguous()
            flat = units_first(variants, self.layer)
            flat.copy_(torch.where(part, self.flat[source], flat))
            with torch.no_grad():
                scores.append(self.record.scores(variants, base))
        return ((torch.cat(scores) - self.start) / (self.end - self.start)).float().cpu()

    def gradient(self, masks: Bool[Tensor, "m c p"], *, steps: int = 1) -> Float[Tensor, "m"]:
        """The same for masks over units, or over positions, to first order: gradient times difference [nanda2023].

        The gradient of the corrupted run; with more ``steps`` the mean at as many points on the way [hanna2024].
        """
        start, end = self.record.activations[CORRUPTED], self.record.activations[CLEAN]
        shares = (torch.arange(steps) + 0.5) / steps if steps > 1 else torch.zeros(1)
        points = [start + float(share) * (end - start) for share in shares]
        base = torch.stack(points).detach().requires_grad_()
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(self.record.scores(base, CORRUPTED).sum() / steps, base)
        slope = slope.sum(0, keepdim=True)
        moved = units_first(slope.contiguous(), self.layer)[0] * (self.flat[CLEAN] - self.flat[CORRUPTED])
        masks = masks.to(moved)
        by_unit = masks.shape[2] == 1
        summed = masks[:, :, 0] @ moved.sum(1) if by_unit else masks[:, 0] @ moved.sum(0)
        return (summed / (self.end - self.start)).float().cpu()

    def blocks(self, height: int, width: int) -> Bool[Tensor, "s 1 p"]:
        """A mask over positions for each of height x width blocks of the maps; tokens in front belong to none."""
        rows, columns = self.layer.grid
        row = torch.arange(rows) * height // rows
        column = torch.arange(columns) * width // columns
        number = (row[:, None] * width + column[None]).flatten()
        front = torch.full((self.shape[1] - rows * columns,), -1)
        return torch.cat([front, number])[None, None] == torch.arange(height * width)[:, None, None]
