"""Planted truth: families that are known by construction, and networks in which there are none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from core.artifacts import read_json, write_json
from core.faithfulness.randomisation import randomised
from core.progress import Progress
from core.runs import running
from core.subject import Subject
from core.symmetry.families import Families, find
from core.symmetry.likeness import likenesses
from core.symmetry.null import shuffled
from core.symmetry.scores import adjusted_rand, order_error, pair_scores
from core.symmetry.sheets import Sheets, sheets
from core.testing.families import KINDS, PlantedFamilies, planted_families, planted_views
from vision.published.places import places

VIEWS = 200
"""Images that a planted network is searched with, on sheets: one around every place with room for it."""

NOISES = (0.0, 0.05, 0.1, 0.2)
DEPTHS = (1, 2)
SEED = 9000
"""The first seed; nothing was tuned on those from here on."""

BARRED = 0.1
"""The noise up to which the bars hold."""

BARS = {"f1": 0.95, "ari": 0.95, "order error": 1.0, "claimed": 0.05}
"""At least, at least, at most steps, at most of the units where there is nothing."""

NOTHING = ("shuffled", "untrained")
"""A planted network with each filter's weights shuffled; with all weights drawn anew."""


@dataclass(frozen=True)
class Case:
    """A planted network to be searched; ``network`` is ``planted``, or how the same one is emptied of families."""

    kind: str
    depth: int
    noise: float
    seed: int
    network: str = "planted"

    @property
    def file(self) -> str:
        """What its row is called."""
        kind = self.kind.replace(" ", "-")
        return f"{self.network}-{kind}-{self.depth}-{self.noise:g}-{self.seed}.json"


def cases(
    *,
    kinds: Sequence[str] = tuple(KINDS),
    depths: Sequence[int] = DEPTHS,
    noises: Sequence[float] = NOISES,
    seeds: Sequence[int],
) -> Iterator[Case]:
    """Every kind, depth, noise and seed; each kind, depth and seed once more for every way to have no families."""
    for kind, depth in product(kinds, depths):
        for noise, seed in product(noises, seeds):
            yield Case(kind, depth, noise, seed)
        for network, seed in product(NOTHING, seeds):
            yield Case(kind, depth, BARRED, seed, network)


def planted_rows(
    every: Sequence[Case], *, out: Path, progress: Progress, views: int = VIEWS
) -> list[dict[str, Any]]:
    """A row for each case, from its file in ``out`` or computed and written there: what is broken off goes on."""
    asked = {"cases": [case.file for case in every], "views": views}
    with running(out, kind="family scores, planted", parameters=asked) as run:
        rows = []
        for done, case in enumerate(every):
            progress(done, len(every), "planted families")
            path = run.folder / "rows" / case.file
            if not path.exists():
                write_json(path, row(case, views=views))
            rows.append(dict(read_json(path)))
        progress(len(every), len(every), "planted families")
    return rows


def row(case: Case, *, views: int = VIEWS) -> dict[str, Any]:
    """What was found of a case: pair precision and recall, ARI, order error; or the share of units claimed."""
    planted = planted_families(case.kind, depth=case.depth, noise=case.noise, seed=case.seed)
    subject = planted.subject
    if case.network != "planted":
        subject = emptied(subject, case.network, case.seed)
    seen = sheets(planted_views(planted, count=views, seed=case.seed), subject, planted.layer)
    found = searched(subject, planted.layer, seen, seed=case.seed)
    labels = np.asarray(found.labels)
    told: dict[str, Any] = {
        "network": case.network,
        "kind": case.kind,
        "depth": case.depth,
        "noise": case.noise,
        "seed": case.seed,
        "units": found.units,
        "families": len(found.families),
        "claimed": float((labels >= 0).mean()),
    }
    return told | scored(planted, found) if case.network == "planted" else told


def emptied(subject: Subject, how: str, seed: int) -> Subject:
    """The same network without families: weights shuffled within filters, or all drawn anew."""
    return shuffled(subject, seed=seed) if how == "shuffled" else randomised(subject, seed=seed)


def searched(subject: Subject, layer: str, views: Sheets, *, seed: int) -> Families:
    """The families of a layer, held against the same network with shuffled weights."""
    control = shuffled(subject, seed=seed + 1)
    seen, null = (likenesses(each, [layer], views, seed=seed)[layer] for each in (subject, control))
    return find(seen, null=null)


def scored(planted: PlantedFamilies, found: Families) -> dict[str, Any]:
    """Families found beside those planted."""
    labels = np.asarray(found.labels)
    pairs = pair_scores(planted.family, labels)
    return {
        "precision": pairs.precision,
        "recall": pairs.recall,
        "f1": pairs.f1,
        "ari": adjusted_rand(planted.family, labels),
        "order error": worst_order(planted, found),
        "invariant": _share(planted.family == -2, labels == -2),
        "duplicates": _share(planted.twin >= 0, _in(found.duplicates, found.units)),
        "dead": _share(planted.family == -4, labels == -4),
    }


def worst_order(planted: PlantedFamilies, found: Families) -> float:
    """Steps between the places planted and found, of the member that is furthest off; each family by its own origin."""
    worst = 0.0
    for index in range(len(found.families)):
        there = places(found, index)
        for number, stabiliser in enumerate(planted.stabilisers):
            units = [unit for unit in there if planted.family[unit] == number]
            if len(units) > 1:
                given = np.array([there[unit] for unit in units])
                off = order_error(found.group, planted.place[units], given, stabiliser=stabiliser)
                worst = max(worst, off.worst)
    return worst


def _in(groups: Sequence[Sequence[int]], units: int) -> Bool[np.ndarray, "u"]:
    held = np.zeros(units, bool)
    held[[unit for group in groups for unit in group]] = True
    return held


def _share(true: Bool[np.ndarray, "u"], found: Bool[np.ndarray, "u"]) -> float | None:
    return float(found[true].mean()) if true.any() else None
