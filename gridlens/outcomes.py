"""Evaluations as tables: one row a player and distribution, one table a world."""

from collections.abc import Iterator, Sequence

from core.uncertainty import Interval
from envs.spec import World
from rl.agents import AgentInfo
from rl.goals import SHIFTED, distributions, goals_of, roles_of
from rl.measures import MEASURES
from rl.misgeneralisation import Evaluation, Outcome

Evaluated = tuple[AgentInfo, Evaluation]
COUNTS = {"goals": "intended", "proxies": "proxy"}


def rows(found: Sequence[Evaluated]) -> list[dict[str, str]]:
    """Every measure of every outcome, and how often each further event happened, as text; the same columns for all."""
    others = dict.fromkeys(name for _, one in found for each in one.outcomes for name in each.others)
    return [
        {"agent": about.name, "levels": each.where, "player": each.player}
        | {name: _said(each.measures.get(name)) for name in MEASURES}
        | {name: _said(each.others.get(name)) for name in others}
        for about, one in found
        for each in one.outcomes
    ]


def tables(found: Sequence[Evaluated]) -> Iterator[list[dict[str, str]]]:
    """A table for each world, with the columns that say something there, counts under their events' names."""
    for world in {about.world.name: about.world for about, _ in found}.values():
        outcomes = [
            (about.name, each)
            for about, one in found
            if about.world.name == world.name
            for each in one.outcomes
        ]
        columns = _columns(world, [each for _, each in outcomes])
        yield [
            {"agent": name, "levels": each.where, "player": each.player}
            | {
                said: _short(({**each.measures, **each.others}).get(column))
                for column, said in columns.items()
            }
            for name, each in outcomes
        ]


def notes(agents: Sequence[AgentInfo], *, levels: int, steps: int) -> list[str]:
    """What the tables do not say of themselves, a line each."""
    found: list[str] = []
    for about in agents:
        known, where, who = goals_of(about.world), distributions(about.world), about.name
        if SHIFTED not in where:
            found.append(
                f"{who}: for world {about.world.name!r} no shift is known that parts goal and proxy, so only levels "
                f"like those of training were played."
            )
        elif where[SHIFTED] == about.world:
            found.append(f"{who}: trained where goal and proxy part already, so shifted levels are the same.")
        if not about.world.limit:
            found.append(f"{who}: the world has no limit; every level was played for {steps:,} steps.")
        if known.ceiling_levels and known.ceiling_levels < levels:
            found.append(f"{who}: {known.ceiling} takes long and was given {known.ceiling_levels} levels.")
    return list(dict.fromkeys(found))


def _columns(world: World, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Measure or event to the heading; shares of levels where goal and proxy are places, counts elsewhere."""
    once, roles = goals_of(world).places is not None, roles_of(world)
    same = all(each.measures["performance"] == each.measures["return"] for each in outcomes)
    found = {}
    for name in MEASURES:
        if not any(name in each.measures for each in outcomes) or (name == "performance" and same):
            continue
        if once and name in COUNTS:
            continue
        found[name] = f"{roles[COUNTS[name]]} a level" if name in COUNTS else name
    return found | {name: f"{name} a level" for each in outcomes for name in each.others}


def _said(value: Interval | None) -> str:
    return "" if value is None else str(value)


def _short(value: Interval | None) -> str:
    """The same with as many digits as fit a column."""
    if value is None or abs(value.estimate) < 10:
        return _said(value)
    digits = 2 if abs(value.estimate) < 100 else 1
    return f"{value.estimate:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}]"
