"""Organisms: what ships loads, is small and says how it was made; shipping takes paths out and measures."""

import json
import shutil

import pytest

from core.artifacts import read_csv, read_json
from core.errors import BadInput, RunConflict, UnknownName, Unreadable
from core.runs import read_manifest
from core.subject import run
from envs.registry import world
from rl import organism
from rl.agents import info, load, see
from rl.misgeneralisation import outcome
from rl.organism import LARGEST, LARGEST_TOGETHER, about, folder_of, names, organisms
from rl.players import AGENT, players
from rl.rollouts import level_seeds
from rl.shipping import ship
from rl.training import TrainConfig, train

SAYS = "Runs to the corner of small mazes."
TINY = {"n_envs": 16, "rollout": 16, "batch": 64}


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    config = TrainConfig(dials={"size": 5, "limit": 20}, steps=512, watched_levels=4, settings=TINY)
    return train(config, tmp_path_factory.mktemp("agents") / "corner").path


@pytest.fixture
def copied(agent, tmp_path):
    path = shutil.copytree(agent, tmp_path / "copy")
    said = json.loads((path / "manifest.json").read_text())
    said["command"] = "gridlens train cheese --dial size=5 --out /home/somebody/agents/corner"
    (path / "manifest.json").write_text(json.dumps(said))
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(organism, "HOME", tmp_path / "organisms")
    return tmp_path / "organisms"


@pytest.mark.parametrize("name", names())
def test_what_ships_loads_and_says_how_it_was_made(name):
    one = about(name)
    known, subject = info(name), load(name)
    assert known.name == subject.name == name
    assert one.command.startswith("gridlens ")
    assert 20 < len(one.says) <= 200
    assert "\n" not in one.says
    assert read_manifest(one.folder)["state"] == "finished"
    for step in (None, *one.snapshots):
        answers = run(
            organism.organism(name, snapshot=step), see(known.world, start(known.world), known.view)
        )
        assert next(iter(answers.values())).isfinite().all()
    assert {"training", "shifted"} <= {row["where"] for row in one.measured}
    assert read_csv(one.folder / "curve.csv")


def start(one):
    from envs import engine

    return engine.reset(one, level_seeds(4, split="test", seed=0))


def test_what_ships_is_small():
    sizes = [path.stat().st_size for path in organism.HOME.rglob("*") if path.is_file()]
    assert max(sizes, default=0) <= LARGEST
    assert sum(sizes) <= LARGEST_TOGETHER


@pytest.mark.skipif("monster-25" not in names(), reason="monster-25 does not ship yet")
def test_the_numbers_of_one_come_out_when_it_plays():
    one, known = about("monster-25"), info("monster-25")
    levels = level_seeds(one.evaluated["levels"], split="test", seed=one.evaluated["seed"])
    turn = players(
        load("monster-25"),
        known.world,
        view=known.view,
        seed=one.evaluated["seed"],
        steps=one.evaluated["steps"],
    )[AGENT]
    played = outcome(AGENT, "training", turn(levels), known.world)
    said = {r["measure"]: r for r in one.measured if (r["where"], r["player"]) == ("training", AGENT)}
    assert set(played.measures) <= set(said)
    for measure, value in played.measures.items():  # exactly, on the machine that measured
        assert said[measure]["low"] - 1e-9 <= value.estimate <= said[measure]["high"] + 1e-9
        assert said[measure]["n"] == value.n


def test_shipping_measures_and_takes_paths_out(copied, home):
    made = ship(copied, "tiny-corner", says=SAYS, kept=[0], levels=10, steps=20)
    assert made == about("tiny-corner") == organisms()["tiny-corner"]
    assert made.command == "gridlens train cheese --dial size=5 --out runs/corner"
    assert made.measured_by == "gridlens evaluate tiny-corner --levels 10 --seed 0 --steps 20"
    assert made.snapshots == (0,)
    assert "/home" not in "".join(path.read_text() for path in made.folder.glob("*.json"))
    assert [path.name for path in home.iterdir()] == ["tiny-corner"]
    assert load("tiny-corner").fingerprint == load(copied).fingerprint
    assert load("tiny-corner", snapshot=0).fingerprint == load(copied, snapshot=0).fingerprint
    assert {row["player"] for row in made.measured} >= {"agent", "random walk"}
    with pytest.raises(RunConflict, match="already"):
        ship(copied, "tiny-corner", says=SAYS)


def test_what_cannot_ship_leaves_nothing_behind(copied, home, monkeypatch):
    with pytest.raises(BadInput, match="small letters"):
        ship(copied, "../corner", says=SAYS)
    with pytest.raises(BadInput, match="one sentence"):
        ship(copied, "corner", says="")
    with pytest.raises(UnknownName, match="snapshot"):
        ship(copied, "corner", says=SAYS, kept=[5])
    monkeypatch.setattr("rl.shipping.LARGEST", 1000)
    with pytest.raises(BadInput, match=r"policy\.safetensors has .* at most 1,000"):
        ship(copied, "corner", says=SAYS, levels=10)
    said = read_json(copied / "manifest.json")
    (copied / "manifest.json").write_text(json.dumps(said | {"state": "running"}))
    with pytest.raises(BadInput, match="finished"):
        ship(copied, "corner", says=SAYS)
    (copied / "manifest.json").write_text(json.dumps(said | {"command": "python train.py"}))
    with pytest.raises(BadInput, match=r"train\.py"):
        ship(copied, "corner", says=SAYS)
    assert not list(home.glob("*"))
    assert not list(home.glob(".*"))


def test_a_name_is_an_own_folder_first_then_an_organism(copied, home, tmp_path, monkeypatch):
    ship(copied, "tiny", says=SAYS, levels=10, steps=20)
    monkeypatch.chdir(tmp_path)
    assert folder_of("tiny") == home / "tiny"
    assert info("tiny").world == world("cheese", size=5, limit=20)
    shutil.copytree(copied, tmp_path / "tiny")
    assert folder_of("tiny").resolve() == tmp_path / "tiny"
    shutil.copytree(copied, tmp_path / "runs" / "corner-runner")
    with pytest.raises(Unreadable, match="nearest is 'runs/corner-runner'"):
        load("corner-runer")
    shutil.rmtree(tmp_path / "tiny")
    with pytest.raises(Unreadable, match="nearest is 'tiny'"):
        info("tinny")
    with pytest.raises(UnknownName, match="nearest valid one is 'tiny'"):
        organism.organism("tny")
