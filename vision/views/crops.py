"""crops(): pieces of images, cut at random places: what a unit that sees little is shown of photographs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.errors import BadInput
from core.provenance import fingerprint
from core.store.images import Images

TOGETHER = 16
"""Images that are held at once."""


@dataclass(frozen=True, eq=False)
class Crops:
    """``each`` square pieces of every image, ``side`` pixels a side, one image after the other; Images themselves."""

    images: Images = field(repr=False)
    side: int
    each: int
    seed: int

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.images.fingerprint, "crops", str((self.side, self.each, self.seed)))

    @property
    def size(self) -> tuple[int, int]:
        return self.side, self.side

    def __len__(self) -> int:
        return len(self.images) * self.each

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Tensor]:
        """Pieces from number ``start`` on; every image is decoded once."""
        first, held = start // self.each, torch.zeros(0)
        skip, index = start % self.each, first
        for batch in self.images.batches(TOGETHER, start=first):
            pieces = [piece for k, image in enumerate(batch) for piece in self._of(image, index + k)]
            index += len(batch)
            fresh = torch.stack(pieces)[skip:]
            skip = 0
            held = torch.cat([held, fresh]) if len(held) else fresh
            while len(held) >= batch_size:
                yield held[:batch_size]
                held = held[batch_size:]
        if len(held):
            yield held

    def _of(self, image: Tensor, index: int) -> Iterator[Tensor]:
        rng = np.random.default_rng([self.seed, index])
        for _ in range(self.each):
            y, x = (int(rng.integers(length - self.side + 1)) for length in image.shape[1:])
            yield image[:, y : y + self.side, x : x + self.side]


def crops(images: Images, side: int, *, each: int, seed: int) -> Crops:
    """``each`` pieces of every image, ``side`` pixels a side, at places that depend on the image's number and ``seed``.

    Raises
    ------
    BadInput
        if the images are smaller than the pieces.

    >>> from core.store.images import held
    >>> pieces = crops(held(torch.rand(3, 3, 20, 20)), 8, each=4, seed=0)
    >>> len(pieces), [tuple(batch.shape) for batch in pieces.batches(10)]
    (12, [(10, 3, 8, 8), (2, 3, 8, 8)])
    """
    if side > min(images.size):
        raise BadInput(f"pieces of {side} pixels a side cannot be cut from images of {images.size}")
    return Crops(images, side, each, seed)
