"""``gridlens evaluate``: several agents in tables to be read, every measure in a file, mistakes in one sentence."""

import json

import pytest

from core.artifacts import read_csv
from gridlens import evaluations
from gridlens.outcomes import MANY, tables
from rl.records import COLUMNS
from rl.training import TrainConfig, train


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two agents that differ in their seed."""
    home = tmp_path_factory.mktemp("agents")
    settings = {"n_envs": 8, "rollout": 16, "batch": 64}
    for seed in (0, 1):
        config = TrainConfig(
            world="cheese",
            dials={"size": 5, "limit": 15},
            network="mlp",
            steps=128,
            seed=seed,
            settings=settings,
            snapshots="log:1",
            watched_levels=4,
        )
        train(config, home / f"tiny-{seed}")
    return [home / "tiny-0", home / "tiny-1"]


@pytest.fixture
def table(gridlens, folders, tmp_path):
    """What is said of both agents, and the rows in the file."""
    code, said = gridlens(
        *("evaluate", *folders, "--levels", 10, "--over", "rand_region=1,3", "--out", "table.csv")
    )
    assert code == 0, said.err
    return said.out, read_csv(tmp_path / "table.csv")


def test_agents_seeds_and_yardsticks_stand_in_a_table_for_each_kind_of_levels(table):
    said, rows = table
    titles = [
        "training: cheese with size=5, limit=15",
        "shifted: cheese with",
        "rand_region, over its values",
    ]
    parts = [said.index(title) for title in titles]
    assert parts == sorted(parts)
    training = said[parts[0] : parts[1]]
    for name in ("tiny-0 ", "tiny-1, greedy", "tiny over 2 seeds ", "optimal play", "random walk"):
        assert training.count(name) == 1, name
    assert said.count("proxy play") == 4  # once in training and shifted, once for each value
    assert "10 held-out levels" in said
    assert tuple(rows[0]) == COLUMNS
    assert {row["where"] for row in rows} == {"training", "shifted", "rand_region=1", "rand_region=3"}
    assert {row["agent"] for row in rows} == {"tiny-0", "tiny-1"}
    goal = next(row for row in rows if (row["where"], row["measure"]) == ("training", "goal"))
    assert f"{float(goal['estimate']):.2f} [{float(goal['low']):.2f}, {float(goal['high']):.2f}]" in training


def test_of_many_seeds_the_line_over_them_stands_alone(table):
    rows = [
        {**row, "n": 10, "seed": seed, "agent": f"tiny-{seed}"}
        | {end: float(row[end]) for end in ("estimate", "low", "high")}
        for seed in range(MANY + 1)
        for row in table[1]
        if row["agent"] == "tiny-0"
    ]
    players = [line["player"] for line in next(iter(tables(rows))).lines]
    assert players == [
        "tiny over 11 seeds",
        "tiny over 11 seeds, greedy",
        "optimal play",
        "proxy play",
        "random walk",
    ]


def test_elsewhere_is_there_alone_and_json_will_do(gridlens, folders, tmp_path):
    code, said = gridlens(
        "evaluate", folders[0], "--dial", "rand_region=3", "--levels", 10, "--out", "there.json"
    )
    assert code == 0, said.err
    assert "there: cheese with size=5, rand_region=3, limit=15" in said.out
    rows = json.loads((tmp_path / "there.json").read_text())
    assert {row["where"] for row in rows} == {"there"}
    assert json.loads(rows[0]["dials"])["rand_region"] == 1
    assert json.loads(rows[0]["where_dials"])["rand_region"] == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--dial", "size=9"], "shape (2, 5, 5), but world 'cheese' of 9 x 9 cells gives (2, 13, 13)"),
        (["--world", "monster"], "gives (5, 15, 15)"),
        (["--over", "rand_region=1,,3"], "lacks a value"),
        (["--over", "rand_regoin=1"], "'rand_region'"),
        (["--over", "size=5,9"], "(2, 13, 13)"),
        (["--out", "table.xls"], ".csv or .json"),
    ],
)
def test_mistakes_are_one_sentence_before_anything_is_played(gridlens, folders, tmp_path, arguments, says):
    code, said = gridlens("evaluate", *folders, *arguments)
    assert code == 2
    assert [line for line in said.err.splitlines() if says in line] == said.err.splitlines()
    assert not list(tmp_path.iterdir())


def test_broken_off_it_shows_the_agents_that_are_done(gridlens, folders, tmp_path, monkeypatch):
    real, calls = evaluations.evaluate, []

    def evaluate(subject, *rest, **options):
        calls.append(subject.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(subject, *rest, **options)

    monkeypatch.setattr(evaluations, "evaluate", evaluate)
    code, said = gridlens("evaluate", *folders, "--levels", 10, "--out", "table.csv")
    assert code == 130
    assert "tiny-0, greedy" in said.out
    assert "tiny-1" not in said.out
    assert not list(tmp_path.iterdir())
