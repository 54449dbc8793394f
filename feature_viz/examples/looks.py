"""Looks: how inputs that are no pictures are shown to people, and as what: drawn inputs as a source of images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.receptive import ReceptiveField
from feature_viz.examples.exemplars import ImageSource

WORDS: Mapping[str, str] = {
    "one": "real image",
    "many": "real images",
    "parts": "pixels",
    "most": "Most for",
    "classes": "Classes it fires for",
    "over": "mean over positions",
    "made": "Noise, changed step by step until the unit fires as strongly as it can.",
}
"""What pages call inputs, and parts of them; what they say of classes and of made pictures."""

GREY = 0.5
CROP = 72


def plain(image: Float[Tensor, "c h w"]) -> Float[Tensor, "d h v"]:
    """A picture as it can be looked at: channels that are no colours side by side, in grey."""
    return image if len(image) in (1, 3) else torch.cat([*image], 1)[None]


@dataclass(frozen=True, eq=False)
class Looks:
    """How inputs are shown: ``drawn`` makes one a picture, ``scale`` pixels a cell, ``above`` rows of cells on top.

    ``crop`` is the most pixels of a crop's side in a strip; ``words`` as ``WORDS``; ``blank`` the input that an
    attribution begins from, grey if None. Inputs that are no ``photographs`` are filled up to squares; pictures
    made for them are of the network's own size, and no judge of images scores them.
    """

    drawn: Callable[[Tensor], Tensor] = plain
    scale: int = 1
    above: int = 0
    crop: int = CROP
    words: Mapping[str, str] = field(default_factory=lambda: WORDS)
    blank: Float[Tensor, "c h w"] | None = None
    photographs: bool = True

    def picture(self, image: Float[Tensor, "c h w"]) -> Float[Tensor, "d s t"]:
        """An input as a picture: square, unless it is a photograph."""
        shown = self.drawn(image)
        if self.photographs or shown.shape[1] == shown.shape[2]:
            return shown
        side = max(shown.shape[1:])
        top, left = (side - shown.shape[1]) // 2, (side - shown.shape[2]) // 2
        return F.pad(
            shown, (left, side - shown.shape[2] - left, top, side - shown.shape[1] - top), value=GREY
        )

    def side(self, size: Sequence[int]) -> int:
        """Pixels of a picture's side, for inputs of a height and width."""
        return self.scale * max(size[0] + self.above, size[1])

    def corner(self, size: Sequence[int]) -> tuple[int, int]:
        """Where an input's first cell lies in its picture, in pixels from top and left."""
        side, (height, width) = self.side(size), (self.scale * size[0], self.scale * size[1])
        above = self.scale * self.above
        return (side - height - above) // 2 + above, (side - width) // 2

    def field(self, seen: ReceptiveField) -> ReceptiveField:
        """A receptive field in the pixels of ``picture``; of a vector all of it.

        >>> looks = Looks(scale=16, above=1, photographs=False)
        >>> looks.field(ReceptiveField("conv", (0.0, 0.0), (2.0, 2.0), (3, 3), (5, 6))).box(1, 0)
        (48, 0, 48, 48)
        """
        if self.photographs:
            return seen
        side, (top, left) = self.side(seen.image), self.corner(seen.image)
        if seen.stride == (0.0, 0.0):
            return ReceptiveField(seen.layer, (0.0, 0.0), (0.0, 0.0), (side, side), (side, side))
        return ReceptiveField(
            seen.layer,
            (self.scale * seen.origin[0] + top, self.scale * seen.origin[1] + left),
            (self.scale * seen.stride[0], self.scale * seen.stride[1]),
            (self.scale * seen.extent[0], self.scale * seen.extent[1]),
            (side, side),
        )


@dataclass(frozen=True, eq=False)
class DrawnImages:
    """A source of inputs as a source of pictures of them.

    >>> from feature_viz.examples.tensor_source import TensorImages
    >>> drawn = DrawnImages(TensorImages(torch.zeros(2, 2, 4, 4)), Looks(photographs=False))
    >>> drawn.size, next(drawn.at([1])).shape
    ((8, 8), torch.Size([1, 8, 8]))
    """

    images: ImageSource
    looks: Looks

    @property
    def fingerprint(self) -> str:
        return self.images.fingerprint

    @property
    def size(self) -> tuple[int, int]:
        height, width = next(self.batches(1)).shape[2:]
        return height, width

    def __len__(self) -> int:
        return len(self.images)

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Tensor]:
        for batch in self.images.batches(batch_size, start=start):
            yield torch.stack([self.looks.picture(image) for image in batch])

    def at(self, indices: Sequence[int]) -> Iterator[Tensor]:
        from feature_viz.examples.crops import pictures

        found = dict(pictures(self.images, indices))
        yield from (self.looks.picture(found[index]) for index in indices)
