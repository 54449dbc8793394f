"""Images: what activations are collected of; held(): inputs that are in memory as such a source."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from core import provenance


@runtime_checkable
class Images(Protocol):
    """A finite, ordered set of inputs, float32 (n, c, h, w) in [0, 1] of one ``size`` (h, w), the same every time.

    Where it has ``skipped`` and ``met``, a pass leaves out images and names them there with the reason;
    ``recall(skipped, met)`` tells another source of the same images so.
    """

    @property
    def fingerprint(self) -> str: ...

    @property
    def size(self) -> tuple[int, int]: ...

    def __len__(self) -> int: ...

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Tensor]: ...


@dataclass(frozen=True, eq=False)
class _Held:
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    fingerprint: str

    @property
    def size(self) -> tuple[int, int]:
        return self.inputs.shape[2], self.inputs.shape[3]

    def __len__(self) -> int:
        return len(self.inputs)

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Tensor]:
        yield from self.inputs[start:].split(batch_size) if start < len(self) else ()


def held(images: Images | Float[Tensor, "n c h w"]) -> Images:
    """A source of inputs that are in memory; what is a source already stays as it is.

    >>> import torch
    >>> [len(batch) for batch in held(torch.zeros(5, 3, 8, 8)).batches(2, start=2)]
    [2, 1]
    """
    return _Held(images, provenance.fingerprint(images)) if isinstance(images, Tensor) else images
