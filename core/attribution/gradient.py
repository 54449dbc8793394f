"""Saliency, input x gradient and SmoothGrad: how the score would answer to small changes."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.result import Attribution
from core.attribution.site import Site, about, batches, score_at, site_of
from core.errors import BadInput
from core.subject import Subject
from core.targets import Target


def saliency(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    absolute: bool = True,
) -> Attribution:
    """The gradient of the score by each value [simonyan2014], its size unless ``absolute`` is False, by captum.

    It cannot show what a saturated network has already decided: where no small change matters it is 0. Its values
    sum to nothing in particular.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or cannot take the inputs.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> saliency(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1)).values.sum().item()
    8.0
    """
    site = site_of(subject, inputs, target, at)
    values = gradients(site, site.values)
    return Attribution(
        values=values.abs() if absolute else values,
        target=str(target),
        at=site.at,
        method="saliency",
        completeness_gap=None,
        provenance=about(site, absolute=absolute),
        layer=site.layer,
    )


def input_x_gradient(
    subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target, *, at: str | None = None
) -> Attribution:
    """Each value times the score's gradient by it [shrikumar2016], by captum.

    What is 0 gets 0, whatever its absence means: it cannot show that something dark, or an empty cell, counts.
    For networks of ReLUs without biases the values sum to the score; nothing is promised of others.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or cannot take the inputs.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> input_x_gradient(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1)).values.sum().item()
    8.0
    """
    from captum.attr import InputXGradient

    site = site_of(subject, inputs, target, at)
    method = InputXGradient(lambda values, rows: score_at(site, values, rows))
    parts = [
        method.attribute(site.values[rows].requires_grad_(), additional_forward_args=(rows,)).detach()
        for rows in batches(site)
    ]
    return Attribution(
        values=torch.cat(parts),
        target=str(target),
        at=site.at,
        method="input x gradient",
        completeness_gap=None,
        provenance=about(site),
        layer=site.layer,
    )


def smoothgrad(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    samples: int = 24,
    noise: float = 0.15,
    absolute: bool = True,
    seed: int = 0,
) -> Attribution:
    """The gradient averaged over noisy copies [smilkov2017]: what remains when its jitter is averaged out.

    ``noise`` is the standard deviation as a share of each input's range (highest less lowest value). The size of
    the mean unless ``absolute`` is False. It shows what counts near the input rather than at it, and inherits the
    blindness of gradients to what is saturated; its values sum to nothing in particular.

    Raises
    ------
    UnknownName, BadInput
        as ``saliency``, and for fewer than one sample or negative noise.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> smoothgrad(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), noise=0.0).values.sum().item()
    8.0
    """
    if samples < 1 or noise < 0:
        raise BadInput(
            f"SmoothGrad takes at least 1 sample and noise of at least 0; got {samples} and {noise}"
        )
    site = site_of(subject, inputs, target, at)
    flat = site.values.flatten(1)
    reach = (noise * (flat.amax(1) - flat.amin(1))).view(-1, *[1] * (site.values.ndim - 1))
    rng = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(site.values)
    for _ in range(samples):
        total += gradients(
            site, site.values + reach * torch.randn(site.values.shape, generator=rng).to(reach)
        )
    mean = total / samples
    return Attribution(
        values=mean.abs() if absolute else mean,
        target=str(target),
        at=site.at,
        method="SmoothGrad",
        completeness_gap=None,
        provenance=about(site, samples=samples, noise=noise, absolute=absolute, seed=seed),
        layer=site.layer,
    )


def gradients(site: Site, values: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
    """The signed gradient of the score by ``values`` at the site, by captum's Saliency."""
    from captum.attr import Saliency

    method = Saliency(lambda part, rows: score_at(site, part, rows))
    parts = [
        method.attribute(values[rows].detach().requires_grad_(), abs=False, additional_forward_args=(rows,))
        for rows in batches(site)
    ]
    return torch.cat(parts).detach()
