"""How much each part of an input mattered: one function a method, one table of them."""

from collections.abc import Callable, Mapping

from jaxtyping import Float
from torch import Tensor

from core.attribution.cam import grad_cam
from core.attribution.path import integrated_gradients
from core.attribution.result import Attribution
from core.errors import UnknownName
from core.subject import Subject
from core.targets import Target

METHODS: Mapping[str, Callable[..., Attribution]] = {
    "integrated-gradients": integrated_gradients,
    "grad-cam": grad_cam,
}
"""Name to ``method(subject, inputs, target, *, at=None) -> Attribution``."""


def attribute(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    method: str = "integrated-gradients",
    at: str | None = None,
) -> Attribution:
    """Attribution by a method of the table ``METHODS``; ``at`` is ``input``, a layer, or the method's default.

    Raises
    ------
    UnknownName
        if there is no such method.

    >>> import torch
    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> attribute(spotlight(), torch.ones(2, 3, 10, 10), Output("value"), method="grad-cam").values.shape
    torch.Size([2, 1, 10, 10])
    """
    if method not in METHODS:
        raise UnknownName("attribution method", method, METHODS)
    return METHODS[method](subject, inputs, target, at=at)


def methods_for(subject: Subject) -> tuple[str, ...]:
    """The methods that find a place to look at in a subject: Grad-CAM needs maps.

    >>> from core.testing import spotlight
    >>> methods_for(spotlight())
    ('integrated-gradients', 'grad-cam')
    """
    has_maps = any(layer.spatial for layer in subject.layers.values())
    return tuple(name for name in METHODS if has_maps or name != "grad-cam")


__all__ = ["METHODS", "Attribution", "attribute", "grad_cam", "integrated_gradients", "methods_for"]
