"""A comparison of agents into a run folder: everything studied, tested and corrected, and the page made of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.progress import Progress, silent
from core.provenance import fingerprint
from core.runs import command_line, read_manifest, running
from envs.spec import World
from gridlens.comparing.agents import knowing
from gridlens.comparing.agents.entrants import Entrant, agent_of, entrants, same_recipe
from gridlens.comparing.agents.evidence import evidence, setting
from gridlens.comparing.agents.inside import Inside, insides
from gridlens.comparing.agents.joint import joint_worlds
from gridlens.comparing.agents.parting import (
    Method,
    Parting,
    Pool,
    apart,
    checked_method,
    choices,
    partings,
    pooled,
    shown_states,
)
from gridlens.comparing.agents.playing import pairs_of, played, tested_events, tests, worlds_of
from gridlens.comparing.asked import Member, Settings
from gridlens.opened import Elsewhere
from gridlens.words import words_of
from reports.comparing.agents.evidence import Evidence, PairEvidence, Setting
from reports.comparing.agents.page import page
from reports.comparing.correction import corrected, level_for
from reports.exports import export
from reports.html import write
from reports.sections import Report
from rl.concepts import varied
from rl.fields import difference
from rl.goals import goals_of
from rl.study import Study, StudyConfig, study

STATES = 1000
"""States that all agents are given, sampled; and as many met in play."""


def compare_agents(
    members: Sequence[Member], settings: Settings, *, out: Path, progress: Progress = silent
) -> Report:
    """Compare agents, or snapshots of one, into the run folder ``out``; what is there already is read back.

    Raises
    ------
    Unreadable, WeightsMismatch, UnknownName
        if a folder holds no agent, one that cannot be opened, or no such snapshot.
    BadInput
        if the agents cannot be compared, or there are too few samples for a probe.
    RunConflict
        if the folder holds a different run.
    """
    found = entrants(members, elsewhere(settings))
    where = joint_worlds([one.about for one in found])
    with running(
        out,
        kind="comparison",
        parameters={
            "subjects": [member.name for member in members],
            "levels": settings.levels,
            "samples": settings.samples,
            "mazes": settings.mazes,
        },
        seeds={"seed": settings.seed},
        subject=fingerprint(*(one.subject.fingerprint for one in found)),
        data=fingerprint(repr({name: world.describe() for name, world in where.items()})),
    ) as run:
        made = _everything(found, where, settings, run.folder, progress=progress)
        command = str(read_manifest(run.folder).get("command") or command_line())
        report = page(made, command=command, mazes_chosen=_chosen(where["training"]))
        export(report, run.folder / "data")
        write(report, run.folder / "index.html")
    return report


def elsewhere(settings: Settings) -> Elsewhere:
    """Where zips play."""
    return Elsewhere(settings.world, dict(settings.dials), settings.view)


def _everything(
    found: Sequence[Entrant],
    where: Mapping[str, World],
    settings: Settings,
    folder: Path,
    *,
    progress: Progress,
) -> Evidence:
    worlds, seed = worlds_of(where), settings.seed
    told = _worded(where, worlds)
    studies = [_studied(one, where, settings, folder, progress=progress) for one in found]
    plays = {
        one.name: played(
            one, worlds, levels=settings.levels, seed=seed, folder=_place(folder, one), progress=progress
        )
        for one in found
    }
    probes = {one.name: each.probes for one, each in zip(found, studies, strict=True)}
    uses = {
        one.name: knowing.used(
            one, each.probes, _place(folder, one), samples=settings.samples, seed=seed, progress=progress
        )
        for one, each in zip(found, studies, strict=True)
    }
    pool = pooled(
        found, varied(where["training"]), count=min(STATES, settings.samples), seed=seed, progress=progress
    )
    given = {one.name: choices(one, pool) for one in found}
    pairs = pairs_of([one.name for one in found])
    count = len(pairs) * (len(tested_events(plays, told, where)) + knowing.tests_of_a_pair(probes, uses))
    alpha = level_for(count)
    tested = tests(plays, told, where, seed=seed, alpha=alpha) + knowing.tests(
        probes, uses, pairs, alpha=alpha
    )
    parted = partings(given, pool, seed=seed)
    shown = shown_states(parted, pool)
    method = checked_method(found, pool, given, seed=seed, progress=progress) if shown else Method("", {})
    inside = insides(found, pool, pairs, folder, seed=seed, progress=progress)
    agents = [
        evidence(one, each, plays[one.name], told, used=uses[one.name])
        for one, each in zip(found, studies, strict=True)
    ]
    return Evidence(
        agents=agents,
        pairs=[
            _pair(one, found, studies, shown, inside=inside, pool=pool, given=given, method=method.name)
            for one in parted
        ],
        setting=told,
        tests=corrected(tested),
        method=method.name,
        failed=method.failed,
        of_one=agent_of(found),
        alike=same_recipe(found),
        states=(pool.sampled, pool.size - pool.sampled),
    )


def _worded(where: Mapping[str, World], worlds: Mapping[str, World]) -> Setting:
    dials = [name.partition("=")[::2] for name in worlds if "=" in name]
    return setting(
        where["training"],
        where["shifted"],
        dial=dials[0][0] if dials else "",
        values=tuple(value for _, value in dials),
    )


def _place(folder: Path, entrant: Entrant) -> Path:
    """Where what is found of one agent is kept."""
    safe = "".join(sign if sign.isalnum() or sign in "-_.=+" else "-" for sign in entrant.name)
    return folder / "studies" / safe


def _studied(
    entrant: Entrant, where: Mapping[str, World], settings: Settings, folder: Path, *, progress: Progress
) -> Study:
    config = StudyConfig(
        levels=settings.levels, samples=settings.samples, mazes=settings.mazes, seed=settings.seed, methods=()
    )

    def told(done: int, total: int, label: str) -> None:
        progress(done, total, f"{entrant.name}: {label}")

    return study(
        entrant.subject,
        entrant.about.world,
        _place(folder, entrant),
        view=entrant.about.view,
        where=where,
        config=config,
        progress=told,
    )


def _pair(
    pair: Parting,
    found: Sequence[Entrant],
    studies: Sequence[Study],
    shown: Sequence[tuple[Parting, list[int]]],
    *,
    inside: Sequence[Inside],
    pool: Pool,
    given: Mapping[str, object],
    method: str,
) -> PairEvidence:
    by_name = {one.name: one for one in found}
    rows = next((rows for one, rows in shown if one is pair), [])
    fields = {one.name: each.fields for one, each in zip(found, studies, strict=True)}
    alike = next((one for one in inside if (one.one, one.other) == (pair.one, pair.other)), None)
    return PairEvidence(
        one=pair.one,
        other=pair.other,
        sampled=pair.sampled,
        met=pair.met,
        distance=pair.mean,
        states=apart(by_name, pool, given, pair, rows=rows, method=method) if rows else (),  # type: ignore[arg-type]
        differences=[difference(*both) for both in zip(fields[pair.one], fields[pair.other], strict=True)],
        cka=alike.cka if alike else None,
        matched=[(each.a, each.b, each.share, each.by_control) for each in alike.best] if alike else (),
        same=by_name[pair.one].subject.fingerprint == by_name[pair.other].subject.fingerprint,
    )


def _chosen(world: World) -> str:
    """How the levels shown were picked."""
    if goals_of(world).places is None:
        return "They are the first that were drawn of the held-out ones."
    thing = words_of(world).thing
    return (
        f"They are those of 1,000 held-out {thing}s in which the ways to goal and proxy part soonest and "
        f"go farthest, chosen by the {thing} alone."
    )
