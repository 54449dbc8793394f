"""Classifiers compared: everything found in a run folder, and the page made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.progress import Progress, silent
from core.runs import command_line, read_manifest, running
from gridlens.comparing import behaviour, knowledge, use
from gridlens.comparing.answers import Answers, answers
from gridlens.comparing.asked import Member, Settings
from gridlens.comparing.behaviour import Agreement, Skill
from gridlens.comparing.disagreement import (
    Method,
    Parting,
    chosen_method,
    partings,
    refuse_method,
    shown_pairs,
)
from gridlens.comparing.families import Kin, families_of, searched
from gridlens.comparing.knowledge import Read
from gridlens.comparing.lineup import Lineup, lineup
from gridlens.comparing.representation import Alike, representation
from gridlens.comparing.use import Used
from reports.comparing.correction import Tested, corrected, level_for
from reports.exports import export
from reports.html import write
from reports.sections import Report


@dataclass(frozen=True, eq=False)
class Found:
    """All that was found of some classifiers; ``tests`` are corrected over all of them."""

    lineup: Lineup
    settings: Settings
    members: Sequence[Member]
    answers: Mapping[str, Answers] = field(repr=False)
    skills: Mapping[str, Skill] = field(repr=False)
    agreements: Sequence[Agreement] = field(repr=False)
    partings: Sequence[tuple[Agreement, Sequence[Parting]]] = field(repr=False)
    method: Method | None
    knowledge: Mapping[str, Sequence[Read]] = field(repr=False)
    uses: Mapping[str, Sequence[Used]] = field(repr=False)
    alike: Sequence[Alike] = field(repr=False)
    kin: Kin | None = field(repr=False)
    tests: Sequence[Tested] = field(repr=False)


def compare_classifiers(
    members: Sequence[Member], settings: Settings, *, out: Path, progress: Progress = silent
) -> Report:
    """Compare classifiers into the run folder ``out``; given again, it goes on where it was broken off.

    Raises
    ------
    BadInput, UnknownName, Unreadable, WeightsMismatch
        if a classifier, the images or a setting do not fit: before anything is computed.
    RunConflict
        if the folder holds a different run.
    """
    from gridlens.comparing.page import page

    refuse_method(settings.method)
    knowledge.refuse_factors(settings.factors)
    found = lineup(members, settings, progress=progress)
    searched(found, settings)
    subject, data = found.fingerprints
    with running(
        out,
        kind="comparison",
        parameters=_parameters(members, settings),
        seeds={"seed": settings.seed},
        subject=subject,
        data=data,
    ) as run:
        made = everything(found, members, settings, run.folder, progress=progress)
        report = page(made, command=str(read_manifest(run.folder).get("command") or command_line()))
        export(report, run.folder / "data")
        write(report, run.folder / "index.html")
    return report


def _parameters(members: Sequence[Member], settings: Settings) -> dict[str, object]:
    """What makes another run."""
    return {
        "subjects": [member.name for member in members],
        "images": settings.images,
        "count": settings.count,
        "method": settings.method,
        "factors": None if settings.factors is None else list(settings.factors),
        "families": [str(path) for path in settings.families],
    }


def everything(
    found: Lineup, members: Sequence[Member], settings: Settings, folder: Path, *, progress: Progress
) -> Found:
    """Behaviour, disagreement, knowledge and representation, each piece read back where it is there."""
    given = answers(found, folder, progress=progress)
    seed = settings.seed
    agreements = behaviour.agreements(found, given) if found.classes else []
    pairs = shown_pairs(agreements)
    method, shown = None, []
    if pairs:
        method = chosen_method(found, given, settings.method, folder, seed=seed, progress=progress)
        shown = partings(found, given, pairs, method.name, folder, seed=seed, progress=progress)
    known = knowledge.knowledge(found, settings.factors, folder, seed=seed, progress=progress)
    used = use.uses(found, known, folder, seed=seed, progress=progress)
    alike = representation(found, settings, folder, progress=progress)
    return Found(
        lineup=found,
        settings=settings,
        members=members,
        answers=given,
        skills=behaviour.skills(found, given, seed=seed),
        agreements=agreements,
        partings=shown,
        method=method,
        knowledge=known,
        alike=alike,
        kin=families_of(found, alike, settings, folder, progress=progress),
        uses=used,
        tests=corrected(_tests(found, given, known, used, seed=seed)),
    )


def _tests(
    found: Lineup,
    given: Mapping[str, Answers],
    known: Mapping[str, Sequence[Read]],
    used: Mapping[str, Sequence[Used]],
    *,
    seed: int,
) -> list[Tested]:
    """All that is tested; what each could show is told at the level that their number leaves it."""
    probed = [pair for pair in found.pairs if all(name in known for name in pair)]
    count = behaviour.counted(found) + 2 * len(probed) * len(knowledge.concepts_of(known))
    alpha = level_for(count)
    return [
        *behaviour.differences(found, given, seed=seed, alpha=alpha),
        *knowledge.differences(found, known, alpha=alpha),
        *use.differences(found, used, alpha=alpha),
    ]
