"""What each classifier knows: factors of the procedural images probed at every layer, kept in the run folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.artifacts import read_json, write_json
from core.errors import UnknownName
from core.faithfulness.randomisation import randomised
from core.paired import POWER, Difference
from core.probing import ProbeResult
from core.progress import Progress
from core.uncertainty import Interval
from gridlens.comparing.lineup import Lineup, folder_of, square_rgb
from reports.comparing.correction import ALPHA, Tested
from vision.factors import PROBED
from vision.study import probe_factors

FACTORS = ("size", "frequency", "contrast", "noise", "x")
"""Factors that are probed for, unless others are asked for."""

IMAGES = 1000
"""Procedural images that probes are fitted to and scored on."""


@dataclass(frozen=True)
class Read:
    """One factor at one layer of one subject: its score, the control task's, and the untrained network's."""

    concept: str
    layer: str
    measure: str
    score: Interval
    control: Interval
    untrained: Interval | None


def refuse_factors(factors: Sequence[str] | None) -> None:
    """Raise where there is no such factor.

    Raises
    ------
    UnknownName
        with the nearest.
    """
    for name in () if factors in (None, ("none",)) else factors or ():
        if name not in PROBED:
            raise UnknownName("factor", name, PROBED)


def knowledge(
    found: Lineup, factors: Sequence[str] | None, folder: Path, *, seed: int, progress: Progress
) -> dict[str, list[Read]]:
    """Every subject that takes square RGB pictures, probed; empty where nothing is asked for."""
    wanted = FACTORS if factors is None else () if tuple(factors) == ("none",) else tuple(factors)
    made: dict[str, list[Read]] = {}
    for number, (name, subject) in enumerate(found.subjects.items()):
        if not wanted or not square_rgb(subject):
            continue
        path = folder_of(folder, name, number) / "probes.json"
        if not path.exists():

            def told(done: int, total: int, label: str, name: str = name) -> None:
                progress(done, total, f"{name}: {label}")

            options = {"images": IMAGES, "seed": seed}
            own = probe_factors(subject, wanted, **options, progress=told)
            other = probe_factors(randomised(subject, seed=seed), wanted, **options, progress=told)
            write_json(path, [asdict(one) for one in _rows(own, other)])
        made[name] = [_read(row) for row in read_json(path)]
    return made


def _rows(own: Iterable[ProbeResult], untrained: Iterable[ProbeResult]) -> list[Read]:
    return [
        Read(one.concept, one.layer, one.measure, one.score, one.control, other.score)
        for one, other in zip(own, untrained, strict=True)
    ]


def _read(row: Mapping[str, object]) -> Read:
    intervals = {
        name: Interval(**row[name]) if row[name] else None  # type: ignore[arg-type]
        for name in ("score", "control", "untrained")
    }
    return Read(**{**row, **intervals})  # type: ignore[arg-type]


def best(reads: Sequence[Read], concept: str) -> Read:
    """Where a factor is read best, the input apart."""
    inside = [one for one in reads if one.concept == concept and one.layer != "input"]
    return max(inside, key=lambda one: one.score.estimate)


def concepts_of(known: Mapping[str, Sequence[Read]]) -> list[str]:
    """The factors that were probed for."""
    return list(dict.fromkeys(one.concept for reads in known.values() for one in reads))


def differences(found: Lineup, known: Mapping[str, Sequence[Read]], *, alpha: float = ALPHA) -> list[Tested]:
    """Every pair and factor: the best layer's score."""
    pairs = [pair for pair in found.pairs if all(name in known for name in pair)]
    concepts = concepts_of(known)
    made = []
    for one, other in pairs:
        for concept in concepts:
            sides = best(known[one], concept), best(known[other], concept)
            made.append(
                Tested(
                    f"reading {concept} ({sides[0].measure})",
                    one,
                    other,
                    (sides[0].score.estimate, sides[1].score.estimate),
                    apart(sides[0].score, sides[1].score, alpha=alpha),
                    share=False,
                    more=f"{concept} is read better off {{high}} than off {{low}}",
                    part=f"knowledge of {one} and {other}",
                )
            )
    return made


def apart(one: Interval, other: Interval, *, alpha: float) -> Difference:
    """The difference of two estimates by their intervals, as if independent; on the same inputs that is a little wide.

    >>> apart(Interval(0.5, 0.4, 0.6, 99), Interval(0.5, 0.4, 0.6, 99), alpha=0.05).p
    1.0
    """
    from scipy.stats import norm

    gap = other.estimate - one.estimate
    errors = [(side.high - side.low) / (2 * norm.ppf((1 + side.level) / 2)) for side in (one, other)]
    error = max(float(np.hypot(*errors)), 1e-6)
    half = float(norm.ppf((1 + one.level) / 2)) * error
    size = float(norm.isf(alpha / 2) + norm.ppf(POWER)) * error
    return Difference(
        Interval(gap, gap - half, gap + half, min(one.n, other.n), one.level),
        float(min(1.0, 2 * norm.sf(abs(gap) / error))),
        size,
    )
