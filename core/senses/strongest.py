"""strongest(): the inputs that fire a unit most, each with the place in its map where it does."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.layers import as_maps
from core.progress import Progress, silent
from core.subject import Subject
from core.targets import Unit, checked

FLOOR = 0.3
"""Share of the strongest score that an input must reach to say anything of what the unit means."""


@dataclass(frozen=True, eq=False)
class Spots:
    """Inputs, strongest first: their numbers in the order met, the unit's peak on each, and its row and column."""

    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    index: Int[Tensor, "n"] = field(repr=False)
    score: Float[Tensor, "n"] = field(repr=False)
    row: Int[Tensor, "n"] = field(repr=False)
    column: Int[Tensor, "n"] = field(repr=False)
    seen: int


def strongest(
    subject: Subject,
    batches: Iterable[Tensor],
    unit: Unit,
    *,
    count: int = 200,
    floor: float = FLOOR,
    total: int = 0,
    progress: Progress = silent,
) -> Spots:
    """The ``count`` inputs (n, c, h, w) on which the unit's peak over positions is largest; equal ones rank by number.

    Only those above 0 and above ``floor`` times the strongest's: what hardly fires a unit says little of it. Memory
    holds ``count`` inputs and one batch. ``total`` is how many there will be, for ``progress``.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such unit, or no input fires it.

    >>> from core.testing import planted_classifier
    >>> found = strongest(planted_classifier(seed=0), [torch.rand(4, 3, 12, 12)] * 2, Unit("relu", 1), count=3)
    >>> found.seen, bool(found.score[0] >= found.score[1]), len(found.index)
    (8, True, 3)
    """
    checked(subject, unit)
    held: list[Tensor] = []
    seen = 0
    for batch in batches:
        maps = as_maps(capture(subject, batch, [unit.layer])[unit.layer], subject.layers[unit.layer])
        flat = maps[:, unit.channel].flatten(1).cpu()
        score, place = flat.max(1)
        number = torch.arange(seen, seen + len(batch))
        new = [batch.cpu(), number, score, place // maps.shape[3], place % maps.shape[3]]
        joined = [torch.cat(pair) for pair in zip(held, new, strict=True)] if held else new
        order = joined[2].argsort(descending=True, stable=True)[:count]
        held = [values[order] for values in joined]
        seen += len(batch)
        progress(seen, max(total, seen), "finding what fires it")
    fired = int((held[2] > max(0.0, floor * float(held[2][0]))).sum()) if held else 0
    if not fired:
        raise BadInput(f"{unit} of {subject.name} is above 0 on none of {seen} inputs; give it others")
    inputs, index, score, row, column = (values[:fired] for values in held)
    return Spots(inputs, index, score, row, column, seen)
