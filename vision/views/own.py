"""of_images(): pictures under a group of the user's own, given as a function, and held to being one."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core import provenance
from core.errors import BadInput
from core.store.images import Images, held
from core.symmetry.groups import Group
from core.symmetry.views import View
from vision.views.seen import Seen

TRIED = 4
"""Pictures, and at most PRODUCTS products, on which a function is tried."""

PRODUCTS = 64

OnImages = Callable[[Tensor, int], Tensor]
"""A batch (n, c, h, w) in [0, 1] and an element's index to the batch under that element."""


def of_images(
    images: Images | Float[Tensor, "n c h w"],
    group: Group,
    on_images: OnImages,
    *,
    places: Float[np.ndarray, "g 2 2"] | None = None,
    valid: float = 1.0,
    tolerance: float = 0.02,
) -> Seen:
    """Pictures seen under every element of a group by what a function makes of them.

    The function is tried on the first few pictures: the identity has to leave them, and one element after another to
    do what their product does.

    Parameters
    ----------
    on_images
        takes a batch (n, c, h, w) and an element's index, and gives a batch of the same shape.
    places
        ``places[g] @ (y, x)`` is where a point goes, y downwards, from the centre in halves of height and width;
        without them nothing moves.
    valid
        radius, in the same units, of the disc in which the function's pictures are to be trusted; also that in which
        they are held to the group.
    tolerance
        root mean square by which they may be off, as a share of the pictures' standard deviation.

    Raises
    ------
    BadInput
        if the function does not act as the group does, or gives pictures of another shape, or no numbers.

    >>> from core.symmetry.groups import two
    >>> upside_down = two("upside down", labels=("as is", "upside down"))
    >>> views = of_images(
    ...     torch.rand(6, 3, 8, 8),
    ...     upside_down,
    ...     lambda batch, element: batch.flip(2) if element else batch,
    ...     places=np.stack([np.eye(2), np.diag([-1.0, 1.0])]),
    ... )
    >>> next(views.batches(4))(1).shape
    torch.Size([4, 3, 8, 8])
    """
    source = held(images)
    moved = np.tile(np.eye(2), (len(group), 1, 1)) if places is None else np.asarray(places, float)
    if moved.shape != (len(group), 2, 2) or not 0 < valid <= 1:
        raise BadInput(
            f"places are one 2 x 2 matrix for each of the {len(group)} elements of {group.name!r} and valid lies "
            f"in (0, 1]; got {moved.shape} and {valid}"
        )
    first = next(iter(source.batches(TRIED)), None)
    if first is None:
        raise BadInput(f"{group.name!r} is tried on a few pictures first, but there are none")
    seen = _tried(first, group, on_images, _trusted(source.size, valid), tolerance)

    def stream(batch_size: int) -> Iterator[View]:
        for batch in source.batches(batch_size):
            yield partial(_shown, on_images, batch)

    mark = provenance.fingerprint("own", source.fingerprint, *group.labels, group.table, moved, seen)
    return Seen(group, moved, valid, mark, source.size, stream, lambda: len(source))


def _shown(on_images: OnImages, batch: Float[Tensor, "n c h w"], element: int) -> Any:
    """What the function makes of a copy, which it may spoil."""
    return on_images(batch.clone(), element)


def _tried(
    pictures: Float[Tensor, "n c h w"], group: Group, on_images: OnImages, trusted: Tensor, tolerance: float
) -> Float[Tensor, "n c h w"]:
    """Raise BadInput if the function is found not to act as the group; gives its last picture, to tell it by."""
    allowed = tolerance * max(float(pictures.std()), 1e-6)

    def shown(batch: Tensor, element: int) -> Tensor:
        made = _shown(on_images, batch, element)
        if not isinstance(made, Tensor) or made.shape != batch.shape:
            given = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
            raise BadInput(
                f"{group.labels[element]} of {group.name!r} makes {given} of pictures {tuple(batch.shape)}; "
                "expected the same shape"
            )
        if not torch.isfinite(made).all():
            raise BadInput(f"{group.labels[element]} of {group.name!r} makes NaN or infinity of pictures")
        return made

    def apart(one: Tensor, other: Tensor) -> bool:
        off = (one - other)[..., trusted].square().mean().sqrt()
        return float(off) > allowed

    if apart(shown(pictures, group.identity), pictures):
        raise BadInput(
            f"{group.labels[group.identity]}, the identity of {group.name!r}, does not leave pictures as they are"
        )
    for g, h in _some_products(group):
        both = int(group.table[g, h])
        if apart(shown(shown(pictures, h), g), shown(pictures, both)):
            raise BadInput(
                f"{group.labels[h]} and then {group.labels[g]} of {group.name!r} does not do to pictures what "
                f"{group.labels[both]} does, though the group's table says so"
            )
    return shown(pictures, len(group) - 1)


def _some_products(group: Group) -> list[tuple[int, int]]:
    """Pairs whose product is in the group: all of them, or PRODUCTS spread over the table."""
    pairs = np.argwhere(group.table >= 0)
    picked = np.random.default_rng(0).permutation(len(pairs))[:PRODUCTS]
    return [(int(g), int(h)) for g, h in pairs[np.sort(picked)]]


def _trusted(size: tuple[int, int], valid: float) -> Tensor:
    """Whether each pixel lies in the disc; everywhere where all of the picture is to be trusted."""
    down, across = ((np.arange(side) + 0.5) / side * 2 - 1 for side in size)
    return torch.from_numpy((np.hypot(down[:, None], across) <= valid) | (valid == 1))
