"""Attribution: how much each input or activation mattered, and how nearly the parts add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from core.provenance import Provenance


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a method answered.

    ``values`` has the shape of the site ``at`` (inputs (n, c, h, w), or a layer's activations; Grad-CAM:
    (n, 1, h, w)). ``completeness_gap`` (n,) is sum(values) minus what the method promises they sum to,
    None where it promises nothing.
    """

    values: Tensor = field(repr=False)
    target: str
    at: str
    method: str
    completeness_gap: Tensor | None
    provenance: Provenance = field(repr=False)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The method's own parameters."""
        return self.provenance.parameters

    def heatmap(self) -> Tensor:
        """Signed sum over channels, (n, h, w)."""
        return self.values.sum(1)
