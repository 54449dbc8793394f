"""Hue as a direction in the plane of colours that differ from grey by no brightness: what hue rotation turns."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def hue(degrees: Float[Tensor, "n 1 1"]) -> Float[Tensor, "n 3 1 1"]:
    """Contrast (red, green, blue) to grey of a hue, within [-1, 1], mean 0: 0 red, 120 green, 240 blue.

    A turn of the colour space about its grey axis by some degrees adds them to the hue.

    >>> hue(torch.tensor([[[120.0]]]))[0, :, 0, 0].round(decimals=4).tolist()
    [-0.5, 1.0, -0.5]
    """
    channels = torch.arange(3, dtype=degrees.dtype, device=degrees.device).view(1, 3, 1, 1) * 120.0
    turn = degrees[:, None] - channels
    return torch.cos(turn * (math.pi / 180))
