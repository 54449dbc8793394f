"""Learned: what a method of decomposition hands back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Learned:
    """Atoms (k, c) of any length not 0, and the encoder's parts for codes in units of those atoms.

    ``notes`` is what the method says of how it went, for the provenance.
    """

    atoms: Tensor = field(repr=False)
    parts: Mapping[str, Tensor] = field(repr=False)
    notes: Mapping[str, Any] = field(default_factory=dict)


def unit_rows(values: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of length 1, and the lengths that they had; a row of zeros stays one."""
    lengths = torch.linalg.vector_norm(values, dim=1)
    return values / lengths.clamp_min(1e-12)[:, None], lengths
