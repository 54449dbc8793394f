"""The random-logit check: is the map of another answer another map?"""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.attribution.site import checked_inputs
from core.errors import BadInput
from core.faithfulness.explaining import Asking, explain, label
from core.faithfulness.scoring import Asked, per_input
from core.faithfulness.similarity import spearman
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from core.targets import Difference, Direction, Output, Target, Unit


@dataclass(frozen=True, eq=False)
class RandomLogit:
    """Spearman correlations (n,) of each input's map with that of ``others``, as it is and without signs."""

    others: tuple[Target, ...]
    signed: Float[Tensor, "n"] = field(repr=False)
    absolute: Float[Tensor, "n"] = field(repr=False)
    provenance: Provenance = field(repr=False)


def random_logit(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    method: Asking,
    *,
    seed: int = 0,
) -> RandomLogit:
    """The random-logit check [sixt2020]: maps beside those of another output of the same head, drawn at random.

    For a unit, another channel of its layer; for a difference, another pair. A method whose map
    stays the same does not explain the answer.

    Raises
    ------
    BadInput
        if there is no other output (a value head has one; a direction has no neighbours).

    >>> import torch
    >>> from core.testing import spotlight
    >>> shade = torch.rand(3, 3, 10, 10, generator=torch.Generator().manual_seed(0))
    >>> answer = random_logit(spotlight(), shade, Output("policy", 0), "integrated-gradients")
    >>> answer.others[0], answer.signed.max().item() < 0
    (Output(head='policy', index=1), True)
    """
    inputs = checked_inputs(subject, inputs)
    targets = per_input(subject, target, len(inputs))
    rng = np.random.default_rng(seed)
    others = tuple(another(subject, one, rng) for one in targets)
    mine, theirs = (explain(method, subject, inputs, asked, seed=seed).maps for asked in (targets, others))
    made = provenance(
        subject=subject.fingerprint,
        data=fingerprint(inputs),
        seed=seed,
        metric="random-logit",
        method=label(method),
    )
    return RandomLogit(others, spearman(mine, theirs), spearman(mine.abs(), theirs.abs()), made)


def another(subject: Subject, target: Target, rng: np.random.Generator) -> Target:
    """Another output of the same head, or another channel of the same layer, at random.

    Raises
    ------
    BadInput
        if there is none.

    >>> from core.testing import planted_classifier
    >>> another(planted_classifier(seed=0, classes=2), Output("class", 1), np.random.default_rng(0))
    Output(head='class', index=0)
    """
    count = choices(subject, target)
    if count < 2 or isinstance(target, Direction):
        raise BadInput(f"{target} of {subject.name} has no other of its kind to be compared with")
    if isinstance(target, Difference):
        first = replace(target.first, index=_other(target.first.index, count, rng))
        return Difference(first, replace(target.second, index=_other(first.index, count, rng)))
    if isinstance(target, Output):
        return replace(target, index=_other(target.index, count, rng))
    return replace(target, channel=_other(target.channel, count, rng))


def _other(index: int, count: int, rng: np.random.Generator) -> int:
    return (index + int(rng.integers(1, count))) % count


def choices(subject: Subject, target: Target) -> int:
    """How many targets of this kind there are: outputs of the head, channels of the layer; 1 for a direction."""
    if isinstance(target, Difference):
        return choices(subject, target.first)
    if isinstance(target, Output):
        return len(subject.heads[target.head])
    return subject.layers[target.layer].channels if isinstance(target, Unit) else 1
