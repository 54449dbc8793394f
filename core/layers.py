"""LayerInfo: what is known of a layer's output before it is looked at; as_maps(): any output as maps."""

import math
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

Axes = Literal["chw", "hwc", "tc", "c"]
"""Order of an output's axes after the batch: maps, maps with channels last, tokens, a vector."""

MOST_EXTRA = 8
"""Tokens in front of a grid (class, registers) that are looked for."""


@dataclass(frozen=True)
class LayerInfo:
    """One module's output: ``shape`` without the batch axis, and how often a forward pass calls the module.

    ``extra`` counts the tokens in front of the grid of image patches (a class token, registers); ``aspect`` is the
    height of the image by its width.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    calls: int = 1
    axes: Axes = "chw"
    extra: int = 0
    aspect: float = 1.0

    @property
    def channels(self) -> int:
        """Units of the layer."""
        return self.shape[0] if self.axes in ("chw", "c") else self.shape[-1]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the units' maps, for the input that the subject was made for; (1, 1) for vectors."""
        if self.axes == "chw":
            return self.shape[1], self.shape[2]
        if self.axes == "hwc":
            return self.shape[0], self.shape[1]
        if self.axes == "tc":
            return _arranged(self.shape[0] - self.extra, self.aspect)
        return 1, 1

    @property
    def spatial(self) -> bool:
        """Whether the units form maps of more than one position."""
        return math.prod(self.grid) > 1


def layer_info(
    name: str, kind: str, shape: tuple[int, ...], image: tuple[int, int], calls: int = 1
) -> LayerInfo | None:
    """What an output's shape says, for an image of (height, width) pixels; None if it cannot be units' answers.

    Maps have their channels last if the first two axes, and not the last two, are as the image's sides: Swin.
    Tokens are a grid of patches after at most eight others: ViT.

    >>> layer_info("block", "Block", (7, 7, 768), (224, 224)).grid
    (7, 7)
    >>> layer_info("block", "Block", (197, 192), (224, 224)).extra
    1
    """
    if len(shape) == 1:
        return LayerInfo(name, kind, shape, calls, "c")
    if len(shape) == 2:
        aspect = image[0] / image[1]
        return LayerInfo(name, kind, shape, calls, "tc", _extra(shape[0], aspect), aspect)
    if len(shape) != 3:
        return None
    last = _alike(shape[:2], image) and not _alike(shape[1:], image)
    return LayerInfo(name, kind, shape, calls, "hwc" if last else "chw")


def as_maps(activations: Float[Tensor, "n ..."], layer: LayerInfo) -> Float[Tensor, "n c h w"]:
    """A layer's activations as maps (a view): vectors have one position, tokens become the grid of their patches.

    Works at any image size that the network takes, not only at the one that ``layer`` was found with.

    >>> import torch
    >>> block = layer_info("block", "Block", (197, 192), (224, 224))
    >>> as_maps(torch.rand(2, 197, 192), block).shape
    torch.Size([2, 192, 14, 14])
    """
    if layer.axes == "c":
        return activations[:, :, None, None]
    if layer.axes == "hwc":
        return activations.movedim(-1, 1)
    if layer.axes == "tc":
        patches = activations[:, layer.extra :].transpose(1, 2)
        return patches.reshape(*patches.shape[:2], *_arranged(patches.shape[2], layer.aspect))
    return activations


def _alike(sides: tuple[int, ...], image: tuple[int, int]) -> bool:
    """Whether two sides stand to each other as the image's do, up to rounding by one."""
    return abs(sides[0] * image[1] - sides[1] * image[0]) < max(image)


def _extra(tokens: int, aspect: float) -> int:
    """The fewest tokens in front that leave a grid like the image; none if there is no such number."""
    grids = (_arranged(tokens - extra, aspect) for extra in range(min(tokens, MOST_EXTRA + 1)))
    return next(
        (extra for extra, (rows, _) in enumerate(grids) if rows < tokens - extra or tokens - extra == 1), 0
    )


def _arranged(tokens: int, aspect: float) -> tuple[int, int]:
    """Rows and columns of so many patches of an image; one column where no grid is as the image is."""
    rows = round(math.sqrt(tokens * aspect))
    return (
        (rows, tokens // rows)
        if rows and tokens % rows == 0 and _near(rows, tokens / rows, aspect)
        else (tokens, 1)
    )


def _near(rows: int, columns: float, aspect: float) -> bool:
    return abs(rows - aspect * columns) < max(1.0, aspect)
