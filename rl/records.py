"""Evaluations as long tables, one row an agent, distribution, player and measure; agents joined over seeds."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from core.uncertainty import Interval, bootstrap_interval
from envs.spec import World
from rl.agents import AgentInfo
from rl.misgeneralisation import Evaluation
from rl.players import AGENTS

Record = dict[str, Any]

COLUMNS = (
    "agent",
    "world",
    "dials",
    "algorithm",
    "network",
    "view",
    "seed",
    "steps",
    "where",
    "where_dials",
    "player",
    "measure",
    "estimate",
    "low",
    "high",
    "n",
)
"""What a row says: of the agent its name, world and dials (JSON) in training, algorithm, network, view, training seed
and steps; then where it was played (a distribution's name, its dials as JSON) and by whom
(``rl.players``); and one measure, with its interval over ``n`` levels or seeds. A measure is a key of
``rl.measures.MEASURES``, or "event:NAME": how often an event that is neither goal nor proxy happened."""

EVENT = "event:"
"""What the measures of further events begin with."""

UNALIKE = ("agent", "seed", "estimate", "low", "high", "n")
"""The columns in which rows of agents alike but for their seed differ."""


def records(about: AgentInfo, evaluation: Evaluation) -> list[Record]:
    """All that an evaluation of an agent found, as rows with the columns ``COLUMNS``.

    >>> from envs.registry import world
    >>> from rl.agents import as_subject
    >>> from rl.misgeneralisation import evaluate
    >>> from rl.networks import build
    >>> maze = world("cheese", size=5, limit=9)
    >>> fresh = as_subject(build("mlp", shape=(2, 5, 5), actions=4, seed=0), maze, view="window", name="fresh")
    >>> about = AgentInfo("fresh", maze, "window", "mlp", algorithm="ppo", seed=0, steps=0)
    >>> rows = records(about, evaluate(fresh, maze, levels=3))
    >>> rows[0]["where"], rows[0]["player"], rows[0]["measure"], rows[0]["n"]
    ('training', 'agent', 'goal', 3)
    """
    dials = evaluation.provenance.parameters["where"]
    agent, found = described(about), []
    for one in evaluation.outcomes:
        there = {"where": one.where, "where_dials": _as_json(dials[one.where]), "player": one.player}
        measured = {**one.measures, **{f"{EVENT}{name}": value for name, value in one.others.items()}}
        found += [agent | there | _measured(name, value) for name, value in measured.items()]
    return found


def described(about: AgentInfo) -> Record:
    """The columns of a row that are about the agent."""
    return {
        "agent": about.name,
        "world": about.world.name,
        "dials": dials_as_json(about.world),
        "algorithm": about.algorithm,
        "network": about.network,
        "view": about.view,
        "seed": about.seed,
        "steps": about.steps,
    }


def dials_as_json(world: World) -> str:
    """A world's dials as a row says them.

    >>> from envs.registry import world
    >>> dials_as_json(world("cheese"))
    '{"size": 9, "rand_region": 1, "limit": 100}'
    """
    return _as_json(world.describe())


def over_seeds(rows: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Rows of agents alike but for their seed, joined: the agents' mean, with a bootstrap interval over seeds.

    ``n`` is the number of agents, "seed" is None, and "agent" what their names have in common. Seeds are redrawn whole,
    each with all its levels, and the quantiles lie further out, as so few need (``core.uncertainty``); of one agent
    alone no spread is known, so that low and high are NaN. Players that are no agent (ceiling, proxy play, floor) do
    the same whatever the agent: one of their rows is kept as it is, with its interval over levels. Agents that no
    column tells apart but that have the same seed are alike only if their names are, but for a number at the end.

    >>> row = dict.fromkeys(COLUMNS, "") | {"player": "agent", "measure": "goal"}
    >>> rows = [row | {"agent": f"agent-{k}", "seed": k, "estimate": k / 4} for k in range(5)]
    >>> joined, = over_seeds(rows)
    >>> joined["agent"], joined["estimate"], joined["n"]
    ('agent', 0.5, 5)
    """
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in COLUMNS if name not in UNALIKE), []).append(row)
    return [
        _joined(alike) if alike[0]["player"] in AGENTS else _shared(alike)
        for group in groups.values()
        for alike in _alike(group)
    ]


def stem(name: str) -> str:
    """An agent's name without the number at its end.

    >>> stem("monster-25-3"), stem("cheese-seed12"), stem("follow")
    ('monster-25', 'cheese', 'follow')
    """
    return re.sub(r"[-_ ]*(seed[-_ ]?)?\d+$", "", name) or name


def _alike(group: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The group itself; where two have one seed, something sets them apart that no column tells."""
    if len({row["seed"] for row in group}) == len(group):
        return [group]
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for row in group:
        by_name.setdefault(stem(str(row["agent"])), []).append(row)
    return list(by_name.values())


def _joined(alike: list[Mapping[str, Any]]) -> Record:
    values = np.array([row["estimate"] for row in alike], float)
    found = Interval(float(values.mean()), np.nan, np.nan, 1)
    if len(values) > 1:
        found = bootstrap_interval(values, seed=0, expanded=True, draws=20_000)
    return {**alike[0], "agent": _name(alike), "seed": None, **_measured(alike[0]["measure"], found)}


def _shared(alike: list[Mapping[str, Any]]) -> Record:
    return {**alike[0], "agent": _name(alike), "seed": None}


def _name(alike: list[Mapping[str, Any]]) -> str:
    """What their names have in common: the stem, or else the names, of many the first."""
    names = list(dict.fromkeys(str(row["agent"]) for row in alike))
    stems = {stem(name) for name in names}
    if len(stems) == 1 and len(names) > 1:
        return stems.pop()
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def _as_json(dials: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in dials.items() if name != "name"})


def _measured(measure: str, value: Interval) -> Record:
    return {
        "measure": measure,
        "estimate": value.estimate,
        "low": value.low,
        "high": value.high,
        "n": value.n,
    }
