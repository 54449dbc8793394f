"""ProbeResult: how well a linear map of one layer tells one concept, beside the controls that give it a meaning."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.provenance import Provenance
from core.targets import Direction
from core.uncertainty import Interval

Kind = Literal["binary", "categorical", "continuous", "grid"]
"""What a concept's values are: yes or no, one of several, a number, or one of these for every cell of a grid."""

MEASURES: dict[str, str] = {
    "binary": "AUC",
    "categorical": "accuracy",
    "continuous": "R²",
    "grid": "R²",
}
"""How a probe of each kind is scored; a grid over all its cells together."""


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """How well a linear map of one layer tells one concept, on groups it was not fitted to.

    ``score`` is the area under the ROC curve (binary), accuracy (categorical) or R2 (continuous; grid: of all cells
    together). ``control`` is the same for labels shuffled between groups, fitted with the same freedom [hewitt2019];
    ``baseline`` what a constant guess gives; ``untrained`` the score at the same layer of the randomised network,
    where it was asked for. ``directions`` are the probe's weights in the layer's units: one, one for each of
    ``classes``, or one a cell, row by row. ``method`` and ``penalty`` say how they were fitted.
    """

    concept: str
    layer: str
    kind: Kind
    score: Interval
    control: Interval
    baseline: float
    directions: tuple[Direction, ...] = field(repr=False)
    provenance: Provenance = field(repr=False)
    method: str = "ridge"
    classes: tuple[str, ...] = ()
    penalty: float = math.nan
    untrained: Interval | None = None

    @property
    def direction(self) -> Direction | None:
        """The probe's weight, where there is only one."""
        return self.directions[0] if len(self.directions) == 1 else None

    @property
    def selectivity(self) -> float:
        """Score minus control: what the layer holds beyond what the probe could memorise."""
        return self.score.estimate - self.control.estimate

    @property
    def beyond(self) -> float:
        """Score minus the best of control, baseline and untrained network: what was learned, and is linear here."""
        others = [self.control.estimate, self.baseline]
        return self.score.estimate - max(others + ([self.untrained.estimate] if self.untrained else []))

    @property
    def known(self) -> bool:
        """Whether the score's interval lies above the control's and the baseline."""
        return self.score.low > max(self.control.high, self.baseline)

    @property
    def measure(self) -> str:
        """The name of the score."""
        return MEASURES[self.kind]


def best_layer(results: Sequence[ProbeResult]) -> ProbeResult:
    """The result with the highest selectivity.

    >>> import torch
    >>> from core.probing import probe
    >>> x = torch.randn(100, 4, generator=torch.Generator().manual_seed(1))
    >>> rows = probe({"good": x, "bad": x[:, 1:]}, x[:, 0], concept="first", kind="continuous")
    >>> best_layer(rows).layer
    'good'
    """
    return max(results, key=lambda result: result.selectivity)
