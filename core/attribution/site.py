"""Site: where an attribution looks - the input or a layer - and the score as a function of what is there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.activations import capture
from core.attribution.baselines import Baseline, baseline_of
from core.errors import BadInput
from core.layers import LayerInfo
from core.provenance import Provenance, fingerprint, provenance
from core.subject import RGB, Hook, Subject, hooked, layer_named
from core.targets import Difference, Output, Target, checked, score

VALUES = 2**21
"""So many values of inputs go through the network at once, on a processor; eight times as many elsewhere."""


@dataclass(frozen=True, eq=False)
class Site:
    """What some inputs leave at a place, ``values`` (n, ...), and ``score`` (n,), what the target makes of it.

    ``layer`` is None at the input.
    """

    subject: Subject = field(repr=False)
    target: Target
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    at: str
    layer: LayerInfo | None
    values: Tensor = field(repr=False)
    score: Float[Tensor, "n"] = field(repr=False)


def site_of(
    subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target, at: str | None = None
) -> Site:
    """The site ``at``: "input" (also None), or a layer, whose last call counts where it is called again and again.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, cannot take the inputs, or the target comes before the layer.
    """
    checked(subject, target)
    inputs = checked_inputs(subject, inputs)
    layer = None if at is None or at == "input" else layer_named(subject, at)
    if layer is not None and layer.name not in layers_up_to(subject, target):
        raise BadInput(
            f"layer {layer.name!r} of {subject.name} comes after {target}, so it cannot count for it"
        )
    with torch.no_grad():
        try:
            told = torch.cat([score(subject, batch, target) for batch in inputs.split(room(inputs))])
        except RuntimeError as error:
            if inputs.shape[1:] == subject.spec.shape:
                raise
            raise BadInput(
                f"{subject.name} takes inputs of shape {subject.spec.shape}, not {tuple(inputs.shape[1:])}: {error}"
            ) from error
    return Site(subject, target, inputs, at or "input", layer, _there(subject, inputs, layer), told)


def score_at(site: Site, values: Float[Tensor, "m ..."], rows: Int[Tensor, "m"]) -> Float[Tensor, "m"]:
    """The target's score with ``values`` at the site, for the inputs of these ``rows``; differentiable."""
    if values.requires_grad:
        values = values.clone()  # a leaf may not be changed in place, and some networks do that
    if site.layer is None:
        return score(site.subject, values, site.target)
    left = [site.layer.calls]

    def hook(_: nn.Module, __: Any, output: Tensor) -> Tensor | None:
        left[0] -= 1
        return values if left[0] == 0 else None

    def hook_for(_: str) -> Hook:
        return hook

    with hooked(site.subject.module, [site.layer.name], hook_for):
        return score(site.subject, site.inputs[rows], site.target)


def start_of(site: Site, baseline: Baseline) -> Tensor:
    """What a baseline leaves at the site, (n, ...)."""
    return _there(site.subject, baseline_of(site.inputs, baseline), site.layer)


def batches(site: Site) -> Iterator[Int[Tensor, "m"]]:
    """The rows of the inputs, as many at once as there is room for."""
    yield from torch.arange(len(site.inputs), device=site.inputs.device).split(room(site.inputs))


def room(inputs: Tensor) -> int:
    """How many such inputs go through a network at once, at most 1,024."""
    most = VALUES if inputs.device.type == "cpu" else 8 * VALUES
    return max(1, min(1024, most // max(1, inputs[0].numel())))


def layers_up_to(subject: Subject, target: Target) -> tuple[str, ...]:
    """The layers that are finished when the target's value is known, in order; the target's own is the last."""
    names = tuple(subject.layers)
    return names if isinstance(target, Output | Difference) else names[: names.index(target.layer) + 1]


def about(site: Site, **parameters: Any) -> Provenance:
    """Where an attribution at the site comes from."""
    seed = parameters.pop("seed", None)
    data = fingerprint(site.inputs)
    return provenance(subject=site.subject.fingerprint, data=data, seed=seed, **parameters)


def checked_inputs(subject: Subject, inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """The inputs on the subject's device, as float32 and detached.

    Raises
    ------
    BadInput
        if there are none, one is not finite, their channels do not fit, or a picture leaves [0, 1].
    """
    if inputs.ndim != 4 or not len(inputs) or inputs.shape[1] != subject.spec.shape[0]:
        raise BadInput(
            f"inputs of shape {tuple(inputs.shape)} do not fit {subject.name}, which takes at least one of "
            f"(n, {', '.join(map(str, subject.spec.shape))})"
        )
    low, high = float(inputs.min()), float(inputs.max())
    if low != low or high - low == float("inf"):
        raise BadInput("an input holds NaN or infinity; expected finite numbers")
    if subject.spec.channels == RGB and (low < -1e-3 or high > 1 + 1e-3):
        raise BadInput(
            f"pictures are given in [0, 1], and {subject.name} normalises them itself; got values from "
            f"{low:.3g} to {high:.3g}"
        )
    return inputs.detach().to(subject.device, torch.float32)


def _there(subject: Subject, inputs: Tensor, layer: LayerInfo | None) -> Tensor:
    if layer is None:
        return inputs
    return capture(subject, inputs, [layer.name], batch_size=room(inputs))[layer.name]
