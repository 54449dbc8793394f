"""Deletion and insertion: the score while a map's highest positions are taken out of an input, or put in."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.errors import BadInput
from core.faithfulness.baselines import Baseline, replaced
from core.faithfulness.case import Case, case_of
from core.faithfulness.maps import ranks
from core.faithfulness.scoring import BATCH, Asked, scored
from core.provenance import Provenance
from core.subject import Subject

Way = Literal["deletion", "insertion"]


@dataclass(frozen=True, eq=False)
class Curve:
    """The target's score along the way: ``scores`` (n, steps + 1) where ``shares`` (steps + 1,) of the positions
    have been taken out (deletion) or put in (insertion)."""

    way: Way
    baseline: Baseline
    shares: Float[Tensor, "k"] = field(repr=False)
    scores: Float[Tensor, "n k"] = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def area(self) -> Float[Tensor, "n"]:
        """The mean score along the curve by the trapezium rule, in units of the score.

        A faithful map's deletion curve falls at once (small area), and its insertion curve rises at once (large).
        """
        return torch.trapezoid(self.scores, self.shares, dim=1)


def deletion(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    maps: Float[Tensor, "n rows columns"],
    *,
    baseline: Baseline = "blur",
    steps: int = 32,
    seed: int = 0,
    batch_size: int = BATCH,
) -> Curve:
    """The score as positions - all channels of each - are taken out, the map's highest first [petsiuk2018].

    What takes their place is in ``core.faithfulness.baselines``. Positions of equal value go in an order of chance
    (``seed``). With fewer positions than ``steps``, each is a step. Smaller area is better.

    Raises
    ------
    BadInput, UnknownName, NotFinite
        if maps, target or baseline do not fit; if a map or a score is not finite.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> seen = torch.zeros(1, 10, 10)
    >>> seen[0, 6:8, 6:8] = 1.0  # where the second action looks
    >>> curve = deletion(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), seen, baseline="black")
    >>> curve.scores[0, 0].item(), curve.scores[0, -1].item(), round(curve.area.item(), 2)
    (8.0, 0.0, 0.18)
    """
    case = case_of(subject, inputs, target, maps, seed=seed, batch_size=batch_size)
    return curve("deletion", case, baseline=baseline, steps=steps)


def insertion(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    maps: Float[Tensor, "n rows columns"],
    *,
    baseline: Baseline = "blur",
    steps: int = 32,
    seed: int = 0,
    batch_size: int = BATCH,
) -> Curve:
    """The score as positions are put into a wholly replaced input, the map's highest first [petsiuk2018].

    As ``deletion``, the other way round; larger area is better.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> seen = torch.zeros(1, 10, 10)
    >>> seen[0, 6:8, 6:8] = 1.0
    >>> curve = insertion(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), seen, baseline="black")
    >>> round(curve.area.item(), 2)
    7.82
    """
    case = case_of(subject, inputs, target, maps, seed=seed, batch_size=batch_size)
    return curve("insertion", case, baseline=baseline, steps=steps)


def curve(way: Way, case: Case, *, baseline: Baseline, steps: int = 32) -> Curve:
    """The curve of every map of a case; all maps, inputs and steps share the batches.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> case = case_of(spotlight(), torch.ones(2, 3, 10, 10), Output("value"), torch.rand(2, 5, 5))
    >>> curve("insertion", case, baseline="black", steps=4).scores.shape
    torch.Size([2, 5])
    """
    if steps < 1:
        raise BadInput(f"{way} in {steps} steps; expected at least 1")
    cuts = _cuts(case.maps.shape[1] * case.maps.shape[2], steps).to(case.inputs.device)
    places, behind = ranks(case.maps, of=case.of, seed=case.seed), replaced(case.inputs, baseline)
    whose = case.of.repeat_interleave(len(cuts))

    def build(rows: Tensor) -> Tensor:
        which, step = rows // len(cuts), rows % len(cuts)
        reached = (places[which] < cuts[step][:, None, None])[:, None]
        before, after = case.inputs[case.of[which]], behind[case.of[which]]
        return (
            torch.where(reached, after, before) if way == "deletion" else torch.where(reached, before, after)
        )

    found = scored(
        case.subject,
        case.targets,
        whose,
        build,
        batch_size=case.batch_size,
        progress=case.progress,
        label=f"{way}, {baseline}",
    )
    shares = cuts / (case.maps.shape[1] * case.maps.shape[2])
    made = case.provenance(way, baseline=baseline, steps=len(cuts) - 1)
    return Curve(way, baseline, shares, found.view(len(case.maps), len(cuts)), made)


def _cuts(positions: int, steps: int) -> Int[Tensor, "k"]:
    """How many positions are done after each step: none, then as evenly as whole numbers allow, then all."""
    count = min(steps, positions)
    return (torch.arange(count + 1) * positions) // count
