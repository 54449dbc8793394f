"""What a position shows once it is taken out of an input: blurred, the input's mean, or black."""

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.baselines import blurred
from core.errors import UnknownName

Baseline = Literal["blur", "mean", "black"]

BLUR = 1 / 16
"""Standard deviation of the blur, as a share of the input's longer side; at least one position."""


def replaced(inputs: Float[Tensor, "n c h w"], baseline: Baseline) -> Float[Tensor, "n c h w"]:
    """What each position of the inputs would show if it were taken out; every channel for itself.

    ``black`` is 0 in every channel: no light, or, in a gridworld, a cell with nothing in it. ``mean`` is each
    input's mean over its positions, channel by channel: the picture's average colour; in a gridworld, a cell that
    holds of each thing as much as an average cell of that level (no cell of a level looks so). ``blur`` is a Gaussian
    blur with a standard deviation of a sixteenth of the longer side, at least one position: the picture without
    detail; in a gridworld every thing smeared over the cells around it.

    Raises
    ------
    UnknownName
        if there is no such baseline.

    >>> replaced(torch.ones(1, 3, 8, 8), "blur").min().item() > 0.99
    True
    """
    if baseline not in get_args(Baseline):
        raise UnknownName("baseline", str(baseline), get_args(Baseline))
    if baseline == "black":
        return torch.zeros_like(inputs)
    if baseline == "mean":
        return inputs.mean((2, 3), keepdim=True).expand_as(inputs)
    return blurred(inputs, max(1.0, BLUR * max(inputs.shape[2:])))
