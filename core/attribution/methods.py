"""The table of attribution methods, attribute() which asks one by name, and which of them a network can take."""

from collections.abc import Callable, Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.attribution.ablation import feature_ablation, occlusion
from core.attribution.cam import grad_cam, map_layers
from core.attribution.controls import edges, random
from core.attribution.gradient import input_x_gradient, saliency, smoothgrad
from core.attribution.path import integrated_gradients
from core.attribution.relevance import lrp, why_no_lrp
from core.attribution.rescale import deeplift, why_no_deeplift
from core.attribution.result import Attribution
from core.attribution.shapley import shapley
from core.errors import UnknownName
from core.subject import Subject
from core.targets import Output, Target

METHODS: Mapping[str, Callable[..., Attribution]] = {
    "saliency": saliency,
    "input-x-gradient": input_x_gradient,
    "integrated-gradients": integrated_gradients,
    "smoothgrad": smoothgrad,
    "grad-cam": grad_cam,
    "occlusion": occlusion,
    "feature-ablation": feature_ablation,
    "shapley": shapley,
    "deeplift": deeplift,
    "lrp": lrp,
    "random": random,
    "edges": edges,
}
"""Name to ``method(subject, inputs, target, *, at=None, **own options) -> Attribution``."""

CONTROLS = ("random", "edges")
"""Those that know nothing of the network: no method is worth more than it is better than these."""


def attribute(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    method: str = "integrated-gradients",
    at: str | None = None,
    **options: Any,
) -> Attribution:
    """Attribution by a method of the table ``METHODS``; ``at`` is ``input``, a layer, or the method's default.

    Options are the method's own.

    Raises
    ------
    UnknownName
        if there is no such method.
    BadInput
        if the network cannot take it; the sentence says why and which methods can.

    >>> import torch
    >>> from core.testing import spotlight
    >>> attribute(spotlight(), torch.ones(2, 3, 10, 10), Output("value"), method="grad-cam").values.shape
    torch.Size([2, 1, 10, 10])
    """
    if method not in METHODS:
        raise UnknownName("attribution method", method, METHODS)
    return METHODS[method](subject, inputs, target, at=at, **options)


def methods_for(subject: Subject, target: Target | None = None) -> tuple[str, ...]:
    """The methods that a network can take, the controls last; ``target`` is its first output unless given.

    >>> from core.testing import spotlight
    >>> methods_for(spotlight())[-3:]
    ('lrp', 'random', 'edges')
    """
    return tuple(name for name in METHODS if why_not(subject, name, target) is None)


def why_not(subject: Subject, method: str, target: Target | None = None) -> str | None:
    """Why a network cannot take a method, and which can, in one sentence; None where it can.

    DeepLift and LRP are tried out, so it takes a few forward passes.

    Raises
    ------
    UnknownName
        if there is no such method.
    """
    if method not in METHODS:
        raise UnknownName("attribution method", method, METHODS)
    target = Output(next(iter(subject.heads))) if target is None else target
    pictures = max(subject.spec.shape[1:]) > 1
    if method == "grad-cam" and not map_layers(subject, target):
        return (
            f"{subject.name} has no layer with maps before {target}; integrated-gradients can be asked of it"
        )
    if method in ("occlusion", "edges") and not pictures:
        return f"{subject.name} sees a list of numbers and no picture; feature-ablation and shapley can be asked of it"
    if method == "deeplift":
        return why_no_deeplift(subject)
    return why_no_lrp(subject) if method == "lrp" else None
