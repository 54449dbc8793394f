"""Integrated gradients: gradients summed along a straight path from a baseline."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.baselines import Baseline
from core.attribution.result import Attribution
from core.attribution.site import about, batches, room, score_at, site_of, start_of
from core.errors import BadInput
from core.subject import Subject
from core.targets import Target


def integrated_gradients(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    baseline: Baseline = "black",
    steps: int = 32,
) -> Attribution:
    """Integrated gradients [sundararajan2017] by captum, at the input (default) or at a layer.

    The path starts at an input that is black (0), grey (0.5), the mean of the inputs given, each input blurred, or
    one given; at a layer it runs between the activations of the two while all else stays the input's. The values
    sum to the score less the score at the path's start up to the completeness gap, which shrinks with ``steps``.

    It cannot show that what looks like the baseline counts, and the inputs on the path are none that the network
    was trained on.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or cannot take the inputs or the baseline.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> answer = integrated_gradients(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1))
    >>> round(answer.values.sum().item(), 3), round(answer.completeness_gap.abs().max().item(), 3)
    (8.0, 0.0)
    """
    from captum.attr import IntegratedGradients

    if steps < 1:
        raise BadInput(f"integrated gradients take at least 1 step; got {steps}")
    site = site_of(subject, inputs, target, at)
    start = start_of(site, baseline)
    method = IntegratedGradients(lambda values, rows: score_at(site, values, rows))
    parts, changes = [], []
    for rows in batches(site):
        part = method.attribute(
            site.values[rows],
            baselines=start[rows],
            n_steps=steps,
            method="gausslegendre",
            internal_batch_size=max(len(rows), room(site.inputs)),
            additional_forward_args=(rows,),
        )
        parts.append(part.detach())
        with torch.no_grad():
            changes.append(site.score[rows] - score_at(site, start[rows], rows))
    values = torch.cat(parts)
    return Attribution(
        values=values,
        target=str(target),
        at=site.at,
        method="integrated gradients",
        completeness_gap=values.flatten(1).sum(1) - torch.cat(changes),
        provenance=about(site, baseline=baseline if isinstance(baseline, str) else "given", steps=steps),
        layer=site.layer,
    )
