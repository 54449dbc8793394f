"""Held-out transforms: a family that rendering never uses, each drawn for each picture, for measuring with."""

import math
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Transform = Callable[[Float[Tensor, "n c h w"], Float[Tensor, "n d"]], Float[Tensor, "n c h w"]]
"""Pictures in [0, 1], and for each its own numbers in [-1, 1), to pictures in [0, 1]."""

NUMBERS = 8
"""Numbers that each transform is given for each picture."""

LEAN = 0.15
"""Greatest displacement of a corner and greatest shear, as shares of the side."""

NOISE = 0.06
"""Greatest standard deviation of pixel noise."""

COARSEST = 0.6
"""Least share of its side that a picture is shrunk to."""


def perspective(pictures: Float[Tensor, "n c h w"], drawn: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
    """Seen aslant: a shear and a tilt of the plane, by bicubic resampling, mirrored at the border.

    >>> perspective(torch.rand(2, 3, 8, 8), torch.zeros(2, 8)).shape
    torch.Size([2, 3, 8, 8])
    """
    height, width = pictures.shape[2:]
    grid = F.affine_grid(
        torch.eye(2, 3).expand(len(pictures), 2, 3), [len(pictures), 1, height, width], False
    )
    across, down = grid.to(pictures).unbind(-1)
    shear, tilt_x, tilt_y = (LEAN * drawn[:, i, None, None] for i in range(3))
    depth = 1 + tilt_x * across + tilt_y * down
    bent = torch.stack([(across + shear * down) / depth, down / depth], -1)
    return F.grid_sample(
        pictures, bent, mode="bicubic", padding_mode="reflection", align_corners=False
    ).clamp(0, 1)


def tone(pictures: Float[Tensor, "n c h w"], drawn: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
    """Another exposure: brightness to +-0.1, contrast to +-25 %, gamma 0.8 to 1.25."""
    brightness, contrast, gamma = (drawn[:, i, None, None, None] for i in range(3))
    bent = pictures.clamp(0, 1) ** torch.exp(gamma * math.log(1.25))
    return ((bent - 0.5) * (1 + 0.25 * contrast) + 0.5 + 0.1 * brightness).clamp(0, 1)


def blur(pictures: Float[Tensor, "n c h w"], drawn: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
    """Out of focus: Gaussian blur of 0.4 to 1.2 pixels, each picture its own.

    >>> flat = torch.full((1, 3, 8, 8), 0.5)
    >>> torch.allclose(blur(flat, torch.zeros(1, 8)), flat)
    True
    """
    n, channels, height, width = pictures.shape
    reach = min(3, height - 1, width - 1)
    places = torch.arange(-reach, reach + 1).to(pictures)
    kernel = torch.exp(-0.5 * (places / (0.8 + 0.4 * drawn[:, :1])) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    rows = F.pad(pictures, (reach, reach, reach, reach), mode="reflect").flatten(0, 1)[None]
    down = F.conv2d(rows, kernel[:, None, :, None], groups=n * channels)
    return F.conv2d(down, kernel[:, None, None, :], groups=n * channels)[0].unflatten(0, (n, channels))


def noise(pictures: Float[Tensor, "n c h w"], drawn: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
    """A bad sensor: Gaussian noise at every pixel and channel, of standard deviation 0.02 to 0.06."""
    strength = NOISE * (2 + drawn[:, 0, None, None, None]) / 3
    seeds = (drawn[:, 1].double() * 2**30).long().tolist()  # so that a picture's noise is its own
    grains = [torch.randn(pictures.shape[1:], generator=torch.Generator().manual_seed(s)) for s in seeds]
    return (pictures + strength * torch.stack(grains).to(pictures)).clamp(0, 1)


def resampled(pictures: Float[Tensor, "n c h w"], drawn: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
    """Sent through a smaller format: shrunk to 0.6 to 1 of its side with antialiasing, and bicubically back."""
    size = pictures.shape[2:]
    shares = COARSEST + (1 - COARSEST) * (drawn[:, 0] + 1) / 2
    parts = []
    for picture, share in zip(pictures, shares.tolist(), strict=True):
        small = [max(2, round(share * side)) for side in size]
        shrunk = F.interpolate(picture[None], small, mode="bilinear", antialias=True, align_corners=False)
        parts.append(F.interpolate(shrunk, size, mode="bicubic", align_corners=False))
    return torch.cat(parts).clamp(0, 1)


HELD_OUT: Mapping[str, Transform] = {
    "perspective": perspective,
    "tone": tone,
    "blur": blur,
    "noise": noise,
    "resampled": resampled,
}
"""None of them is a shift, zoom or turn (``transforms.py``), nor uses bilinear resampling alone."""
