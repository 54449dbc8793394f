"""Grad-CAM: a layer's maps weighted by how their mean gradient moves the target."""

import torch
from captum.attr import LayerGradCam
from jaxtyping import Float
from torch import Tensor

from core.attribution.result import Attribution
from core.errors import BadInput
from core.provenance import fingerprint, provenance
from core.subject import Subject, layer_named
from core.targets import Difference, Output, Target, checked, score


def grad_cam(
    subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target, *, at: str | None = None
) -> Attribution:
    """Grad-CAM [selvaraju2017] by captum at a layer that has maps (default: the deepest before the target).

    Values are (n, 1, h, w) at the layer's own resolution and not negative.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or the layer has no maps.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> heat = grad_cam(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), at="relu").heatmap()
    >>> heat.shape
    torch.Size([1, 10, 10])
    """
    checked(subject, target)
    layer = _layer(subject, target, at)
    inputs = inputs.to(subject.device)
    method = LayerGradCam(lambda batch: score(subject, batch, target), subject.module.get_submodule(layer))
    with torch.enable_grad():
        # An input that asks for gradients lets them flow through layers whose parameters do not.
        values = method.attribute(inputs.detach().requires_grad_(), relu_attributions=True)
    return Attribution(
        values=values.detach(),
        target=str(target),
        at=layer,
        method="Grad-CAM",
        completeness_gap=None,
        provenance=provenance(subject=subject.fingerprint, data=fingerprint(inputs)),
    )


def _layer(subject: Subject, target: Target, at: str | None) -> str:
    names = list(subject.layers)
    before = names if isinstance(target, Output | Difference) else names[: names.index(target.layer)]
    maps = [name for name in before if _has_maps(subject, name) and not _has_children(subject, name)]
    if at is None:
        if not maps:
            raise BadInput(
                f"{subject.name} has no layer with maps before {target}, so Grad-CAM has no place to look"
            )
        return maps[-1]
    if not _has_maps(subject, layer_named(subject, at).name):
        raise BadInput(
            f"layer {at!r} of {subject.name} has shape {subject.layers[at].shape} and no maps; "
            f"Grad-CAM can look at {', '.join(maps) or 'none of its layers'}"
        )
    return at


def _has_maps(subject: Subject, name: str) -> bool:
    return subject.layers[name].spatial and subject.layers[name].axes == "chw"


def _has_children(subject: Subject, name: str) -> bool:
    return next(subject.module.get_submodule(name).children(), None) is not None
