"""Pair: a clean and a corrupted input between which an answer turns, and a third that has to do with neither."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.provenance import fingerprint
from core.subject import Subject, run


@dataclass(frozen=True, eq=False)
class Pair:
    """Two inputs (c, h, w) in [0, 1] for activation patching: what differs between them turns an answer.

    ``head`` answers ``plus`` more than ``minus`` to ``clean``, and the other way about to ``corrupted``; ``unrelated``
    is a third input, for the control. ``changed`` (h, w) is where the two differ by making (all of it where they are
    two different inputs). ``kind`` says what was done; ``name``, to what.
    """

    kind: str
    name: str
    clean: Float[Tensor, "c h w"] = field(repr=False)
    corrupted: Float[Tensor, "c h w"] = field(repr=False)
    unrelated: Float[Tensor, "c h w"] = field(repr=False)
    head: str
    plus: int
    minus: int
    changed: Bool[Tensor, "h w"] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Of all that a measurement on the pair depends on."""
        answer = f"{self.kind} {self.name} {self.head} {self.plus} {self.minus}"
        return fingerprint(answer, self.clean, self.corrupted, self.unrelated, self.changed)


def margin(
    subject: Subject, inputs: Float[Tensor, "n c h w"], head: str, plus: int, minus: int
) -> Float[Tensor, "n"]:
    """How much more ``head`` says ``plus`` than ``minus``: the logit difference.

    >>> from core.testing import spotlight
    >>> margin(spotlight(), torch.ones(1, 3, 10, 10), "policy", 1, 0).tolist()
    [4.0]
    """
    with torch.no_grad():
        answers = run(subject, inputs)[head].flatten(1)
    return answers[:, plus] - answers[:, minus]


def turns(subject: Subject, pair: Pair) -> bool:
    """Whether the answer does turn: the margin is above 0 on the clean input and below 0 on the corrupted.

    >>> from core.testing import spotlight
    >>> first, second = torch.zeros(2, 3, 10, 10)
    >>> first[0, 1:3, 1:3], second[1, 6:8, 6:8] = 1.0, 1.0
    >>> pair = Pair("two", "a, b", first, second, first, "policy", 0, 1, torch.ones(10, 10, dtype=torch.bool))
    >>> turns(spotlight(), pair)
    True
    """
    both = torch.stack([pair.clean, pair.corrupted])
    clean, corrupted = margin(subject, both, pair.head, pair.plus, pair.minus).tolist()
    return bool(clean > 0 > corrupted)
