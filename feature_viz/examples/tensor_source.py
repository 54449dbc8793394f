"""TensorImages: pictures that are in memory already, as a source of images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from core import provenance


@dataclass(frozen=True, eq=False)
class TensorImages:
    """Images (n, c, h, w) in [0, 1] as an ``ImageSource``; with class numbers where ``targets`` are given,
    ``labels`` that name them and ``names`` of the images.

    >>> import torch
    >>> [len(batch) for batch in TensorImages(torch.zeros(5, 3, 8, 8)).batches(2, start=2)]
    [2, 1]
    """

    images: Float[Tensor, "n c h w"] = field(repr=False)
    targets: Sequence[int] | Int[np.ndarray, "n"] | None = None
    labels: Sequence[str] | None = None
    names: Sequence[str] = ()

    @cached_property
    def fingerprint(self) -> str:
        return provenance.fingerprint(self.images)

    @property
    def size(self) -> tuple[int, int]:
        return self.images.shape[2], self.images.shape[3]

    def __len__(self) -> int:
        return len(self.images)

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Float[Tensor, "n c h w"]]:
        yield from self.images[start:].split(batch_size) if start < len(self) else ()

    def at(self, indices: Sequence[int]) -> Iterator[Float[Tensor, "c h w"]]:
        yield from (self.images[index] for index in indices)
