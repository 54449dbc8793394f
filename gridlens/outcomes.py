"""Evaluations as tables to be read: one a distribution or a dial, a line a player; and what to know beside them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envs.registry import world as make_world
from envs.spec import World
from rl.acting import EPSILON
from rl.agents import AgentInfo
from rl.goals import SHIFTED, distributions, goals_of, roles_of
from rl.measures import MEASURES
from rl.players import AGENT, AGENTS
from rl.records import EVENT, over_seeds, stem

COUNTS = {"goals": "intended", "proxies": "proxy"}
IN_PLACES = ("goal", "proxy", "goal_first", "proxy_first", "preference", "either", "directness", "steps")
IN_COUNTS = ("goals", "proxies", "preference", "either", "steps", "performance", "return")
"""The measures shown where goal and proxy are places, and elsewhere; the others are in the records."""
SAME = {"performance": "goals", "return": "performance"}
"""Measures that are left out where they equal another one throughout."""
Q_AGENTS = ("dqn", "qrdqn")

MANY = 10
"""Agents alike but for their seed of which more than this many are shown together alone."""

Row = Mapping[str, Any]
Line = Mapping[str, Row]
"""Measure to the row of it."""


@dataclass(frozen=True)
class Table:
    """Where was played, and a line a player: heading to text."""

    title: str
    lines: list[dict[str, str]]


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """Records as tables: one for each distribution, one for each dial turned to several values.

    Agents alike but for their seed have a line more, over their seeds, which stands for them if they are more than
    ``MANY``; yardsticks stand below all agents once.
    """
    together = [row for row in over_seeds(rows) if row["player"] in AGENTS and row["n"] > 1]
    alone = rows if len({row["agent"] for row in rows}) <= MANY else _unjoined(rows, together)
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in [*alone, *together]:
        groups.setdefault(_table_of(row), []).append(row)
    for (name, family, turned, dials), group in groups.items():
        there = make_world(name, **json.loads(group[0]["where_dials"]))
        lines = _lines(group)
        headings = _headings(there, lines.values())
        yield Table(
            _title(there, family + (", over its values" if turned else ""), json.loads(dials)),
            [
                ({family: value} if value else {})
                | {"player": label}
                | {said: _cell(line.get(measure)) for measure, said in headings.items()}
                for (value, label), line in lines.items()
            ],
        )


def notes(agents: Sequence[AgentInfo], *, levels: int, steps: int) -> list[str]:
    """What the tables do not say of themselves, a line each."""
    said: dict[str, list[str]] = {}
    for about in agents:
        for note in _notes(about, levels, steps):
            said.setdefault(note, []).append(about.name)
    names = {note: ", ".join(who) if len(who) <= 3 else f"{len(who)} agents" for note, who in said.items()}
    return [
        f"{levels:,} held-out levels each; in brackets 95 % intervals over levels (Wilson's for shares, else the "
        "bootstrap's), over seeds by redrawing agents. docs/evaluation.md says what each measure means.",
        *(f"{names[note]}: {note}" for note in said),
    ]


def _notes(about: AgentInfo, levels: int, steps: int) -> Iterator[str]:
    known, where = goals_of(about.world), distributions(about.world)
    if SHIFTED not in where:
        yield f"for world {about.world.name!r} no shift is known that parts goal and proxy."
    elif where[SHIFTED] == about.world:
        yield "trained where goal and proxy part already, so shifted levels are the same."
    if not about.world.limit:
        yield f"the world has no limit; every level was played for {steps:,} steps."
    if known.ceiling_levels and known.ceiling_levels < levels:
        yield f"{known.ceiling} takes long and was given {known.ceiling_levels} levels."
    if about.algorithm in Q_AGENTS:
        yield f"scores actions; where it is not greedy, it plays any action with probability {EPSILON}."


def _unjoined(rows: Sequence[Row], together: Sequence[Row]) -> list[Row]:
    """The rows but for agents of which many are joined."""
    many = {row["agent"] for row in together if row["n"] > MANY}
    return [row for row in rows if row["player"] not in AGENTS or stem(row["agent"]) not in many]


def _table_of(row: Row) -> tuple[str, str, bool, str]:
    """World, distribution or dial, whether it is a dial, and the dials there but that one, as JSON."""
    family, equals, _ = row["where"].partition("=")
    dials = json.loads(row["where_dials"])
    if equals:
        dials.pop(family, None)
    return row["world"], family, bool(equals), json.dumps(dials)


def _lines(group: Iterable[Row]) -> dict[tuple[str, str], Line]:
    """(Value of the dial, player) to what was measured: by value, then agents, those over seeds, yardsticks."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    ranks: dict[tuple[str, str], tuple[int, int]] = {}
    values: dict[str, int] = {}
    for row in group:
        value, agent = row["where"].partition("=")[2], row["player"] in AGENTS
        key = (value, _label(row) if agent else row["player"])
        order = values.setdefault(value, len(values))
        ranks.setdefault(key, (order, 2 if not agent else int(row["seed"] is None)))
        found.setdefault(key, {}).setdefault(row["measure"], row)
    return {key: found[key] for key in sorted(found, key=ranks.__getitem__)}


def _label(row: Row) -> str:
    """The agent's name, over how many seeds, and how it played."""
    over = f" over {row['n']} seeds" if row["seed"] is None else ""
    return f"{row['agent']}{over}{row['player'].removeprefix(AGENT)}"


def _headings(world: World, lines: Iterable[Line]) -> dict[str, str]:
    """Measure to its heading, of those that say something here."""
    lines, roles = list(lines), roles_of(world)
    measured = dict.fromkeys(name for line in lines for name in line)
    wanted = IN_PLACES if goals_of(world).places else IN_COUNTS
    found = {}
    for name in MEASURES:
        if name not in wanted or name not in measured:
            continue
        if name in SAME and all(_same(line, name, SAME[name]) for line in lines):
            continue
        if name == "steps" and len({line["steps"][end] for line in lines for end in ("low", "high")}) == 1:
            continue
        found[name] = f"{roles[COUNTS[name]]} a level" if name in COUNTS else name
    events = [
        name for name in measured if name.startswith(EVENT) and any(line[name]["high"] for line in lines)
    ]
    return found | {name: f"{name.removeprefix(EVENT)} a level" for name in events}


def _same(line: Line, one: str, other: str) -> bool:
    ends = ("estimate", "low", "high")
    return other in line and all(line[one][end] == line[other][end] for end in ends)


def _title(world: World, family: str, dials: Mapping[str, Any]) -> str:
    """The distribution or dial, and the dials there that are not the world's own."""
    usual = make_world(world.name).describe()
    turned = ", ".join(f"{name}={value}" for name, value in dials.items() if value != usual[name])
    return f"{family}: {world.name}" + (f" with {turned}" if turned else "")


def _cell(row: Row | None) -> str:
    """Estimate and interval with as many digits as fit a column."""
    if row is None:
        return ""
    digits = 2 if abs(row["estimate"]) < 100 else 1
    return f"{row['estimate']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"
