"""Shapley values of parts: what each adds to the score, averaged over all orders in which they may come."""

from itertools import product
from math import comb

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.attribution.baselines import Baseline
from core.attribution.coalitions import Taken, coalition_scores, taken
from core.attribution.parts import Parts, spread
from core.attribution.result import Attribution
from core.attribution.site import about, room, site_of
from core.errors import BadInput
from core.progress import Progress, silent
from core.subject import Subject
from core.targets import Target

EXACT = 8
"""With so many parts or fewer, all coalitions are asked."""


def shapley(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    parts: Parts | None = None,
    baseline: Baseline = "black",
    permutations: int = 16,
    seed: int = 0,
    progress: Progress = silent,
) -> Attribution:
    """Shapley values [shapley1953] of parts: exact for up to eight, else from random orders [castro2009].

    Orders come in pairs, each with its reverse [mitchell2022]. Along one order what the parts add sums to the
    change of score, so their values sum exactly to the score less that with all parts taken away, however few the
    orders. ``part_errors`` are standard errors over the pairs. Parts as for ``feature_ablation``; it costs
    ``permutations`` x parts forward passes an input.

    It cannot show more than ``parts`` say apart, and what remains when a part is gone is the baseline's, which the
    network may never have seen.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, parts or baseline do not fit, or ``permutations`` is not
        even and at least 4.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> found = shapley(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), permutations=4)
    >>> found.parts.names[0][int(found.part_values.argmax())], round(found.part_values.sum().item(), 6)
    ('3,3', 8.0)
    """
    if permutations < 4 or permutations % 2:
        raise BadInput(
            f"orders come in pairs, at least two of them: permutations is {permutations}; try 4 or 16"
        )
    site = site_of(subject, inputs, target, at)
    of = taken(site, parts, baseline)
    exact = of.parts.count <= EXACT
    ends = torch.tensor([[False], [True]], device=site.values.device).expand(2, of.parts.count)
    bounds = coalition_scores(of, ends.expand(len(site.inputs), -1, -1))
    if exact:
        found, errors = _enumerated(of), torch.zeros_like(of.start.flatten(1)[:, :1]).double()
        errors = errors.expand(-1, of.parts.count).contiguous()
    else:
        found, errors = _sampled(of, bounds, permutations, seed, progress)
    values = spread(found, of.labels).float()
    return Attribution(
        values=values,
        target=str(target),
        at=site.at,
        method="Shapley values",
        completeness_gap=(found.sum(1) - (bounds[:, 1] - bounds[:, 0])).float(),
        provenance=about(
            site,
            baseline=baseline if isinstance(baseline, str) else "given",
            parts=of.parts.count,
            permutations="all" if exact else permutations,
            seed=None if exact else seed,
        ),
        layer=site.layer,
        parts=of.parts,
        part_values=found,
        part_errors=errors,
    )


def _enumerated(of: Taken) -> Float[Tensor, "n k"]:
    """Over all coalitions: what each part adds to those without it, weighted by how often they come before it."""
    k = of.parts.count
    sets = torch.tensor(list(product([False, True], repeat=k)), device=of.labels.device)
    scores = coalition_scores(of, sets.expand(len(of.labels), -1, -1))
    places = torch.arange(2**k, device=of.labels.device)
    found = []
    for part in range(k):
        without = places[~sets[:, part]]
        sizes = sets[without].sum(1).tolist()
        weights = torch.tensor([1 / (k * comb(k - 1, size)) for size in sizes], dtype=torch.float64)
        added = scores[:, without + 2 ** (k - 1 - part)] - scores[:, without]
        found.append(added @ weights.to(scores.device))
    return torch.stack(found, 1)


def _sampled(
    of: Taken, bounds: Tensor, permutations: int, seed: int, progress: Progress
) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n k"]]:
    """Means and standard errors over pairs of orders, the same orders for every input."""
    k, pairs = of.parts.count, permutations // 2
    rng = torch.Generator().manual_seed(seed)
    drawn = torch.stack([torch.randperm(k, generator=rng) for _ in range(pairs)]).to(of.labels.device)
    together = max(1, room(of.site.inputs) // (2 * k * len(of.labels)))
    found: list[Tensor] = []
    for orders in drawn.split(together):
        progress(sum(map(len, found)), pairs, "Shapley values")
        both = _along(of, bounds, torch.cat([orders, orders.flip(1)]))
        found.append((both[: len(orders)] + both[len(orders) :]) / 2)
    progress(pairs, pairs, "Shapley values")
    all_pairs = torch.cat(found)
    return all_pairs.mean(0), all_pairs.std(0) / pairs**0.5


def _along(of: Taken, bounds: Float[Tensor, "n 2"], orders: Int[Tensor, "o k"]) -> Float[Tensor, "o n k"]:
    """What each part adds when they come in each of some orders."""
    count, k = orders.shape
    place = orders.argsort(1)
    steps = torch.arange(1, k, device=orders.device)
    present = (place[:, None] < steps[:, None]).flatten(0, 1)
    inside = coalition_scores(of, present.expand(len(of.labels), -1, -1)).view(-1, count, k - 1)
    none, every = (bounds[:, None, [end]].expand(-1, count, -1) for end in (0, 1))
    added = torch.cat([none, inside, every], 2).diff(dim=2)
    return added.gather(2, place.expand(len(added), -1, -1)).transpose(0, 1)
