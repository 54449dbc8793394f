"""Families of two classifiers, where both have been searched: from folders that were named, or runs that lie beside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_json
from core.errors import BadInput
from core.progress import Progress
from core.runs import MANIFEST
from core.similarity import Shown
from gridlens.comparing.asked import Settings
from gridlens.comparing.lineup import Lineup
from gridlens.comparing.representation import Alike, few
from gridlens.matching.asked import Asked
from gridlens.matching.families import families_matched, refuse_unfitting
from gridlens.matching.family_pair import FamilyPair
from gridlens.matching.measuring import best_of_each
from gridlens.matching.searched import layers_in


@dataclass(frozen=True, eq=False)
class Kin:
    """The families of two classifiers matched, layer pair by layer pair; ``pictures`` of units are not made here."""

    names: tuple[str, str]
    families: Sequence[FamilyPair] = field(repr=False)
    pictures: tuple[dict[tuple[str, int], Any], dict[tuple[str, int], Any]] = field(
        default=({}, {}), repr=False
    )


def families_of(
    found: Lineup, alike: Sequence[Alike], settings: Settings, folder: Path, *, progress: Progress
) -> Kin | None:
    """The families of the only pair; None where there are more classifiers, or no search of both lies there.

    Raises
    ------
    BadInput
        if folders are named that are no searches of these networks under one group.
    """
    asked = searched(found, settings)
    if asked is None or not alike:
        return None
    sides = [Shown(found.subjects[name], few(found, settings, name)) for name in found.names]
    pairs = [one for one in alike[0].every if one.a in layers_in(asked[0]) and one.b in layers_in(asked[1])]
    best = best_of_each(pairs)
    how = Asked(images=settings.images, seed=settings.seed, families=asked)
    made = families_matched(sides[0], sides[1], how, best, folder / "found" / "families", progress=progress)
    return Kin((found.names[0], found.names[1]), made)


def searched(found: Lineup, settings: Settings) -> tuple[Path, Path] | None:
    """Two finished runs of gridlens families, of these two classifiers: those named, or such as lie in ``runs``.

    Raises
    ------
    BadInput
        if other than two are named, or they do not fit.
    """
    if len(found.names) != 2:
        if settings.families:
            raise BadInput(
                f"families are matched of two classifiers; given {len(found.names)} with --families"
            )
        return None
    one, other = found.subjects.values()
    if settings.families:
        if len(settings.families) != 2:
            raise BadInput(
                f"--families is given once for each of the two classifiers; given {len(settings.families)}"
            )
        asked = (settings.families[0], settings.families[1])
        layers = [(a, b) for a in one.layers for b in other.layers]
        refuse_unfitting(one, other, Asked(families=asked), layers)
        return asked
    lists = [_of(subject.fingerprint) for subject in (one, other)]
    return next(((a, b) for a in lists[0] for b in lists[1] if _group(a) == _group(b)), None)


def _of(fingerprint: str) -> list[Path]:
    """Finished searches of a network in ``runs``."""
    found = []
    for path in sorted(Path("runs").glob(f"*/{MANIFEST}")):
        held = read_json(path)
        if (held.get("kind"), held.get("state"), held.get("subject")) == (
            "families",
            "finished",
            fingerprint,
        ):
            found.append(path.parent)
    return found


def _group(folder: Path) -> Any:
    return read_json(folder / "group.json")
