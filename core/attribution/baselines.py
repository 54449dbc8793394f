"""Baselines: what an input is compared with - black, grey, the mean of the inputs, a blurred copy, or one given."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, UnknownName

Baseline = str | Tensor
"""A name of ``BASELINES``, or a baseline for each input (n, c, h, w) or for all (c, h, w)."""

BASELINES = ("black", "grey", "mean", "blur")
"""0; 0.5; the mean of the inputs given; each input blurred until only its colours are left."""

BLUR = 1 / 8
"""Standard deviation of the blur, as a share of the picture's shorter side."""


def baseline_of(inputs: Float[Tensor, "n c h w"], baseline: Baseline) -> Float[Tensor, "n c h w"]:
    """The baseline of each input: by name, or one given for each (n, c, h, w) or for all (1, c, h, w) or (c, h, w).

    Raises
    ------
    UnknownName, BadInput
        for another name, or a tensor of another shape.

    >>> baseline_of(torch.rand(2, 3, 4, 4), "grey").unique().tolist()
    [0.5]
    """
    if isinstance(baseline, Tensor):
        given = baseline.to(inputs)
        given = given[None] if given.ndim == 3 else given
        if given.shape[1:] != inputs.shape[1:] or len(given) not in (1, len(inputs)):
            raise BadInput(
                f"a baseline of shape {tuple(baseline.shape)} does not fit inputs of shape {tuple(inputs.shape)}"
            )
        return given.expand_as(inputs).contiguous()
    if baseline not in BASELINES:
        raise UnknownName("baseline", str(baseline), BASELINES)
    if baseline == "blur":
        return blurred(inputs, BLUR * min(inputs.shape[2:]))
    if baseline == "mean":
        return inputs.mean(0, keepdim=True).expand_as(inputs).contiguous()
    return torch.full_like(inputs, 0.5 if baseline == "grey" else 0.0)


def blurred(inputs: Float[Tensor, "n c h w"], sigma: float) -> Float[Tensor, "n c h w"]:
    """Gaussian blur of ``sigma`` pixels; beyond the edges the picture goes on as its edge.

    >>> blurred(torch.ones(1, 1, 5, 5), 2.0).mean().round().item()
    1.0
    """
    radius = max(1, round(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, device=inputs.device, dtype=inputs.dtype)
    kernel = torch.exp(-((offsets / sigma) ** 2) / 2)
    kernel = kernel / kernel.sum()
    n, c, h, w = inputs.shape
    flat = inputs.reshape(n * c, 1, h, w)
    padded = torch.nn.functional.pad(flat, (radius, radius, radius, radius), mode="replicate")
    across = torch.nn.functional.conv2d(padded, kernel.view(1, 1, 1, -1))
    return torch.nn.functional.conv2d(across, kernel.view(1, 1, -1, 1)).view(n, c, h, w)
