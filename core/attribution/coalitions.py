"""Coalitions: the score when some parts of what is at a site are there, and the others as in the baseline."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.attribution.baselines import Baseline
from core.attribution.parts import Parts, default_parts, laid_out
from core.attribution.site import Site, room, score_at, start_of
from core.errors import BadInput
from core.layers import as_maps


@dataclass(frozen=True, eq=False)
class Taken:
    """A site whose parts may be taken away: ``labels`` in the order of its own axes, ``start`` what is left then."""

    site: Site
    parts: Parts
    labels: Int[Tensor, "n ..."] = field(repr=False)
    start: Float[Tensor, "n ..."] = field(repr=False)


def taken(site: Site, parts: Parts | None, baseline: Baseline) -> Taken:
    """The parts asked for, or squares of a picture, the numbers of a list, the units of a layer.

    Raises
    ------
    BadInput
        if the labels do not fit what is there, or there is no part.
    """
    maps = site.values if site.layer is None else as_maps(site.values, site.layer)
    if parts is None:
        parts = default_parts(site.values, site.layer, site.subject.spec.channels)
    if parts.labels.shape != maps.shape:
        raise BadInput(
            f"parts are laid out for {tuple(parts.labels.shape)} values, but at {site.at!r} there are "
            f"{tuple(maps.shape)}"
        )
    if not parts.count:
        raise BadInput(f"there is no part to take away at {site.at!r}; expected at least one label above 0")
    labels = laid_out(parts.labels.to(site.values.device), site.layer, site.values.shape)
    return Taken(site, parts, labels, start_of(site, baseline))


def coalition_scores(of: Taken, present: Bool[Tensor, "n m k"]) -> Float[Tensor, "n m"]:
    """The score of each input with the parts of each of its m coalitions present, in float64.

    As many at once as there is room for; what belongs to no part is always present.
    """
    n, m, _ = present.shape
    site, flat = of.site, of.labels.flatten(1)
    present = present.to(flat.device)
    scores = torch.empty(n * m, dtype=torch.float64, device=flat.device)
    with torch.no_grad():
        for pairs in torch.arange(n * m, device=flat.device).split(room(site.inputs)):
            rows = pairs // m
            chosen = torch.nn.functional.pad(present[rows, pairs % m], (1, 0), value=True)
            kept = chosen.gather(1, flat[rows]).view(-1, *site.values.shape[1:])
            mixed = torch.where(kept, site.values[rows], of.start[rows])
            scores[pairs] = score_at(site, mixed, rows).double()
    return scores.view(n, m)
