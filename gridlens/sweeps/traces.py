"""Agents as lines: what they do over a dial of the levels, and over their training."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from envs.spec import World
from gridlens.sweeps.spreads import SHARES, Rows, shown, words_for
from reports.sweeps.evidence import Traced
from reports.sweeps.lines import Line
from rl.goals import goals_of, roles_of
from rl.measures import MEASURES
from rl.players import AGENT
from rl.sweeps import Task
from rl.sweeps.task import agent_folder
from rl.training import AgentFolder


def over_dials(world: World, groups: Mapping[str, Sequence[Task]], rows: Rows) -> Iterator[Traced]:
    """A picture for each dial and each measure that is shown of places or of counts."""
    own = [row for row in rows if row["player"] == AGENT and "=" in row["where"]]
    values = {(row["agent"], row["measure"], row["where"]): row["estimate"] for row in own}
    places = dict.fromkeys(row["where"] for row in own)
    words = words_for(world, own)
    for dial in dict.fromkeys(where.partition("=")[0] for where in places):
        at = {where: where.partition("=")[2] for where in places if where.partition("=")[0] == dial}
        if not all(map(_is_number, at.values())):
            continue  # words have no order; they are in the table
        for name in shown(world, words):
            lines = {
                group: [_dialled(task, dial, at, name, values) for task in members]
                for group, members in groups.items()
            }
            full = {
                group: kept
                for group, kept in ((g, [x for x in ls if x.at]) for g, ls in lines.items())
                if kept
            }
            if full:
                yield Traced(words[name], name not in SHARES, f"{dial} of the levels", full)


def _dialled(
    task: Task, dial: str, at: Mapping[str, str], name: str, values: Mapping[tuple[str, str, str], float]
) -> Line:
    pairs = sorted(
        (float(text), values[task.name, name, where])
        for where, text in at.items()
        if (task.name, name, where) in values
    )
    return Line(task.name, "agents", [pair[0] for pair in pairs], [pair[1] for pair in pairs])


def learning(world: World, groups: Mapping[str, Sequence[Task]], out: Path) -> Iterator[Traced]:
    roles = roles_of(world)
    if goals_of(world).places is not None:
        columns = {
            "goal": (MEASURES["goal"], False),
            "proxy_first": (
                "share of all levels in which the proxy was reached before or without the goal",
                False,
            ),
        }
    else:
        columns = {
            roles[role].replace(" ", "_"): (f"{roles[role]} a level", True)
            for role in ("intended", "proxy")
            if role in roles
        }
        columns |= {} if columns else {"return": (MEASURES["return"], True)}
    for column, (words, counted) in columns.items():
        settings = {
            group: [line for task in members for line in _curves(task, out, column)]
            for group, members in groups.items()
        }
        kept = {group: lines for group, lines in settings.items() if lines}
        if kept:
            yield Traced(words, counted, "steps of training", kept)


def _curves(task: Task, out: Path, column: str) -> Iterator[Line]:
    rows = AgentFolder(agent_folder(task, out)).curve
    for prefix, where in (("heldout", "training"), ("shifted", "shifted")):
        known = [row for row in rows if f"{prefix}_{column}" in row]
        if known:
            yield Line(
                task.name,
                where,
                [row["steps"] for row in known],
                [row[f"{prefix}_{column}"] for row in known],
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
