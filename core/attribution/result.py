"""Attribution: how much each input or activation mattered, and how nearly the parts add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.attribution.parts import Parts
from core.layers import LayerInfo, as_maps
from core.provenance import Provenance


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a method answered.

    ``values`` has the shape of the site ``at`` (inputs (n, c, h, w), or a layer's activations; Grad-CAM:
    (n, 1, h, w)). ``completeness_gap`` (n,) is sum(values) minus what the method promises they sum to,
    None where it promises nothing. ``layer`` says what the axes of ``values`` are, None for maps (n, c, h, w).

    Methods that ask about parts give each part's share as ``part_values`` (n, k), spread in ``values`` evenly over
    the part's cells; ``part_errors`` (n, k) are their standard errors, 0 where they are exact, None where there
    are none.
    """

    values: Tensor = field(repr=False)
    target: str
    at: str
    method: str
    completeness_gap: Tensor | None
    provenance: Provenance = field(repr=False)
    layer: LayerInfo | None = field(default=None, repr=False)
    parts: Parts | None = field(default=None, repr=False)
    part_values: Tensor | None = field(default=None, repr=False)
    part_errors: Tensor | None = field(default=None, repr=False)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The method's own parameters."""
        return self.provenance.parameters

    def maps(self) -> Float[Tensor, "n c h w"]:
        """The values as maps, whatever the site's axes are: tokens as the grid of their patches, vectors 1 x 1.

        Tokens in front of the grid (a class token) have no place in it; what they counted is in ``values`` only.
        """
        return self.values if self.layer is None else as_maps(self.values, self.layer)

    def heatmap(self) -> Float[Tensor, "n h w"]:
        """Signed sum over channels."""
        return self.maps().sum(1)
