"""Matches: units of two layers that answer alike, beside chance; written to a file and read from it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.provenance import Provenance
from core.uncertainty import Interval


@dataclass(frozen=True)
class Match:
    """Unit ``a`` of one layer and ``b`` of the other, and the correlation of their maps with its interval."""

    a: int
    b: int
    correlation: Interval


@dataclass(frozen=True, eq=False)
class Matches:
    """The pairs that are among each other's nearest ``top`` units, the most alike first.

    ``correlations`` has every pair (units that say the same everywhere: 0). ``control`` (a's units) is each unit's
    best correlation when the second layer sees other inputs than the first; ``threshold`` is what only one unit in
    twenty reaches that way, and ``by_chance`` how many pairs of each other's nearest lie above it then.
    """

    pairs: tuple[Match, ...]
    top: int
    correlations: Float[Tensor, "a b"] = field(repr=False)
    control: Float[Tensor, "a"] = field(repr=False)
    threshold: float
    by_chance: int
    provenance: Provenance = field(repr=False)

    @property
    def beyond_chance(self) -> tuple[Match, ...]:
        """The pairs whose whole interval lies above the threshold."""
        return tuple(pair for pair in self.pairs if pair.correlation.low > self.threshold)

    @property
    def counterparts(self) -> int:
        """How many units of the first layer are in a pair beyond chance."""
        return len({pair.a for pair in self.beyond_chance})

    @property
    def units(self) -> int:
        """Units of the first layer."""
        return len(self.control)


def write_matches(path: str | Path, found: Matches) -> None:
    """Matches as safetensors; the correlations of all pairs to three digits (half precision)."""
    about = {
        "top": found.top,
        "threshold": found.threshold,
        "by_chance": found.by_chance,
        "provenance": asdict(found.provenance),
        "level": found.pairs[0].correlation.level if found.pairs else 0.95,
    }
    rows = [
        (
            pair.a,
            pair.b,
            pair.correlation.estimate,
            pair.correlation.low,
            pair.correlation.high,
            pair.correlation.n,
        )
        for pair in found.pairs
    ]
    tensors = {
        "pairs": torch.tensor(rows, dtype=torch.float64).reshape(-1, 6),
        "correlations": found.correlations.half(),
        "control": found.control,
    }
    write_tensors(path, tensors, {"about": json.dumps(about)})


def read_matches(path: str | Path) -> Matches:
    """Matches as ``write_matches`` left them.

    >>> import tempfile
    >>> from core.similarity import best_buddies
    >>> found = best_buddies(torch.rand(20, 3), torch.rand(20, 4))
    >>> path = Path(tempfile.mkdtemp()) / "matches.safetensors"
    >>> write_matches(path, found)
    >>> read_matches(path).pairs == found.pairs
    True
    """
    about, held = json.loads(read_metadata(path)["about"]), read_tensors(path)
    pairs = tuple(
        Match(int(a), int(b), Interval(estimate, low, high, int(n), about["level"]))
        for a, b, estimate, low, high, n in held["pairs"].tolist()
    )
    return Matches(
        pairs,
        about["top"],
        held["correlations"].float(),
        held["control"],
        about["threshold"],
        about["by_chance"],
        Provenance(**about["provenance"]),
    )
