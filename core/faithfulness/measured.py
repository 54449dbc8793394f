"""Measured: one number an input, and where it comes from; sparsity and completeness, which are such numbers."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.result import Attribution
from core.errors import BadInput
from core.faithfulness.maps import as_map
from core.provenance import Provenance, fingerprint, provenance


@dataclass(frozen=True, eq=False)
class Measured:
    """A metric's ``values`` (n,), one for each input."""

    metric: str
    values: Float[Tensor, "n"]
    provenance: Provenance = field(repr=False)


def sparsity(maps: Float[Tensor, "n rows columns"]) -> Measured:
    """Gini index of each map's absolute values [hurley2009]: 0 where all are equal, near 1 where few hold all.

    It says how short an explanation is, not whether it is true.

    Raises
    ------
    BadInput, NotFinite
        if these are not maps of numbers.

    >>> one = torch.zeros(1, 10, 10)
    >>> one[0, 3, 3] = -5.0
    >>> round(sparsity(one).values.item(), 4), sparsity(torch.ones(1, 10, 10)).values.item()
    (0.99, 0.0)
    """
    maps = as_map(maps, "maps")
    made = provenance(data=fingerprint(maps), metric="sparsity")
    return Measured("sparsity", gini(maps), made)


def gini(maps: Float[Tensor, "n h w"]) -> Float[Tensor, "n"]:
    """The Gini index of the absolute values; 0 for a map of zeros.

    >>> gini(torch.tensor([[[0.0, 1.0]]])).item()
    0.5
    """
    ordered = (
        maps.flatten(1).abs().cpu().double().sort(1).values
    )  # not every accelerator has double precision
    count = ordered.shape[1]
    weight = 2 * torch.arange(1, count + 1) - count - 1
    total = ordered.sum(1)
    found: Tensor = torch.where(total > 0, (ordered * weight).sum(1) / (count * total.clamp(min=1e-300)), 0.0)
    return found.float().clamp(0.0, 1.0)


def completeness(attribution: Attribution) -> Measured:
    """How far an attribution's parts are from adding up: |gap| as a share of what they promise to sum to.

    Raises
    ------
    BadInput
        if the method promises no sum.

    >>> from core.attribution import integrated_gradients
    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> made = integrated_gradients(spotlight(), torch.ones(1, 3, 10, 10), Output("value"))
    >>> completeness(made).values.item() < 1e-5
    True
    """
    gap = attribution.completeness_gap
    if gap is None:
        raise BadInput(f"{attribution.method} promises no sum, so it has no completeness gap")
    promised = attribution.values.flatten(1).sum(1) - gap
    share = gap.abs() / promised.abs().clamp(min=torch.finfo(gap.dtype).eps)
    return Measured("completeness", share, attribution.provenance)
