"""The rows of a world's agents as spreads: setting by setting, every agent a point; and which measures are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.uncertainty import Interval
from envs.spec import World
from gridlens.outcomes import IN_COUNTS, IN_PLACES
from reports.sweeps.strips import Spread, Strip
from rl.goals import goals_of, roles_of
from rl.measures import MEASURES
from rl.players import AGENT, RANDOM
from rl.records import EVENT, over_seeds
from rl.sweeps import Task

Rows = Sequence[Mapping[str, Any]]

SHARES = ("goal", "proxy", "goal_first", "proxy_first", "preference", "either", "directness")
"""The measures that lie in [0, 1]; the others are means of counts."""


def words_for(world: World, rows: Rows) -> dict[str, str]:
    """The measures to be shown and what each is called; none that says the same as one before it."""
    roles, shown = roles_of(world), IN_PLACES if goals_of(world).places is not None else IN_COUNTS
    called = {
        "goals": f"{roles.get('intended')} a level (intended)",
        "proxies": f"{roles.get('proxy')} a level (proxy)",
    }
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row["measure"], []).append(row["estimate"])
    found: dict[str, str] = {}
    for name in [name for name in shown if name in values] + [
        name for name in values if name not in MEASURES
    ]:
        if not any(values[name] == values[other] for other in found):
            words = MEASURES.get(name, f"{name.removeprefix(EVENT)} a level").partition(" (rl.")[0]
            found[name] = called.get(name, words)
    return found


def shown(world: World, names: Mapping[str, Any]) -> list[str]:
    """The few measures that stand for the others in tables and over dials."""
    chosen = (
        ("goal", "proxy_first")
        if goals_of(world).places
        else ("goals", "proxies", "preference", "performance")
    )
    return [name for name in chosen if name in names] or [name for name in ("return",) if name in names]


def strips_of(world: World, label: str, tasks: Sequence[Task], rows: Rows) -> dict[str, Strip]:
    """A group of agents alike but for their seed: measure to its strip."""
    names = {task.name for task in tasks}
    rows = [row for row in rows if row["agent"] in names]
    points: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        if row["player"] == AGENT:
            points.setdefault((row["measure"], row["where"]), {})[row["agent"]] = row["estimate"]
    means = {
        (row["measure"], row["where"]): row
        for row in over_seeds(row for row in rows if row["player"] == AGENT)
    }
    ends = {(row["player"], row["measure"], row["where"]): row["estimate"] for row in rows}
    found: dict[str, dict[str, Spread]] = {}
    for (measure, where), values in points.items():
        found.setdefault(measure, {})[where] = Spread(
            values,
            interval(means[measure, where]),
            ends.get((goals_of(world).ceiling, measure, where)),
            ends.get((RANDOM, measure, where)),
        )
    return {name: Strip(label, tasks[0].config.algorithm, spreads) for name, spreads in found.items()}


def interval(row: Mapping[str, Any]) -> Interval:
    """A row's estimate with its interval."""
    return Interval(row["estimate"], row["low"], row["high"], row["n"])
