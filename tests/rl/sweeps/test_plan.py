"""Sweep files: products and names; every slip is found before anything is done, and said to the line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, Unreadable
from rl.presets import PRESETS
from rl.sweeps import plan, read
from rl.sweeps.task import from_json

FILE = """\
name = "halls"

[[agents]]
world = "coin"
algorithm = "ppo"
seeds = 2
steps = 1000
snapshots = "linear:2"

[agents.dials]
random_percent = [0, 2.5]

[agents.settings]
gamma = 0.9

[[agents]]
preset = "cheese-corner"
network = ["mlp", "small-conv"]
seeds = [7]

[evaluate]
levels = 50

[evaluate.over]
random_percent = [0, 100]
"""
KEYS = {"": 1, "agents": 5, "agents.dials": 11, "agents.settings": 14, "evaluate": 22, "evaluate.over": 25}
"""Table to a line of FILE before which another key of it may stand."""


def sweep(tmp_path, text):
    path = tmp_path / "halls.toml"
    path.write_text(text)
    return read(path)


def test_every_block_is_the_product_of_its_lists(tmp_path):
    found = sweep(tmp_path, FILE)
    assert found.name == "halls"
    assert [task.name for task in found.tasks] == [
        "coin-random_percent=0-ppo-seed0",
        "coin-random_percent=0-ppo-seed1",
        "coin-random_percent=2.5-ppo-seed0",
        "coin-random_percent=2.5-ppo-seed1",
        "cheese-mlp-ppo-seed7",
        "cheese-small-conv-ppo-seed7",
    ]
    third = found.tasks[2]
    assert (third.config.steps, third.config.snapshots) == (1000, "linear:2")
    assert (third.config.dials["random_percent"], third.config.settings["gamma"]) == (2.5, 0.9)
    assert third.group == "coin-random_percent=2.5-ppo"
    corner = PRESETS["cheese-corner"].config
    assert found.tasks[4].config.dials == corner.dials
    assert found.tasks[4].config.settings == corner.settings
    assert third.evaluation.levels == 50
    assert third.evaluation.over == {"random_percent": [0, 100]}
    assert found.tasks[4].evaluation.over == {}  # cheese has no such dial
    assert found.source == FILE


def test_a_task_is_the_same_after_a_journey_as_text(tmp_path):
    for task in sweep(tmp_path, FILE).tasks:
        assert from_json(task.as_json()) == task


def test_another_value_or_seed_renames_nothing(tmp_path):
    names = {task.name for task in sweep(tmp_path, FILE).tasks}
    more = FILE.replace("[0, 2.5]", "[0, 1, 2.5]").replace("seeds = 2", "seeds = 3")
    assert names < {task.name for task in sweep(tmp_path, more).tasks}


def test_blocks_that_differ_are_told_apart_without_being_named(tmp_path):
    block = '[[agents]]\nworld = "monster"\nseeds = 1\ndials.limit = {}\n'
    names = [task.name for task in sweep(tmp_path, block.format(25) + block.format(200)).tasks]
    assert names == ["monster-limit=25-ppo-seed0", "monster-limit=200-ppo-seed0"]
    named = (
        '[[agents]]\nname = "short"\nworld = "monster"\n[[agents]]\nname = "long"\npreset = "monster-200"\n'
    )
    assert [task.name for task in sweep(tmp_path, named).tasks] == ["short-ppo-seed0", "long-ppo-seed0"]


@given(
    table=st.sampled_from(sorted(KEYS)), key=st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
)
@settings(max_examples=60, deadline=None)
def test_any_unknown_key_is_answered_with_a_known_one_and_its_line(tmp_path_factory, table, key):
    known = {
        *plan.TOP,
        *plan.BLOCK,
        *plan.FURTHER,
        *plan.EVALUATE,
        "size",
        "limit",
        "gamma",
        "random_percent",
    }
    if key in known or key in {"clip", "batch", "epochs", "entropy", "rollout"}:
        return
    lines = FILE.splitlines()
    lines.insert(KEYS[table], f"{key} = [1]" if table == "evaluate.over" else f"{key} = 1")
    with pytest.raises(BadInput) as refused:
        sweep(tmp_path_factory.mktemp("plan"), "\n".join(lines))
    said = str(refused.value)
    assert repr(key) in said
    assert "nearest valid one is" in said
    if table not in ("agents.dials", "agents.settings"):  # those are the world's and the algorithm's to know
        assert f"line {KEYS[table] + 1} of 'halls.toml'" in said
    else:
        assert "[[agents]] 1" in said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seeds = 2", "sead = 2", r"line 6 of 'halls.toml', \[\[agents\]\] 1: unknown key 'sead'.*'seeds'"),
        ("seeds = [7]", "seeds = [7, 7]", "line 19.*'seeds' is .*different whole numbers"),
        ("seeds = 2", "seeds = 0", "'seeds' is 0; expected how many"),
        ("seeds = 2", "seeds = true", "'seeds' is True"),
        ("steps = 1000", "steps = 1e3", "line 7.*'steps' is 1000.0; expected a whole number"),
        ("steps = 1000", "steps = 0", "'steps' is 0; expected at least 1"),
        (
            'algorithm = "ppo"',
            'algorithm = ["ppo", "pop"]',
            r"\[\[agents\]\] 1.*algorithm pop.*nearest.*'ppo'",
        ),
        ("[0, 2.5]", "[0, 250]", r"\[\[agents\]\] 1.*random_percent 250"),
        ("[0, 2.5]", "[0, 0]", "expected each value once"),
        ("[0, 2.5]", "[]", "expected each value once"),
        ("gamma = 0.9", "gamma = 9.0", "'gamma' is 9.0; expected"),
        ("gamma = 0.9", "gama = 0.9", "'gama'; the nearest valid one is 'gamma'"),
        ('"small-conv"', '"smal-conv"', r"\[\[agents\]\] 2 .*nearest valid one is 'small-conv'"),
        ('"cheese-corner"', '"cheese-cornr"', r"\[\[agents\]\] 2.*'cheese-corner'"),
        ('"linear:2"', '"liner:2"', "'linear'"),
        ('world = "coin"', "", "line 3 of 'halls.toml'.* names neither a world nor a preset"),
        ("levels = 50", "levels = 0", "line 22.*'levels' is 0"),
        ("levels = 50", 'levels = "50"', "line 22.*'levels' is '50'; expected a whole number"),
        ("random_percent = [0, 100]", "random_percent = 3", "line 25.*expected a list"),
        (
            "random_percent = [0, 100]",
            "random_percnt = [3]",
            "line 25.*nearest valid one is 'random_percent'",
        ),
        ("random_percent = [0, 100]", "random_percent = [0, 101]", "line 25.*101"),
        (
            "random_percent = [0, 100]",
            "size = [5, 7]",
            r"size 5 an agent of \[\[agents\]\] 2 would see another shape",
        ),
        ("[[agents]]", "[agents]", "TOML|blocks that begin"),
        ('name = "halls"', "name = 3", "line 1.*'name' is 3; expected text"),
        ('name = "halls"', "name = ", "is not TOML: .*line 1"),
    ],
)
def test_a_slip_is_one_sentence(tmp_path, old, new, says):
    assert old in FILE
    with pytest.raises(BadInput, match=says) as refused:
        sweep(tmp_path, FILE.replace(old, new))
    assert "\n" not in str(refused.value)


def test_the_same_agent_twice(tmp_path):
    block = '[[agents]]\nworld = "coin"\nseeds = {}\n'
    with pytest.raises(BadInput, match=r"'coin-ppo-seed1' twice, in \[\[agents\]\] 1 and 2"):
        sweep(tmp_path, block.format(2) + block.format("[1]"))


def test_no_agents_and_no_file(tmp_path):
    with pytest.raises(BadInput, match=r"no \[\[agents\]\]"):
        sweep(tmp_path, "")
    with pytest.raises(Unreadable, match="no sweep file"):
        read(tmp_path / "none.toml")
