"""Case: maps of some inputs and all that a metric needs to judge them."""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.attribution.site import checked_inputs
from core.faithfulness.maps import fitted
from core.faithfulness.scoring import BATCH, Asked, per_input
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from core.targets import Target


@dataclass(frozen=True, eq=False)
class Case:
    """``maps`` (m, h, w), each of the input ``of[m]``, at the inputs' size and on the subject's device."""

    subject: Subject
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    targets: tuple[Target, ...]
    maps: Float[Tensor, "m h w"] = field(repr=False)
    of: Int[Tensor, "m"] = field(repr=False)
    seed: int = 0
    batch_size: int = BATCH
    progress: Progress = silent

    def provenance(self, metric: str, **parameters: object) -> Provenance:
        """Where a metric of this case comes from."""
        asked = sorted({str(target) for target in self.targets})
        return provenance(
            subject=self.subject.fingerprint,
            data=fingerprint(self.inputs, self.maps),
            seed=self.seed,
            metric=metric,
            targets=asked,
            **parameters,
        )


def case_of(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    maps: Float[Tensor, "m rows columns"],
    *,
    seed: int = 0,
    batch_size: int = BATCH,
) -> Case:
    """The case of one map for each input.

    Raises
    ------
    BadInput, UnknownName, NotFinite
        if inputs, target or maps do not fit the subject, or a map is not finite.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> case_of(spotlight(), torch.ones(2, 3, 10, 10), Output("value"), torch.rand(2, 5, 5)).maps.shape
    torch.Size([2, 10, 10])
    """
    inputs = checked_inputs(subject, inputs)
    targets = per_input(subject, target, len(inputs))
    of = torch.arange(len(inputs), device=inputs.device)
    return Case(subject, inputs, targets, fitted(maps, inputs), of, seed, batch_size)


def with_maps(case: Case, maps: Float[Tensor, "m h w"], of: Int[Tensor, "m"]) -> Case:
    """The same case with other maps of its inputs.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> case = case_of(spotlight(), torch.ones(1, 3, 10, 10), Output("value"), torch.rand(1, 5, 5))
    >>> len(with_maps(case, torch.rand(7, 10, 10), torch.zeros(7, dtype=torch.int64)).maps)
    7
    """
    return replace(case, maps=maps, of=of)
