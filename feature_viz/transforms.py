"""Transforms: a small random shift, zoom, turn, crop and noise, drawn per image and step, that pictures survive."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput

ALL = (1.0, 1.0)
"""The crop that leaves nothing out."""


@dataclass(frozen=True)
class Wobble:
    """Greatest strength of each transform: ``shift`` in shares of the image's side, ``zoom`` as a share,
    ``turn`` in degrees. The defaults are at least lucid's at 128 px: 12 px of jitter in all, 0.9 to 1.1 and
    -10 to 10 degrees [olah2017]; shares of the size let them suit a 28 px image too.

    ``crop`` is the smallest and the largest side of what is cut out, in shares of the image's; ``views`` how many
    such cuts are looked at in a step, and averaged; ``noise`` the standard deviation of what is added to each
    [fel2023]. Crops are resampled to the network's input, so that a picture may be larger than that.
    """

    shift: float = 0.05
    zoom: float = 0.1
    turn: float = 10.0
    crop: tuple[float, float] = ALL
    noise: float = 0.0
    views: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.shift < 1 and 0 <= self.zoom < 1 and 0 <= self.turn <= 180):
            raise BadInput(f"{self} has a strength outside 0 <= shift, zoom < 1 and 0 <= turn <= 180")
        if not 0 < self.crop[0] <= self.crop[1] <= 1:
            raise BadInput(
                f"crop is {self.crop}; it takes the smallest and the largest side, 0 < a <= b <= 1"
            )
        if self.noise < 0 or self.views < 1:
            raise BadInput(
                f"noise and views are {self.noise} and {self.views}; at least 0 and 1 are expected"
            )


STANDARD = Wobble()
STILL = Wobble(shift=0.0, zoom=0.0, turn=0.0)


def draws(generator: torch.Generator, steps: int, views: int = 1) -> Float[Tensor, "steps_views 4"]:
    """One image's numbers in [-1, 1) for all its steps at once, whatever else is in its batch.

    >>> draws(torch.Generator().manual_seed(0), 3).shape
    torch.Size([3, 4])
    """
    return 2 * torch.rand((steps * views, 4), generator=generator) - 1


def transform(
    images: Float[Tensor, "n c h w"],
    drawn: Float[Tensor, "m 4"],
    wobble: Wobble,
    *,
    size: tuple[int, int] | None = None,
) -> Float[Tensor, "m c s t"]:
    """Each image under similarities of its own: one bilinear resampling, mirrored at the border (no grey frame).

    Row ``v * n + i`` of ``drawn`` makes view v of image i. ``size`` is the views' height and width; None takes
    the images'.

    >>> images = torch.rand(2, 3, 8, 8)
    >>> turned = transform(images, torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 0]]), STANDARD)
    >>> torch.allclose(turned[0], images[0]), torch.allclose(turned[1], images[1], atol=1e-5)
    (False, True)
    >>> torch.equal(transform(images, torch.zeros(2, 4), STILL), images)
    True
    >>> transform(images, torch.zeros(6, 4), Wobble(crop=(0.5, 0.9), views=3), size=(4, 4)).shape
    torch.Size([6, 3, 4, 4])
    """
    height, width = size or (images.shape[2], images.shape[3])
    if wobble == STILL:
        return resampled(images, (height, width))
    n, channels, views = *images.shape[:2], len(drawn) // len(images)
    matrices = _matrices(drawn.to(images), wobble, images)
    grid = F.affine_grid(matrices, [len(drawn), channels, height, width], align_corners=False)
    # An image's views lie below each other in one grid, so that the image is not copied for each.
    below = grid.view(views, n, height, width, 2).transpose(0, 1).reshape(n, views * height, width, 2)
    seen = F.grid_sample(images, below, mode="bilinear", padding_mode="reflection", align_corners=False)
    seen = seen.view(n, channels, views, height, width).permute(2, 0, 1, 3, 4).flatten(0, 1)
    if wobble.noise == 0:
        return seen
    return seen + wobble.noise * white_noise(drawn.to(images.device, torch.float32), seen[0])


def view_size(wobble: Wobble, picture: tuple[int, int], network: tuple[int, int]) -> tuple[int, int]:
    """Height and width at which the network sees a picture: crops come at its own size, if that is smaller.

    >>> view_size(Wobble(crop=(0.2, 0.5)), (512, 512), (224, 224)), view_size(STANDARD, (512, 512), (224, 224))
    ((224, 224), (512, 512))
    """
    if wobble.crop == ALL:
        return picture
    return min(picture[0], network[0]), min(picture[1], network[1])


def resampled(images: Float[Tensor, "n c h w"], size: tuple[int, int]) -> Float[Tensor, "n c s t"]:
    """Images at another height and width, smoothed where they shrink; themselves at their own."""
    if tuple(images.shape[2:]) == size:
        return images
    return F.interpolate(images, size, mode="bilinear", align_corners=False, antialias=True)


def white_noise(drawn: Float[Tensor, "m 4"], like: Float[Tensor, "c h w"]) -> Float[Tensor, "m c h w"]:
    """Noise of mean 0 and standard deviation 1 that follows from the numbers drawn, the same on every device.

    A hash of draw and place gives two 16-bit numbers, whose sum is spread as a triangle.

    >>> noise = white_noise(torch.rand(2, 4), torch.zeros(3, 32, 32))
    >>> abs(float(noise.mean())) < 0.1, abs(float(noise.std()) - 1) < 0.1
    (True, True)
    """
    places = torch.arange(like.numel(), dtype=torch.int32, device=drawn.device)
    numbers = (drawn * 2**30).to(torch.int32)
    seed = numbers[:, 0] ^ _hashed(numbers[:, 1] ^ _hashed(numbers[:, 2] ^ _hashed(numbers[:, 3])))
    bits = _hashed(places ^ _hashed(seed)[:, None])
    halves = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF)
    return (halves.to(like) / 0xFFFF - 1).mul(math.sqrt(6)).view(len(drawn), *like.shape)


def _hashed(bits: Tensor) -> Tensor:
    """A mix of 32 bits in which each depends on all [wellons2018]."""
    bits = (bits ^ ((bits >> 16) & 0xFFFF)) * 0x7FEB352D
    bits = (bits ^ ((bits >> 15) & 0x1FFFF)) * (0x846CA68B - 2**32)
    return bits ^ ((bits >> 16) & 0xFFFF)


def _matrices(drawn: Tensor, wobble: Wobble, images: Tensor) -> Float[Tensor, "m 2 3"]:
    """Affine maps of output to input coordinates, in units where the image spans -1 to 1."""
    height, width = images.shape[2:]
    smallest, largest = wobble.crop
    side = smallest + (largest - smallest) * (drawn[:, 1] + 1) / 2
    angle = drawn[:, 0] * math.radians(wobble.turn)
    zoom = side / (1 + drawn[:, 1] * wobble.zoom)
    shift = (2 * wobble.shift + (1 - side))[:, None] * drawn[:, 2:]  # a crop lies anywhere in the image
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    across = torch.stack([cosine, -sine * (height / width), shift[:, 0]], 1)
    down = torch.stack([sine * (width / height), cosine, shift[:, 1]], 1)
    return torch.stack([across, down], 1)
