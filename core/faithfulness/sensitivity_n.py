"""Sensitivity-n: whether what a map sums to over random features tells how far the score falls without them."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.faithfulness.baselines import Baseline
from core.faithfulness.case import Case, case_of
from core.faithfulness.effects import effects, subsets
from core.faithfulness.scoring import Asked
from core.provenance import Provenance
from core.subject import Subject

SHARES = (0.03, 0.1, 0.3, 0.6)
"""Shares of the features that are taken out together."""

GRID = 16
"""Features along the longer side, at most, unless told otherwise: single pixels of a photograph change nothing."""


TINY = 1e-12
"""A product of two spreads below this is that of a constant."""


@dataclass(frozen=True, eq=False)
class SensitivityN:
    """Pearson correlations (n, k) of promise and effect, for ``sizes`` (k,) of subsets.

    A feature is a square of ``side`` positions.
    """

    sizes: tuple[int, ...]
    side: int
    correlations: Float[Tensor, "n k"]
    provenance: Provenance = field(repr=False)

    @property
    def values(self) -> Float[Tensor, "n"]:
        """The mean over the sizes; 1 is perfect, 0 what a map without any information comes to."""
        return self.correlations.mean(1)


def sensitivity_n(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    maps: Float[Tensor, "n rows columns"],
    *,
    baseline: Baseline = "black",
    side: int | None = None,
    samples: int = 64,
    seed: int = 0,
) -> SensitivityN:
    """Sensitivity-n [ancona2018]: subsets of n features are taken out, for several n, ``samples`` of each.

    A feature is a square of ``side`` positions; the paper's is 1, the default the least that makes at most 16 along
    the longer side. Where either side of a correlation is constant it is 0.

    Raises
    ------
    BadInput, UnknownName, NotFinite
        if maps, target or baseline do not fit; if a map or a score is not finite.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> truth = torch.zeros(1, 10, 10)
    >>> truth[0, 6:8, 6:8] = 2.0
    >>> answer = sensitivity_n(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), truth)
    >>> round(answer.values.item(), 4)
    1.0
    """
    case = case_of(subject, inputs, target, maps, seed=seed)
    return correlated(case, baseline=baseline, side=side, samples=samples)


def correlated(
    case: Case, *, baseline: Baseline = "black", side: int | None = None, samples: int = 64
) -> SensitivityN:
    """Sensitivity-n of every map of a case; the network runs once for all of them."""
    size = (case.inputs.shape[2], case.inputs.shape[3])
    side = -(-max(size) // GRID) if side is None else side
    if side < 1 or samples < 2:
        raise BadInput(f"sensitivity-n with features of side {side} and {samples} samples; at least 1 and 2")
    sizes = _sizes(-(-size[0] // side) * -(-size[1] // side))
    masks = [subsets(size, n, samples, side=side, seed=case.seed + n) for n in sizes]
    found = effects(case, torch.cat(masks), baseline=baseline)
    promised, falls = (
        each.unflatten(1, (len(sizes), samples)) for each in (found.promised(case), found.falls[case.of])
    )
    made = case.provenance("sensitivity-n", baseline=baseline, side=side, sizes=sizes, samples=samples)
    return SensitivityN(sizes, side, pearson(promised, falls), made)


def pearson(a: Float[Tensor, "*n k"], b: Float[Tensor, "*n k"]) -> Float[Tensor, "*n"]:
    """Correlation along the last axis; 0 where either side is constant.

    >>> pearson(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])).item()
    1.0
    """
    a, b = (each.cpu().double() for each in (a, b))  # not every accelerator has double precision
    a, b = (each - each.mean(-1, keepdim=True) for each in (a, b))
    size = a.square().sum(-1).sqrt() * b.square().sum(-1).sqrt()
    found: Tensor = torch.where(size > TINY, (a * b).sum(-1) / size.clamp(min=TINY), 0.0).float()
    return found


def _sizes(features: int) -> tuple[int, ...]:
    counts = (min(max(1, round(share * features)), max(1, features - 1)) for share in SHARES)
    return tuple(dict.fromkeys(counts))
