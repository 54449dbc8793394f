"""Controls: maps that know nothing of the network - noise, and the input's edges - beside which others must stand."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.result import Attribution
from core.attribution.site import about, site_of
from core.errors import BadInput
from core.subject import Subject
from core.targets import Target


def random(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    seed: int = 0,
) -> Attribution:
    """Independent normal numbers. It shows nothing; a score that it reaches too is worth nothing.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or cannot take the inputs.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> random(spotlight(), torch.ones(1, 3, 10, 10), Output("value"), seed=1).values.shape
    torch.Size([1, 3, 10, 10])
    """
    site = site_of(subject, inputs, target, at)
    drawn = torch.randn(site.values.shape, generator=torch.Generator().manual_seed(seed))
    return Attribution(
        values=drawn.to(site.values.device),
        target=str(target),
        at=site.at,
        method="random",
        completeness_gap=None,
        provenance=about(site, seed=seed),
        layer=site.layer,
    )


def edges(
    subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target, *, at: str | None = None
) -> Attribution:
    """The strength of the edges of each channel, by Sobel's filters: a map without the network [adebayo2018].

    It looks much like saliency, and shows nothing of the network: a method that it equals has found the picture.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target, cannot take the inputs, they are no pictures, or ``at`` is a layer.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> edges(spotlight(), torch.ones(1, 3, 10, 10), Output("value")).values.abs().max().item()
    0.0
    """
    site = site_of(subject, inputs, target, at)
    if site.layer is not None or site.inputs[0, 0].numel() == 1:
        raise BadInput(f"edges are looked for in pictures; at {site.at!r} of {subject.name} there are none")
    n, c, h, w = site.inputs.shape
    smooth, slope = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])
    across = torch.outer(smooth, slope).view(1, 1, 3, 3).to(site.inputs)
    padded = torch.nn.functional.pad(site.inputs.reshape(n * c, 1, h, w), (1, 1, 1, 1), mode="replicate")
    level = torch.nn.functional.conv2d(padded, across)
    plumb = torch.nn.functional.conv2d(padded, across.transpose(2, 3))
    return Attribution(
        values=torch.hypot(level, plumb).view(n, c, h, w),
        target=str(target),
        at=site.at,
        method="edges",
        completeness_gap=None,
        provenance=about(site),
    )
