"""cellwise(): in every cell a distribution over what a cell may hold, settled in the end on a possible input."""

import functools
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from feature_viz.cells.possible import Possible, filled
from feature_viz.cells.settled import settled
from feature_viz.parametrize import Canvas, Parametrisation, Shape

IMPOSSIBLE = -30.0
"""Logit of what cannot lie in a cell."""


def cellwise(allowed: Possible, *, sd: float = 0.3, rate: float = 0.3) -> Parametrisation:
    """A softmax a cell over its contents, no more of a plane in all than there ever is; a softmax a gauge over counts.

    What there is too much of is thinned out everywhere alike, in favour of bare cells. The image that ``render`` ends
    with is a possible one, of zeros and ones (``feature_viz.cells.settled``).

    >>> from feature_viz.cells.possible import possible
    >>> seen = torch.zeros(2, 1, 3, 3)
    >>> seen[1, 0, 1, 1] = 1
    >>> way = cellwise(possible(seen))
    >>> canvas = way.begin([torch.Generator().manual_seed(0)], (1, 3, 3), None, torch.device("cpu"))
    >>> canvas.image().shape, bool(canvas.image().sum() <= 1)
    (torch.Size([1, 1, 3, 3]), True)
    """
    shape = (allowed.contents.shape[1] + allowed.gauges, *allowed.allowed.shape[1:])

    def begin(
        generators: Sequence[torch.Generator], shape: Shape, given: Tensor | None, device: torch.device
    ) -> Canvas:
        if given is not None:
            raise BadInput(f"{name} cannot start from a given image; pixels and fourier can")
        _, height, width = shape
        sizes = [(len(allowed.contents), height, width), *((1 + most,) for most in allowed.fullest)]
        drawn = [[sd * torch.randn(size, generator=one) for size in sizes] for one in generators]
        parameters = [torch.stack(parts).to(device).requires_grad_() for parts in zip(*drawn, strict=True)]
        return Canvas(parameters, lambda: _image(allowed, parameters))

    name = f"cells(sd={sd:g}, {allowed.fingerprint})"
    return Parametrisation(name, begin, rate, shape=shape, settle=functools.partial(settled, allowed=allowed))


def _image(allowed: Possible, parameters: Sequence[Tensor]) -> Float[Tensor, "n c h w"]:
    logits, *counts = parameters
    device = logits.device
    weights = logits.masked_fill(~allowed.allowed.to(device), IMPOSSIBLE).softmax(1)
    contents = allowed.contents.to(device)
    total = torch.einsum("nkhw,kc->nc", weights, contents)
    thinned = (allowed.most.to(device) / total.clamp_min(1e-6)).clamp_max(1.0)
    kept = torch.where(contents[None] > 0, thinned[:, None], 1.0).amin(2)
    weights = weights * kept[:, :, None, None]
    planes = torch.einsum("nkhw,kc->nchw", weights, contents)
    planes = planes + (1 - weights.sum(1))[:, None] * contents[0][None, :, None, None]
    height, width = logits.shape[2:]
    gauges = [
        torch.einsum("nm,mhw->nhw", each.softmax(1), filled(most, height, width).to(device))
        for each, most in zip(counts, allowed.fullest, strict=True)
    ]
    return torch.cat([planes, *(gauge[:, None] for gauge in gauges)], 1)
