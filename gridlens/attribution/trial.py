"""Trial: the cases of one subject that methods are asked about, and the folder that keeps the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from core.progress import Progress, silent
from core.subject import Subject
from gridlens.attribution.asked import Asked


@dataclass(frozen=True, eq=False)
class Trial:
    """``options`` of each input are given to the methods that take them."""

    subject: Subject
    inputs: Tensor = field(repr=False)
    cases: Sequence[Asked] = field(repr=False)
    folder: Path
    seed: int = 0
    options: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    progress: Progress = silent

    def of(self, case: Asked) -> tuple[Tensor, Mapping[str, Any]]:
        """A case's input (1, c, h, w), and the options there."""
        given = self.options[case.source] if self.options else {}
        return self.inputs[case.source : case.source + 1], given
