"""Pieces of a run that are computed once: a killed run goes on with the piece that it was at."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from core.artifacts import read_metadata, read_tensors, write_tensors

SECONDS = "seconds"
"""Where a piece says how long it took to make."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Tensors by name, and what is known about them, which has a JSON form."""

    tensors: Mapping[str, Tensor] = field(repr=False)
    about: Mapping[str, Any] = field(default_factory=dict)


def kept(path: Path, make: Callable[[], Piece]) -> Piece:
    """The piece of that file; made and written, at once or not at all, if there is none.

    Raises
    ------
    Unreadable
        if the file is no whole safetensors file.

    >>> import tempfile, torch
    >>> path = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> first = kept(path, lambda: Piece({"x": torch.ones(2)}, {"why": "counted"}))
    >>> again = kept(path, lambda: Piece({}))
    >>> again.tensors["x"].tolist(), again.about["why"]
    ([1.0, 1.0], 'counted')
    """
    if not path.exists():
        begun = time.perf_counter()
        made = make()
        about = dict(made.about) | {SECONDS: time.perf_counter() - begun}
        write_tensors(path, made.tensors, {"about": json.dumps(about)})
    return Piece(read_tensors(path), json.loads(read_metadata(path)["about"]))


def spent(folder: Path) -> float:
    """Seconds that all pieces of a run took together, over however many tries."""
    pieces = folder.rglob("*.safetensors")
    return sum(float(json.loads(read_metadata(path)["about"])[SECONDS]) for path in pieces)
