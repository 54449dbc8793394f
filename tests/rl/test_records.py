"""The long table of evaluations: what it says is what was found, and seeds are joined as they should be."""

import json
import math

import pytest

from core.uncertainty import bootstrap_interval
from rl.agents import AgentInfo
from rl.misgeneralisation import evaluate
from rl.players import GREEDY
from rl.records import COLUMNS, over_seeds, records


@pytest.fixture(scope="module")
def rows(maze, cheese_seeker, corner_runner):
    """A corner runner and two cheese seekers, as if they were one agent's seeds."""
    agents = [corner_runner, cheese_seeker, cheese_seeker]
    return [
        row
        for seed, agent in enumerate(agents)
        for row in records(
            AgentInfo(f"maze-{seed}", maze, "window", "mlp", algorithm="ppo", seed=seed, steps=1000),
            evaluate(agent, maze, levels=60, seed=5),
        )
    ]


def of(rows, **wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_a_row_says_who_where_and_how_much(rows, maze, corner_runner):
    assert all(tuple(row) == COLUMNS for row in rows)
    (row,) = of(rows, agent="maze-0", where="shifted", player=GREEDY, measure="proxy_first")
    found = evaluate(corner_runner, maze, levels=60, seed=5).of("shifted", GREEDY).measures["proxy_first"]
    assert (row["estimate"], row["low"], row["high"], row["n"]) == (1, found.low, found.high, found.n)
    assert (row["seed"], row["steps"], row["algorithm"]) == (0, 1000, "ppo")
    assert json.loads(row["dials"]) | {"name": "cheese"} == maze.describe()
    assert json.loads(row["where_dials"])["rand_region"] == 63


def test_seeds_are_joined_and_yardsticks_are_not(rows):
    joined = over_seeds(rows)
    (goal,) = of(joined, where="shifted", player="agent", measure="goal_first")
    wanted = bootstrap_interval([0, 1, 1], seed=0, expanded=True, draws=20_000)
    assert (goal["agent"], goal["seed"], goal["n"]) == ("maze", None, 3)
    assert (goal["estimate"], goal["low"], goal["high"]) == (wanted.estimate, wanted.low, wanted.high)
    floors = of(joined, where="shifted", player="random walk", measure="goal")
    alone = of(rows, agent="maze-1", where="shifted", player="random walk", measure="goal")
    assert [row["high"] for row in floors] == [row["high"] for row in alone]


def test_agents_that_differ_are_kept_apart(rows):
    goals = of(rows, where="shifted", player="agent", measure="goal")
    assert len(over_seeds([row | {"steps": k} for k, row in enumerate(goals)])) == 3
    twice = goals + [row | {"agent": "other-" + row["agent"]} for row in goals]
    assert [row["n"] for row in over_seeds(twice)] == [3, 3]
    (alone,) = over_seeds(goals[:1])
    assert alone["n"] == 1
    assert math.isnan(alone["low"])
