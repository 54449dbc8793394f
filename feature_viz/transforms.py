"""Transforms: a small random shift, zoom and turn, drawn per image and step, so that pictures survive them."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput


@dataclass(frozen=True)
class Wobble:
    """Greatest strength of each transform: ``shift`` in shares of the image's side, ``zoom`` as a share,
    ``turn`` in degrees. The defaults are at least lucid's at 128 px: 12 px of jitter in all, 0.9 to 1.1 and
    -10 to 10 degrees [olah2017]; shares of the size let them suit a 28 px image too.
    """

    shift: float = 0.05
    zoom: float = 0.1
    turn: float = 10.0

    def __post_init__(self) -> None:
        if not (0 <= self.shift < 1 and 0 <= self.zoom < 1 and 0 <= self.turn <= 180):
            raise BadInput(f"{self} has a strength outside 0 <= shift, zoom < 1 and 0 <= turn <= 180")


STANDARD = Wobble()
STILL = Wobble(shift=0.0, zoom=0.0, turn=0.0)


def draws(generator: torch.Generator, steps: int) -> Float[Tensor, "steps 4"]:
    """One image's numbers in [-1, 1) for all its steps at once, whatever else is in its batch.

    >>> draws(torch.Generator().manual_seed(0), 3).shape
    torch.Size([3, 4])
    """
    return 2 * torch.rand((steps, 4), generator=generator) - 1


def transform(
    images: Float[Tensor, "n c h w"], drawn: Float[Tensor, "n 4"], wobble: Wobble
) -> Float[Tensor, "n c h w"]:
    """Each image under its own similarity: one bilinear resampling, mirrored at the border (no grey frame).

    >>> images = torch.rand(2, 3, 8, 8)
    >>> turned = transform(images, torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 0]]), STANDARD)
    >>> torch.allclose(turned[0], images[0]), torch.allclose(turned[1], images[1], atol=1e-5)
    (False, True)
    >>> torch.equal(transform(images, torch.zeros(2, 4), STILL), images)
    True
    """
    if wobble == STILL:
        return images
    grid = F.affine_grid(_matrices(drawn.to(images), wobble, images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _matrices(drawn: Tensor, wobble: Wobble, images: Tensor) -> Float[Tensor, "n 2 3"]:
    """Affine maps of output to input coordinates, in units where the image spans -1 to 1."""
    height, width = images.shape[2:]
    angle = drawn[:, 0] * math.radians(wobble.turn)
    zoom = 1 / (1 + drawn[:, 1] * wobble.zoom)
    shift = 2 * wobble.shift * drawn[:, 2:]
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    across = torch.stack([cosine, -sine * (height / width), shift[:, 0]], 1)
    down = torch.stack([sine * (width / height), cosine, shift[:, 1]], 1)
    return torch.stack([across, down], 1)
