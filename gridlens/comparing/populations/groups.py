"""The populations of finished sweeps: all agents alike but for their seed are one; which recipes are taken."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.artifacts import read_json
from core.errors import BadInput, UnknownName, Unreadable
from core.runs import MANIFEST, is_finished
from gridlens.comparing.agents.entrants import Entrant, entrants
from gridlens.comparing.asked import Member
from rl.agents import POLICY
from rl.records import stem
from rl.sweeps.task import AGENTS

MOST = 6
"""Recipes that one page can hold."""
LEAST = 2
"""Agents that a population needs: of one alone nobody knows what its seed did."""


@dataclass(frozen=True, eq=False)
class Population:
    """The agents of one recipe, by the ``name`` that sets it apart from the others."""

    name: str
    agents: Sequence[Entrant] = field(repr=False)


@dataclass(frozen=True)
class Left:
    """What was left out: agents that are not trained, and recipes with a single agent."""

    unfinished: int = 0
    alone: tuple[str, ...] = ()


def populations(members: Sequence[Member], recipes: Sequence[str] = ()) -> tuple[list[Population], Left]:
    """The populations of some sweeps, in the order of their names; ``recipes`` says which of them are taken.

    Raises
    ------
    Unreadable
        if a sweep's folder holds no trained agent.
    BadInput
        if there are more than ``MOST`` recipes, or no population of at least two agents is left.
    UnknownName
        if there is no such recipe.
    """
    found: dict[str, list[Path]] = {}
    unfinished = 0
    for member in members:
        grouped, waiting = _grouped(Path(member.source))
        unfinished += waiting
        for name, folders in _named(grouped).items():
            found[_within(member, name, len(grouped), len(members))] = folders
    chosen = _chosen(found, recipes)
    alone = tuple(name for name, folders in chosen.items() if len(folders) < LEAST)
    kept = {name: folders for name, folders in chosen.items() if name not in alone}
    if not kept:
        raise BadInput(
            f"recipe {alone[0]!r} has one trained agent; a population needs at least {LEAST}, alike but for their seed"
        )
    return [_population(name, folders) for name, folders in kept.items()], Left(unfinished, alone)


def _grouped(sweep: Path) -> tuple[list[list[Path]], int]:
    """The folders of agents that were trained alike, and how many agents are not finished."""
    groups: dict[str, list[Path]] = {}
    waiting = 0
    for folder in sorted((sweep / AGENTS).glob("*/")):
        if not (folder / POLICY).exists() or not is_finished(folder):
            waiting += 1
            continue
        recipe = json.dumps(read_json(folder / MANIFEST).get("parameters", {}), sort_keys=True)
        groups.setdefault(recipe, []).append(folder)
    if not groups:
        raise Unreadable(f"sweep {str(sweep)!r} holds no trained agent; run the sweep again to go on")
    return list(groups.values()), waiting


def _named(groups: Sequence[Sequence[Path]]) -> dict[str, list[Path]]:
    """Each group by what its agents' names have in common and other groups' have not."""
    stems = [stem(folders[0].name) for folders in groups]
    if len(stems) == 1:
        return {stems[0]: list(groups[0])}
    parts = [name.split("-") for name in stems]
    before, after = _shared(parts), _shared([part[::-1] for part in parts])
    short = ["-".join(part[before : len(part) - after]) for part in parts]
    telling = short if len(set(short)) == len(short) and all(short) else stems
    ordered = sorted(zip(telling, groups, strict=True), key=lambda pair: _number(pair[0]))
    return {name: list(folders) for name, folders in ordered}


def _shared(lists: Sequence[Sequence[str]]) -> int:
    """How many first words all lists have in common."""
    return next((at for at, words in enumerate(zip(*lists, strict=False)) if len(set(words)) > 1), 0)


def _number(name: str) -> tuple[float, str]:
    """By number where the name ends in one."""
    try:
        return float(name.rpartition("=")[2]), name
    except ValueError:
        return float("inf"), name


def _within(member: Member, name: str, recipes: int, sweeps: int) -> str:
    if sweeps == 1:
        return name
    return member.name if recipes == 1 else f"{member.name} {name}"


def _chosen(found: dict[str, list[Path]], recipes: Sequence[str]) -> dict[str, list[Path]]:
    for name in recipes:
        if name not in found:
            raise UnknownName("recipe", name, found)
    chosen = {name: found[name] for name in recipes} if recipes else found
    if len(chosen) > MOST:
        names = ", ".join(chosen)
        raise BadInput(
            f"{len(chosen)} recipes are too many for one page; choose at most {MOST} with --recipes (of {names})"
        )
    return chosen


def _population(name: str, folders: Sequence[Path]) -> Population:
    asked = [Member(folder.name, str(folder), "agent", str(folder)) for folder in folders]
    return Population(name, entrants(asked))
