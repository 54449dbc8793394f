"""A comparison of populations into a run folder: every agent measured, populations told apart, and the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.between import between, closer_within
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.runs import command_line, read_manifest, running
from envs.spec import World
from gridlens.comparing.agents.evidence import setting
from gridlens.comparing.agents.joint import joint_worlds
from gridlens.comparing.agents.parting import Pool
from gridlens.comparing.agents.playing import SHARES
from gridlens.comparing.asked import Member, Settings
from gridlens.comparing.populations.groups import Left, Population, populations
from gridlens.comparing.populations.measuring import SHARE, STATES, Measured, distances, likeness, measured
from gridlens.words import words_of
from reports.comparing.agents.evidence import SKILL, Setting
from reports.comparing.populations.evidence import Evidence, Matrix, Measure, Recipe
from reports.comparing.populations.page import page
from reports.exports import export
from reports.html import write
from reports.sections import Report
from rl.concepts import sampled_states, varied

LEAST_LEVELS, LEAST_SAMPLES = 50, 400
"""Of each agent, at least."""


def compare_populations(
    members: Sequence[Member], settings: Settings, *, out: Path, progress: Progress = silent
) -> Report:
    """Compare the populations of finished sweeps into the run folder ``out``; what is there already is read back.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        as ``gridlens.comparing.populations.groups.populations``; and if the agents' worlds cannot be compared.
    RunConflict
        if the folder holds a different run.
    """
    found, left = populations(members, settings.recipes)
    agents = [one for each in found for one in each.agents]
    where = joint_worlds([one.about for one in agents])
    levels, samples = (
        max(LEAST_LEVELS, settings.levels // SHARE),
        max(LEAST_SAMPLES, 2 * settings.samples // SHARE),
    )
    with running(
        out,
        kind="comparison",
        parameters={
            "subjects": [member.name for member in members],
            "populations": [each.name for each in found],
            "levels": levels,
            "samples": samples,
        },
        seeds={"seed": settings.seed},
        subject=fingerprint(*(one.subject.fingerprint for one in agents)),
        data=fingerprint(repr({name: world.describe() for name, world in where.items()})),
    ) as run:
        every: list[Measured] = []
        for number, one in enumerate(agents):

            def told(done: int, total: int, label: str, number: int = number) -> None:
                progress(number, len(agents), f"agent {number + 1} of {len(agents)}, {label}")

            every.append(
                measured(
                    one, where, run.folder, levels=levels, samples=samples, seed=settings.seed, progress=told
                )
            )
        made = _everything(found, left, every, where, seed=settings.seed, levels=levels, samples=samples)
        command = str(read_manifest(run.folder).get("command") or command_line())
        report = page(made, command=command)
        export(report, run.folder / "data")
        write(report, run.folder / "index.html")
    return report


def _everything(
    found: Sequence[Population],
    left: Left,
    every: Sequence[Measured],
    where: Mapping[str, World],
    *,
    seed: int,
    levels: int,
    samples: int,
) -> Evidence:
    told = setting(where["training"], where["shifted"])
    groups = np.repeat(np.arange(len(found)), [len(each.agents) for each in found])
    world = varied(where["training"])
    pool = Pool(world, sampled_states(world, STATES, seed=seed), STATES)
    agents = [one.entrant for one in every]
    differ, apart = distances(agents, pool)
    layer, alike = likeness(agents, pool)
    measures = _measures(every, told, where)
    tests = (
        between(np.stack([each.values for each in measures], 1), groups, seed=seed) if len(found) > 1 else []
    )
    return Evidence(
        recipes=[_recipe(each) for each in found],
        agents=[one.name for one in agents],
        groups=groups,
        setting=told,
        measures=measures,
        tests=tests,
        choices=_matrix("", differ, apart, groups, seed=seed),
        layers=_matrix(layer, alike, 1 - alike, groups, seed=seed) if layer else None,
        levels=levels,
        samples=samples,
        states=STATES,
        unfinished=left.unfinished,
        alone=left.alone,
        provenance=_provenance(every, seed=seed, levels=levels, samples=samples),
    )


def _measures(every: Sequence[Measured], told: Setting, where: Mapping[str, World]) -> list[Measure]:
    """What is told of every agent, the weightiest first: play on shifted and training levels, knowledge, use."""
    words = dict(told.events) | {SKILL: "hidden performance"}
    keys = [told.intended, told.proxy, *([SKILL] if told.counted else [])]
    splits = {"shifted": told.shifted} | (
        {} if where["training"] == where["shifted"] else {"training": told.train}
    )
    made = [
        Measure(
            words[key],
            split,
            np.array([one.mean(key, split) for one in every]),
            share=key in SHARES,
            on=phrase,
        )
        for split, phrase in splits.items()
        for key in keys
    ]
    made = [
        one
        for place, one in enumerate(made)
        if not any((one.values == two.values).all() for two in made[:place])
    ]
    known = {row.concept: row.measure for row in every[0].probes}
    made += [
        Measure(concept, "known", np.array([one.score(concept) for one in every]), unit=known[concept])
        for concept in _common([[row.concept for row in one.probes] for one in every])
    ]
    made += [
        Measure(concept, "used", np.array([one.effect(concept) for one in every]))
        for concept in _common([[row.concept for row in one.uses] for one in every])
    ]
    return made


def _common(found: Sequence[Sequence[str]]) -> list[str]:
    return [name for name in dict.fromkeys(found[0]) if all(name in each for each in found)]


def _matrix(name: str, shown: np.ndarray, distance: np.ndarray, groups: np.ndarray, *, seed: int) -> Matrix:
    if len(set(groups.tolist())) < 2:
        upper = np.triu_indices(len(groups), 1)
        mean = float(distance[upper].mean())
        return Matrix(name, shown, mean, mean, 1.0)
    return Matrix(name, shown, *closer_within(distance, groups, seed=seed))


def _recipe(each: Population) -> Recipe:
    about = each.agents[0].about
    return Recipe(
        name=each.name,
        dial=f"trained on {words_of(about.world).levels(about.world)}",
        kind=f"{about.algorithm}, {about.network}, view {about.view}",
        seeds=[one.about.seed for one in each.agents],
        commands=[one.command for one in each.agents],
    )


def _provenance(every: Sequence[Measured], *, seed: int, levels: int, samples: int) -> dict[str, Provenance]:
    return {
        one.entrant.name: provenance(
            subject=one.entrant.subject.fingerprint, seed=seed, levels=levels, samples=samples
        )
        for one in every
    }
