"""Views: inputs that can be looked at under every element of a group."""

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.symmetry.groups import Group

View = Callable[[int], Tensor]
"""A batch of inputs (n, c, h, w) under the element of that index."""


@runtime_checkable
class Views(Protocol):
    """A finite, ordered set of inputs and their transforms, the same every time.

    ``places[g] @ (y, x)`` is where a point of an input lies in the input under g: y downwards, x to the right, both
    from the centre in halves of the input's height and width. ``valid`` is the radius, in the same units, of the disc
    around the centre inside which the transformed inputs are what they should be. Where it has ``spots`` (row, column,
    in pixels), every element leaves those points in place, as on sheets of patches, and answers are read there.
    """

    @property
    def group(self) -> Group: ...

    @property
    def places(self) -> Float[np.ndarray, "g 2 2"]: ...

    @property
    def valid(self) -> float: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def size(self) -> tuple[int, int]: ...

    def __len__(self) -> int: ...

    def batches(self, batch_size: int) -> Iterator[View]: ...
