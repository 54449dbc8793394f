"""All that the page of a sweep shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.provenance import Provenance
from core.runs import read_manifest
from envs.spec import World
from gridlens.outcomes import notes
from gridlens.sweeps.spreads import SHARES, Rows, interval, shown, strips_of, words_for
from gridlens.sweeps.traces import learning, over_dials
from gridlens.words import WORDS
from reports.figures import amount
from reports.sweeps.evidence import AgentLine, Measured, SweepEvidence, WorldEvidence
from rl.agents import info
from rl.goals import SHIFTED, distributions, goals_of
from rl.players import AGENT, RANDOM
from rl.sweeps import Sweep, Swept, Task
from rl.sweeps.naming import labels
from rl.sweeps.task import agent_folder, rows_file
from rl.training import checked

TELLING = ("proxy_first", "preference", "proxies", "goals", "return")
"""What the finding is about: the first of these that the world has."""


def sweep_evidence(sweep: Sweep, swept: Swept, out: Path) -> SweepEvidence:
    """All that the page of a sweep in the folder ``out`` shows."""
    done = [task for task in sweep.tasks if rows_file(task, out).exists()]
    worlds = {task.config.world: checked(task.config) for task in done}
    members = {name: [task for task in done if task.config.world == name] for name in worlds}
    found = {
        name: _world(world, members[name], [row for row in swept.rows if row["world"] == world.name], out)
        for name, world in worlds.items()
    }
    plan = sweep.tasks[0].evaluation
    manifests = [read_manifest(agent_folder(task, out)) for task in done]
    codes = list(dict.fromkeys(manifest["code"] for manifest in manifests))
    about = {"levels": plan.levels, "steps": plan.steps, "agents": len(done)}
    return SweepEvidence(
        name=sweep.name,
        worlds=list(found.values()),
        agents=_agents(sweep, swept, found, worlds, out),
        levels=plan.levels,
        command=read_manifest(out)["command"],
        source=sweep.source,
        provenance={sweep.name: Provenance(seed=plan.seed, parameters=about, code=", ".join(codes))},
        notes=[*_notes(done, out), *_codes(codes)],
    )


def _world(world: World, tasks: Sequence[Task], rows: Rows, out: Path) -> WorldEvidence:
    groups = _grouped(tasks)
    kept = [row for row in rows if "=" not in row["where"]]
    strips = {label: strips_of(world, label, members, kept) for label, members in groups.items()}
    measures = {
        name: Measured(words, name not in SHARES, [found[name] for found in strips.values() if name in found])
        for name, words in words_for(world, kept).items()
    }
    return WorldEvidence(
        world=world.name,
        about=_about(world),
        distributions=list(dict.fromkeys(row["where"] for row in kept)),
        measures=measures,
        telling=next((name for name in TELLING if name in measures), ""),
        ceiling=goals_of(world).ceiling,
        floor=RANDOM,
        over=list(over_dials(world, groups, rows)),
        learning=list(learning(world, groups, out)),
    )


def _grouped(tasks: Sequence[Task]) -> dict[str, list[Task]]:
    """A world's agents by what sets their settings apart; by their groups' names where that is not enough."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.group, []).append(task)
    short = labels([members[0].config for members in groups.values()])
    return dict(zip(short if len(set(short)) == len(short) else groups, groups.values(), strict=True))


def _about(world: World) -> str:
    """What its measures count, and on which levels."""
    if world.name not in WORDS:
        return ""
    words, where = WORDS[world.name], distributions(world)
    said = f"The intended goal was reached where the agent {words.goal}, the proxy where it {words.proxy}."
    if SHIFTED in where:
        said += f" Shifted: {words.levels(where[SHIFTED])}."
    if goals_of(world).places is not None:
        said += " A level is telling if neither goal nor proxy lies on the way to the other."
    return said


def _agents(
    sweep: Sweep, swept: Swept, found: Mapping[str, WorldEvidence], worlds: Mapping[str, World], out: Path
) -> list[AgentLine]:
    rows = {(row["agent"], row["measure"], row["where"]): row for row in swept.rows if row["player"] == AGENT}
    failed = {one.task.name: one for one in swept.failures}
    settings = _settings([task for task in sweep.tasks if task.name not in failed])
    lines = []
    for task in sweep.tasks:
        about: dict[str, Any] = {
            "name": task.name,
            "world": task.config.world,
            "seed": task.config.seed,
            "steps": task.config.steps,
        }
        if task.name in failed:
            one = failed[task.name]
            lines.append(AgentLine(**about, why=one.why, log=str(one.log.relative_to(out.resolve()))))
            continue
        there = found[task.config.world]
        numbers = {
            f"{name}, {where}": _said(rows.get((task.name, name, where)))
            for name in shown(worlds[task.config.world], there.measures)
            for where in there.distributions[:2]
        }
        lines.append(AgentLine(**about, setting=settings[task.name], numbers=numbers))
    return lines


def _settings(tasks: Sequence[Task]) -> dict[str, str]:
    """An agent's name to what sets its setting apart in its world."""
    found: dict[str, str] = {}
    for world in dict.fromkeys(task.config.world for task in tasks):
        found |= {
            task.name: label
            for label, members in _grouped([task for task in tasks if task.config.world == world]).items()
            for task in members
        }
    return found


def _said(row: Mapping[str, Any] | None) -> str | None:
    return None if row is None else amount(interval(row), row["measure"] not in SHARES)


def _notes(tasks: Sequence[Task], out: Path) -> list[str]:
    """What is to be known of each setting's evaluation, said once for all that it is true of."""
    settings, said = _settings(tasks), dict[str, list[str]]()
    for task in {task.group: task for task in tasks}.values():
        name = f"{task.config.world} {settings[task.name]}"
        about = replace(info(agent_folder(task, out)), name=name)
        for line in notes([about], levels=task.evaluation.levels, steps=task.evaluation.steps):
            said.setdefault(line.removeprefix(f"{name}: "), []).extend(
                [name] if line.startswith(name) else []
            )
    return [f"{', '.join(names)}: {text}" if names else text for text, names in said.items()]


def _codes(codes: Sequence[str]) -> list[str]:
    return (
        [f"The agents were made by {len(codes)} versions of the code: {', '.join(codes)}."]
        if len(codes) > 1
        else []
    )
