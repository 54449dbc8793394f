"""layer_before(): the nearest earlier layer through which everything that a unit hears of the input must pass."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.errors import BadInput
from core.senses.contributions import by_channel, traced
from core.subject import Subject
from core.targets import Unit

HEARD = 0.01
"""A channel counts as read if its gradient is at least this share of the strongest's."""

TOLERANCE = 1e-3
"""How nearly the way through a layer must account for the whole gradient at the input (relative L2 norm)."""


def layer_before(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    unit: Unit,
    rows: Int[Tensor, "n"],
    columns: Int[Tensor, "n"],
) -> str:
    """The layer whose channels the unit's own meaning is made of, found by gradients: no name or structure is assumed.

    The last layer of which the unit reads more than one channel (its own activation function and batch norm do not
    count), and which no way from the input goes round: neither a skip connection nor a branch beside it. ``inputs``
    should fire the unit at (``rows``, ``columns``).

    Raises
    ------
    BadInput
        if there is none, as for the units of a first layer.

    >>> from core.testing import planted_classifier
    >>> place = torch.zeros(2, dtype=torch.long)
    >>> layer_before(planted_classifier(seed=0), torch.rand(2, 3, 12, 12), Unit("head", 1), place, place)
    'pool'
    """
    order = list(subject.layers)
    earlier = [name for name in order[: order.index(unit.layer)] if subject.layers[name].calls == 1]
    score, kept, leaves = traced(subject, inputs, unit, rows, columns, earlier)
    (whole,) = torch.autograd.grad(score, leaves, retain_graph=True, allow_unused=True)
    silent = whole is None or not bool(whole.any())
    for name in [] if silent else reversed(earlier):
        (gradient,) = torch.autograd.grad(score, kept[name], retain_graph=True, allow_unused=True)
        if gradient is None or _channels_read(by_channel(gradient.abs(), subject.layers[name])) < 2:
            continue
        (through,) = torch.autograd.grad(kept[name], leaves, gradient, retain_graph=True, allow_unused=True)
        if through is not None and (through - whole).norm() <= TOLERANCE * whole.norm():
            return name
    why = "these inputs do not fire it" if silent else "it reads the input itself, or several ways at once"
    raise BadInput(f"no layer before {unit} carries all that {subject.name} tells it: {why}; name one")


def _channels_read(sizes: Float[Tensor, "n k"]) -> int:
    mean = sizes.sum(0)
    return int((mean > HEARD * mean.max()).sum()) if bool(mean.any()) else 0
