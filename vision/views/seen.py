"""Seen: the Views that photographs, waves, leaves and a user's own function make."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float

from core.errors import BadInput
from core.symmetry.groups import Group
from core.symmetry.views import View
from vision.views.action import Action, refuse_channels, refuse_size


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures under every element of a group: core.symmetry.views.Views, with what makes the batches."""

    group: Group
    places: Float[np.ndarray, "g 2 2"] = field(repr=False)
    valid: float
    fingerprint: str
    size: tuple[int, int]
    stream: Callable[[int], Iterator[View]] = field(repr=False)
    count: Callable[[], int] = field(repr=False)

    def __len__(self) -> int:
        return self.count()

    def batches(self, batch_size: int) -> Iterator[View]:
        """For every batch of pictures in order, what shows it under an element of the group."""
        return self.stream(batch_size)


def generated(
    action: Action,
    draw: Callable[[range], View],
    *,
    count: int,
    size: tuple[int, int],
    channels: int,
    fingerprint: str,
) -> Seen:
    """Views of pictures that are drawn anew under each element: ``draw(numbers)`` makes the view of some of them.

    Raises
    ------
    BadInput
        if there is nothing to draw, or the action cannot act on such pictures.
    """
    if count < 1 or min(size) < 1 or channels < 1:
        raise BadInput(
            f"pictures to draw: at least one, of one pixel and channel; got {count} of {channels, *size}"
        )
    refuse_channels(action, channels)
    refuse_size(action, size)

    def stream(batch_size: int) -> Iterator[View]:
        for start in range(0, count, batch_size):
            yield draw(range(start, min(start + batch_size, count)))

    disc = min(size) / max(size) if action.moves else 1.0
    return Seen(action.group, action.places(size), disc, fingerprint, size, stream, lambda: count)


def colours(action: Action, element: int, channels: int) -> Float[np.ndarray, "c c"]:
    """What an element does to the colours of pictures of so many channels: of others than three, its gain."""
    matrix = action.colour[element]
    return matrix if channels == 3 else matrix[0, 0] * np.eye(channels)


def shared_out(work: Callable[[int, int], None], count: int) -> None:
    """``work(start, stop)`` over parts of ``count``, as many at once as torch has threads."""
    parts = min(torch.get_num_threads(), count)
    if parts <= 1:
        work(0, count)
        return
    edges = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
