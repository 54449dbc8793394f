"""Checkpoint: the whole state of a training as tensors in one file, found again by what is trained on what."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.decomposition.source import ActivationSource
from core.decomposition.sparse.settings import Settings
from core.provenance import fingerprint

SECONDS = 10.0
"""Between two writes, at least; a kill costs no more than that."""


@dataclass
class Checkpoint:
    """Kept in ``folder`` (nowhere if None), under a name that no other training has."""

    folder: str | Path | None
    kind: str
    k: int
    seed: int
    plan: Settings
    source: ActivationSource = field(repr=False)
    last: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> Path | None:
        """The file of this training."""
        if self.folder is None:
            return None
        data = getattr(self.source, "fingerprint", "")
        about = (self.kind, self.k, self.seed, self.plan, len(self.source), self.source.channels, data)
        return Path(self.folder) / f"sae-{fingerprint(repr(about))}.safetensors"

    def recalled(self) -> tuple[dict[str, Tensor], int] | None:
        """The state that was written last, and after how many steps."""
        path = self.path
        if path is None or not path.exists():
            return None
        return read_tensors(path), int(json.loads(read_metadata(path)["steps"]))

    def write(self, state: dict[str, Tensor], number: int) -> None:
        """Write the state after so many steps, if it is time or the last step."""
        if self.folder is None or (time.monotonic() - self.last < SECONDS and number < self.plan.steps):
            return
        if (path := self.path) is not None:
            write_tensors(path, state, {"steps": str(number)})
            self.last = time.monotonic()
