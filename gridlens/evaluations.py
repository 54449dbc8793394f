"""Several agents evaluated one after the other, each where it was trained or all elsewhere; their rows in a file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.artifacts import write_csv, write_json
from core.errors import BadInput
from core.progress import Progress
from envs.registry import world as make_world
from envs.spec import World
from gridlens.opened import Opened, place
from rl.agents import AgentInfo, check_fits
from rl.goals import distributions
from rl.misgeneralisation import Evaluation, along, evaluate
from rl.records import Record, records


@dataclass(frozen=True)
class Asked:
    """How much is played, and where: ``over`` dial to values besides; ``world`` and ``dials`` instead."""

    levels: int
    seed: int
    steps: int
    over: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    world: str | None = None
    dials: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """What was found of an agent; ``world`` is the one that it was evaluated for, its own if no other was asked for."""

    agent: AgentInfo
    world: World
    evaluation: Evaluation

    def rows(self) -> list[Record]:
        """Its records."""
        return records(self.agent, self.evaluation)

    def rows_there(self) -> list[Record]:
        """The same as if it had been trained where it was evaluated: what tables need."""
        return records(replace(self.agent, world=self.world), self.evaluation)


def evaluated(opened: Sequence[Opened], asked: Asked, progress: Progress) -> Iterator[Evaluated]:
    """One agent after the other; that all fit is looked at before anything is played.

    Raises
    ------
    BadInput
        if an agent does not fit a world in which it is to play; both shapes are named.
    UnknownName
        if there is no such world or dial.
    """
    agents = _named_apart(opened)
    where = [_where(about, asked) for about in agents]
    for one, about, (world, there) in zip(opened, agents, where, strict=True):
        for each in (*there.values(), *along(world, asked.over).values()):
            check_fits(one.subject, each, about.view)
    for i, (one, about, (world, there)) in enumerate(zip(opened, agents, where, strict=True)):

        def told(done: int, total: int, label: str, before: int = i) -> None:
            progress(100 * before + round(100 * done / total), 100 * len(opened), label)

        found = evaluate(
            one.subject,
            world,
            view=about.view,
            where=there,
            over=asked.over,
            levels=asked.levels,
            seed=asked.seed,
            steps=asked.steps,
            progress=told,
        )
        yield Evaluated(about, world, found)


def check_out(out: Path | None) -> None:
    """Raise BadInput where rows cannot be written to: before hours of play, not after.

    >>> check_out(Path("table.xls"))
    Traceback (most recent call last):
    core.errors.BadInput: rows are written as .csv or .json; got 'table.xls'
    """
    if out is None:
        return
    if out.suffix not in (".csv", ".json"):
        raise BadInput(f"rows are written as .csv or .json; got {str(out)!r}")
    if out.is_dir():
        raise BadInput(f"rows are written to a file; {str(out)!r} is a folder")


def write_rows(out: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as the file's ending says."""
    if out.suffix == ".json":
        write_json(out, list(rows))
    else:
        write_csv(out, rows)


def _where(about: AgentInfo, asked: Asked) -> tuple[World, Mapping[str, World]]:
    """The world to be evaluated for, and its distributions; of another than its own that one alone."""
    if asked.world is None and not asked.dials:
        return about.world, distributions(about.world)
    if asked.world in (None, about.world.name):
        there: World | str = make_world(**(about.world.describe() | dict(asked.dials)))
        name = "there"
    else:
        there, name = place(str(asked.world), asked.dials), f"in {asked.world}"
    if isinstance(there, str):
        raise BadInput(f"agent {about.name} plays worlds of ours; {there!r} is none")
    return there, {name: there}


def _named_apart(opened: Sequence[Opened]) -> list[AgentInfo]:
    """What is known of the agents; where names repeat, numbered."""
    agents = [one.agent for one in opened if one.agent is not None]
    often, seen, found = Counter(about.name for about in agents), Counter[str](), []
    for about in agents:
        seen[about.name] += 1
        again = often[about.name] > 1
        found.append(replace(about, name=f"{about.name} ({seen[about.name]})") if again else about)
    return found
