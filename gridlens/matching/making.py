"""matched(): two networks' layers matched unit by unit and family by family, and pictures made; in a run folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts import write_csv
from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import fingerprint
from core.runs import running
from core.similarity import Match, Shown
from core.similarity.matching import LEAST
from core.subject import Subject
from gridlens.matching.asked import Asked, layer_pairs
from gridlens.matching.families import families_matched, refuse_unfitting
from gridlens.matching.family_pair import FamilyPair
from gridlens.matching.measuring import Compared, best_of_each, compared, rows
from gridlens.matching.pictures import Pictures, pictures, refuse_another_network
from vision.datasets import ImageSource, open_images
from vision.grey import suited

UNITS, FAMILIES = "units.csv", "families.csv"
"""Tables beside the page: every pair of units beyond chance, every pair of families."""


@dataclass(frozen=True, eq=False)
class Found:
    """All that was computed; ``best`` layer pairs are looked at closely, ``shown`` are units of theirs, by name."""

    a: Shown
    b: Shown
    every: Sequence[Compared] = field(repr=False)
    best: Sequence[Compared] = field(repr=False)
    shown: Mapping[str, Sequence[Match]] = field(repr=False)
    families: Sequence[FamilyPair] = field(repr=False)
    pictures: tuple[Pictures, Pictures] = field(repr=False)

    @property
    def names(self) -> tuple[str, str]:
        """The networks' names, told apart where they are the same."""
        a, b = self.a.subject.name, self.b.subject.name
        return (a, b) if a != b else (f"{a} (A)", f"{b} (B)")


def matched(a: Subject, b: Subject, asked: Asked, *, out: Path, progress: Progress = silent) -> Found:
    """Match, search families, make pictures; given again for the same folder, go on where it was broken off.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        if layers, images, galleries or families do not fit: before anything is computed or written.
    RunConflict
        if the folder holds a different run.
    """
    pairs = layer_pairs(a, b, asked)
    sources = [_images(subject, asked, progress) for subject in (a, b)]
    if len(sources[0]) < LEAST:
        raise BadInput(f"matching units needs at least {LEAST} images; given {len(sources[0])}")
    for gallery, subject in zip(asked.galleries, (a, b), strict=True):
        if gallery is not None:
            refuse_another_network(gallery, subject)
    refuse_unfitting(a, b, asked, pairs)
    with running(
        out,
        kind="matching",
        parameters=_parameters(asked, pairs),
        seeds={"seed": asked.seed},
        subject=fingerprint(a.fingerprint, b.fingerprint),
        data=fingerprint(*(source.fingerprint for source in sources)),
    ) as run:
        shown = [Shown(subject, source) for subject, source in zip((a, b), sources, strict=True)]
        return _found(shown[0], shown[1], asked, pairs, folder=run.folder, progress=progress)


def _images(subject: Subject, asked: Asked, progress: Progress) -> ImageSource:
    height, width = subject.spec.shape[1:]
    source = open_images(asked.images or "shapes", size=(height, width), count=asked.count, progress=progress)
    return suited(source, subject.spec)


def _parameters(asked: Asked, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What makes another run."""
    return {
        "pairs": [list(pair) for pair in pairs],
        "images": asked.images,
        "count": asked.count,
        "top": asked.top,
        "show": asked.show,
        "steps": asked.steps,
        "group": asked.group,
        "families": None if asked.families is None else [str(path) for path in asked.families],
        "galleries": [None if path is None else str(path) for path in asked.galleries],
    }


def _found(
    a: Shown, b: Shown, asked: Asked, pairs: Sequence[tuple[str, str]], *, folder: Path, progress: Progress
) -> Found:
    every = compared(a, b, pairs, folder, top=asked.top, seed=asked.seed, progress=progress)
    best = every if asked.pairs else best_of_each(every)
    write_csv(folder / UNITS, rows(every))
    families = families_matched(a, b, asked, best, folder / "families", progress=progress)
    write_csv(folder / FAMILIES, [row for one in families for row in one.rows()])
    shown = {one.name: spread(one.real.beyond_chance, asked.show) for one in best}
    wanted: tuple[list[tuple[str, int]], list[tuple[str, int]]] = ([], [])
    for one in best:
        wanted[0].extend((one.a, match.a) for match in shown[one.name])
        wanted[1].extend((one.b, match.b) for match in shown[one.name])
    for pair in families:
        for side in (0, 1):
            wanted[side].extend(pair.units(side, asked.show))
    made = [
        pictures(
            seen.subject,
            wanted[side],
            folder / "pictures" / "ab"[side],
            gallery=asked.galleries[side],
            steps=asked.steps,
            seed=asked.seed,
            progress=progress,
        )
        for side, seen in enumerate((a, b))
    ]
    return Found(a, b, every, best, shown, families, (made[0], made[1]))


def spread(matches: Sequence[Match], count: int) -> list[Match]:
    """So many of them, at equal distances from the first to the last.

    >>> spread(list("abcdefg"), 3)
    ['a', 'd', 'g']
    """
    if len(matches) <= count:
        return list(matches)
    return [matches[int(place)] for place in np.linspace(0, len(matches) - 1, count).round()]
