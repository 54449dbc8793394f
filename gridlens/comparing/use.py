"""What each classifier uses: how far its answer moves when what a layer says of a factor is erased, beside chance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from core.activations import capture
from core.artifacts import read_json, write_json
from core.interventions.edits import patch
from core.interventions.intervened import intervened
from core.layers import as_maps
from core.probing.erasure import covaried, erasure
from core.progress import Progress
from core.subject import Subject, run
from core.uncertainty import Interval, bootstrap_interval
from gridlens.comparing.knowledge import Read, apart, best, concepts_of
from gridlens.comparing.lineup import Lineup, folder_of
from reports.comparing.correction import ALPHA, Tested
from vision import shapes

IMAGES = 600
"""Procedural images: seven tenths say what is erased, the rest are asked."""

MOST = 300
"""Images of one factor, at most."""

RANDOM = 12
"""Random directions of the layer, changed by as much."""

LEAST = 0.02
"""The smallest move of the probabilities that matters."""


@dataclass(frozen=True)
class Used:
    """One factor erased at one layer: mean total variation of the answer, and the same for random directions.

    ``chance`` spans the random directions.
    """

    concept: str
    layer: str
    effect: Interval
    chance: Interval

    @property
    def used(self) -> bool:
        """Whether the effect is beyond chance and large enough to matter."""
        return self.effect.low > self.chance.high and self.effect.estimate >= LEAST


def uses(
    found: Lineup, known: Mapping[str, Sequence[Read]], folder: Path, *, seed: int, progress: Progress
) -> dict[str, list[Used]]:
    """Every factor, for every subject at the layer where it is read best; kept in the run folder."""
    made: dict[str, list[Used]] = {}
    for number, (name, subject) in enumerate(found.subjects.items()):
        if name not in known:
            continue
        path = folder_of(folder, name, number) / "uses.json"
        if not path.exists():
            concepts = concepts_of({name: known[name]})
            drawn = shapes.generate(
                seed, range(shapes.TEST_START, shapes.TEST_START + IMAGES), size=subject.spec.shape[1]
            )
            rows = []
            for done, concept in enumerate(concepts):
                progress(done, len(concepts), f"{name}: erasing {concept}")
                layer = best(known[name], concept).layer
                rows.append(_used(subject, concept, layer, drawn, seed=seed))
            write_json(path, [asdict(row) for row in rows])
        made[name] = [_read(row) for row in read_json(path)]
    return made


def _used(subject: Subject, concept: str, layer: str, drawn: shapes.ShapeImages, *, seed: int) -> Used:
    values = drawn.factors[concept]
    rows = np.flatnonzero(np.isfinite(values))[:MOST]
    effect, chance = effect_of(subject, layer, drawn.images[rows], values[rows], seed=seed)
    return Used(concept, layer, effect, chance)


def _read(row: Mapping[str, Any]) -> Used:
    intervals = {name: Interval(**row[name]) for name in ("effect", "chance")}
    return Used(row["concept"], row["layer"], **intervals)


def effect_of(
    subject: Subject,
    layer: str,
    images: Float[Tensor, "n c h w"],
    values: Float[NDArray, "n"],
    *,
    seed: int = 0,
) -> tuple[Interval, Interval]:
    """The mean total variation between answers before and after a factor is erased, and that of random directions.

    Every unit's map is moved as a whole, by as much as makes its mean over positions say of the factor what it says
    on average: least-squares erasure [belrose2023] fitted to seven tenths of the images, measured on the rest. Random
    directions are drawn as the layer varies, each image moved along them by as much.
    """
    rng = np.random.default_rng((seed, 5))
    order = rng.permutation(len(images))
    fitted, held = np.split(order, [round(0.7 * len(images))])
    with torch.no_grad():
        maps = torch.cat([capture(subject, part, [layer])[layer].cpu() for part in images.split(64)])
        means = as_maps(maps, subject.layers[layer]).mean((2, 3)).double().numpy()
        known = covaried(means[fitted])
        moves = erasure(known, values[fitted, None].astype(float)).erased(means[held])
        before = run(subject, images[held])["class"].softmax(1)

        def moved(by: NDArray) -> NDArray:
            edit = maps[held] + _spread(by, maps[held])
            with intervened(subject, patch(layer, edit)) as changed:
                after = run(changed, images[held])["class"].softmax(1)
            distance: NDArray = ((after - before).abs().sum(1) / 2).cpu().double().numpy()
            return distance

        effect = bootstrap_interval(moved(moves), seed=seed)
        size = np.linalg.norm(moves, axis=1, keepdims=True) * np.sign(moves @ moves[0])[:, None]
        by_chance = []
        for _ in range(RANDOM):
            along = known.axes @ (np.sqrt(known.variances) * rng.normal(size=len(known.variances)))
            by_chance.append(float(moved(size * along / max(float(np.linalg.norm(along)), 1e-30)).mean()))
    return effect, Interval(float(np.mean(by_chance)), min(by_chance), max(by_chance), RANDOM)


def _spread(by: Float[NDArray, "n c"], maps: Tensor) -> Tensor:
    """A move of every unit, at every position."""
    added = torch.as_tensor(by, dtype=maps.dtype)
    return added.reshape(*added.shape, *(1,) * (maps.ndim - 2))


def differences(found: Lineup, used: Mapping[str, Sequence[Used]], *, alpha: float = ALPHA) -> list[Tested]:
    """Every pair and factor: how far the answer moves."""
    pairs = [pair for pair in found.pairs if all(name in used for name in pair)]
    made = []
    for one, other in pairs:
        for a, b in zip(used[one], used[other], strict=True):
            made.append(
                Tested(
                    f"use of {a.concept}",
                    one,
                    other,
                    (a.effect.estimate, b.effect.estimate),
                    apart(a.effect, b.effect, alpha=alpha),
                    more=f"erasing {a.concept} moves answers further in {{high}} than in {{low}}",
                    part=f"use of {one} and {other}",
                )
            )
    return made


def verdict_of(read: Read, use: Used) -> str:
    """Known, used, both or neither, by the intervals."""
    known = read.score.low > max(read.control.high, 0.0)
    if known:
        return "known and used" if use.used else "known, not used"
    return "used, not read" if use.used else "neither"
