"""Infidelity: how far a map's promise for what is taken out lies from what the score then does."""

from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import UnknownName
from core.faithfulness.baselines import Baseline
from core.faithfulness.case import Case, case_of
from core.faithfulness.effects import Effects, effects, squares
from core.faithfulness.scoring import BATCH, Asked
from core.provenance import Provenance
from core.subject import Subject

Scaling = Literal["none", "optimal", "positive"]


@dataclass(frozen=True, eq=False)
class Infidelity:
    """Mean squared gap ``values`` (n,) between ``scale`` (n,) x promise and effect; 0 is perfect.

    ``unexplained`` (n,) is the same as a share of the mean squared effect: 1 is what a map without any information
    comes to under the optimal scaling. A negative scale says that the map points the wrong way.
    """

    values: Float[Tensor, "n"]
    scale: Float[Tensor, "n"]
    unexplained: Float[Tensor, "n"]
    scaling: Scaling
    provenance: Provenance = field(repr=False)


def infidelity(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    maps: Float[Tensor, "n rows columns"],
    *,
    baseline: Baseline = "black",
    scaling: Scaling = "optimal",
    samples: int = 64,
    seed: int = 0,
) -> Infidelity:
    """Infidelity of contributions [yeh2019] under random squares replaced by the baseline.

    A map promises that the score falls by its sum over the square. Maps come in any unit, so each is first
    multiplied by the number that serves it best (``optimal``: sum(promise x fall) / sum(promise^2), for each input,
    as the paper proposes); ``positive`` sets that to 0 where it is negative, so that a map that says the opposite
    of the truth is not forgiven; ``none`` takes the map at its word.

    Raises
    ------
    BadInput, UnknownName, NotFinite
        if maps, target, baseline or scaling do not fit; if a map or a score is not finite.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> truth = torch.zeros(1, 10, 10)
    >>> truth[0, 6:8, 6:8] = 2.0  # exactly what each position adds to the second action's logit
    >>> answer = infidelity(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), truth, scaling="none")
    >>> answer.values.item(), answer.unexplained.item()
    (0.0, 0.0)
    """
    case = case_of(subject, inputs, target, maps, seed=seed, batch_size=BATCH)
    masks = squares((case.inputs.shape[2], case.inputs.shape[3]), samples, seed=seed)
    return infidelity_of(case, effects(case, masks, baseline=baseline), scaling=scaling)


def infidelity_of(case: Case, found: Effects, *, scaling: Scaling = "optimal") -> Infidelity:
    """Infidelity of every map of a case, from effects already found.

    Raises
    ------
    UnknownName
        if there is no such scaling.
    """
    if scaling not in get_args(Scaling):
        raise UnknownName("scaling of infidelity", str(scaling), get_args(Scaling))
    promised, falls = found.promised(case), found.falls[case.of]
    scale = torch.ones_like(falls[:, 0]) if scaling == "none" else _best(promised, falls)
    scale = scale.clamp(min=0.0) if scaling == "positive" else scale
    values = (scale[:, None] * promised - falls).square().mean(1)
    effect = falls.square().mean(1)
    share = values / effect.clamp(min=torch.finfo(effect.dtype).tiny)
    made = case.provenance("infidelity", baseline=found.baseline, scaling=scaling, samples=falls.shape[1])
    return Infidelity(values, scale, share, scaling, made)


def _best(promised: Tensor, falls: Tensor) -> Tensor:
    """The factor of each map that leaves least unexplained; 0 for a map that promises nothing."""
    size = promised.square().sum(1)
    return torch.where(
        size > 0, (promised * falls).sum(1) / size.clamp(min=torch.finfo(size.dtype).tiny), 0.0
    )
