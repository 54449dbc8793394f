"""Every layer pair matched, beside the same with the second network's weights shuffled; kept in a run folder."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.progress import Progress
from core.similarity import Matches, Shown, match_layers, read_matches, write_matches
from core.similarity.correlating import LayerPair
from core.symmetry.null import shuffled
from core.uncertainty import Interval, proportion_interval
from feature_viz.examples.crops import folder_name

REAL, CONTROL = "other", "shuffled"


@dataclass(frozen=True, eq=False)
class Compared:
    """A layer of A and one of B, matched; and A's with the same layer of B where B's weights are shuffled."""

    a: str
    b: str
    real: Matches = field(repr=False)
    control: Matches = field(repr=False)

    @property
    def name(self) -> str:
        """Both layers as one text."""
        return f"{self.a} | {self.b}"

    @property
    def share(self) -> Interval:
        """The share of A's units that have a counterpart."""
        return proportion_interval(self.real.counterparts, self.real.units)

    @property
    def share_of_b(self) -> Interval:
        """The share of B's units that are one."""
        return proportion_interval(
            len({pair.b for pair in self.real.beyond_chance}), self.real.correlations.shape[1]
        )

    @property
    def by_control(self) -> Interval:
        """The share of A's units that have one in the shuffled network."""
        return proportion_interval(self.control.counterparts, self.control.units)


def compared(
    a: Shown,
    b: Shown,
    pairs: Sequence[LayerPair],
    folder: Path,
    *,
    top: int,
    seed: int,
    progress: Progress,
) -> list[Compared]:
    """All layer pairs in one go through the images, a file each; read back where they are there.

    Raises
    ------
    BadInput
        if there are too few images.
    """
    names = {which: {pair: _path(folder, pair, which) for pair in pairs} for which in (REAL, CONTROL)}
    missing = [pair for pair in pairs if not all(names[which][pair].exists() for which in names)]
    if missing:
        others = {REAL: b, CONTROL: Shown(shuffled(b.subject, seed=seed), b.images)}
        unfinished = folder / "unfinished"
        found = match_layers(
            a, others, missing, top=top, batch_size=16, seed=seed, checkpoint=unfinished, progress=progress
        )
        for (which, layer, other), matches in found.items():
            write_matches(names[which][layer, other], matches)
        shutil.rmtree(unfinished, ignore_errors=True)
    return [
        Compared(*pair, *(read_matches(names[which][pair]) for which in (REAL, CONTROL))) for pair in pairs
    ]


def _path(folder: Path, pair: LayerPair, which: str) -> Path:
    a, b = map(folder_name, pair)
    return folder / "matches" / f"{a}--{b}{'' if which == REAL else '-' + which}.safetensors"


def best_of_each(found: Sequence[Compared]) -> list[Compared]:
    """For every layer of A the layer of B in which most of its units have a counterpart."""
    best: dict[str, Compared] = {}
    for one in found:
        held = best.get(one.a)
        if held is None or _order(one) > _order(held):
            best[one.a] = one
    return list(best.values())


def _order(one: Compared) -> tuple[int, float]:
    return one.real.counterparts, float(one.real.correlations.amax(1).median())


def rows(found: Sequence[Compared]) -> list[Mapping[str, object]]:
    """Every pair of units beyond chance, for the table beside the page."""
    return [
        {
            "layer_a": one.a,
            "unit_a": pair.a,
            "layer_b": one.b,
            "unit_b": pair.b,
            "correlation": pair.correlation.estimate,
            "low": pair.correlation.low,
            "high": pair.correlation.high,
            "threshold": one.real.threshold,
            "control_of_unit_a": float(one.real.control[pair.a]),
        }
        for one in found
        for pair in one.real.beyond_chance
    ]


def best_correlations(matches: Matches) -> np.ndarray:
    """Each unit's of A largest correlation with any of B."""
    found: np.ndarray = matches.correlations.amax(1).numpy()
    return found
