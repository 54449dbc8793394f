"""Integrated gradients: gradients summed along a straight path from a baseline."""

from typing import Literal

import torch
from captum.attr import IntegratedGradients, LayerIntegratedGradients
from jaxtyping import Float
from torch import Tensor

from core.attribution.result import Attribution
from core.provenance import fingerprint, provenance
from core.subject import Subject, layer_named
from core.targets import Target, checked, score

Baseline = Literal["black", "grey", "mean"]


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

    The path starts at an input that is black (0), grey (0.5) or the mean of the inputs given; at a layer it
    runs between the activations of the two. The values sum to score(inputs) - score(baseline) up to the
    completeness gap, which shrinks with ``steps``.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> answer = integrated_gradients(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1))
    >>> round(answer.values.sum().item(), 3), round(answer.completeness_gap.abs().max().item(), 3)
    (8.0, 0.0)
    """
    checked(subject, target)
    inputs = inputs.to(subject.device)
    start = _start(inputs, baseline)

    def forward(batch: Tensor) -> Tensor:
        return score(subject, batch, target)

    options = {
        "baselines": start,
        "n_steps": steps,
        "method": "gausslegendre",
        "internal_batch_size": max(len(inputs), 64),
    }
    with torch.enable_grad():
        if at is None or at == "input":
            values = IntegratedGradients(forward).attribute(inputs.detach(), **options)
        else:
            layer = subject.module.get_submodule(layer_named(subject, at).name)
            values = LayerIntegratedGradients(forward, layer).attribute(inputs.detach(), **options)
    values = values.detach()
    with torch.no_grad():
        promised = forward(inputs) - forward(start)
    return Attribution(
        values=values,
        target=str(target),
        at=at or "input",
        method="integrated gradients",
        completeness_gap=values.flatten(1).sum(1) - promised,
        provenance=provenance(
            subject=subject.fingerprint, data=fingerprint(inputs), baseline=baseline, steps=steps
        ),
    )


def _start(inputs: Tensor, baseline: Baseline) -> Tensor:
    if baseline == "mean":
        return inputs.mean(0, keepdim=True).expand_as(inputs).contiguous()
    return torch.full_like(inputs, 0.5 if baseline == "grey" else 0.0)
