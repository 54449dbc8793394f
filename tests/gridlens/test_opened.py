"""Any agent by the text that names it: folder, organism or zip; and the commands on agents of others."""

import gymnasium
import pytest
from sb3_contrib import MaskablePPO
from stable_baselines3 import DQN, PPO

import gridlens as gl
from core.artifacts import read_csv
from core.errors import BadInput, UnknownName, Unreadable
from envs.registry import register_envs, world
from gridlens.opened import Elsewhere, opened, place
from rl import organism
from rl.shipping import ship
from rl.training import TrainConfig, train


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """Zips of stock stable-baselines3: PPO trained for a moment on small mazes, DQN fresh in CartPole."""
    register_envs()
    folder = tmp_path_factory.mktemp("zips")
    env = gymnasium.make("gridlens/Cheese-v0", size=5, limit=20)
    model = PPO("MlpPolicy", env, seed=0, n_steps=64, batch_size=32, policy_kwargs={"net_arch": [16]})
    model.learn(128).save(folder / "maze.zip")
    DQN("MlpPolicy", "CartPole-v1", seed=0, buffer_size=50).save(folder / "pole.zip")
    return folder


def test_one_function_opens_folders_organisms_and_zips(stock, tmp_path, monkeypatch):
    monkeypatch.setattr(organism, "HOME", tmp_path / "organisms")
    tiny = {"n_envs": 16, "rollout": 16, "batch": 64}
    config = TrainConfig(dials={"size": 5, "limit": 20}, steps=256, watched_levels=4, settings=tiny)
    folder = train(config, tmp_path / "corner").path
    said = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(said.replace('"command": "', '"command": "gridlens train '))
    ship(folder, "corner-runner", says="Runs to the corner.", kept=[0], levels=10, steps=10)
    ours = gl.open_agent(folder)
    assert gl.open_agent("corner-runner").fingerprint == ours.fingerprint
    assert gl.organism("corner-runner").fingerprint == ours.fingerprint
    assert gl.open_agent("corner-runner", snapshot=0).fingerprint != ours.fingerprint
    foreign = gl.open_agent(stock / "maze.zip", "cheese", dials={"size": 5})
    assert foreign.spec.channels == ours.spec.channels
    assert gl.open_agent(stock / "pole.zip", "CartPole-v1").heads == {"q": ("left", "right")}
    assert list(gl.organisms()) == ["corner-runner"]
    with pytest.raises(BadInput, match="agent folder"):
        gl.open_agent(folder, "cheese")
    with pytest.raises(BadInput, match="--world"):
        gl.open_agent(stock / "maze.zip")
    with pytest.raises(BadInput, match="snapshots"):
        gl.open_agent(stock / "maze.zip", "cheese", snapshot=3)
    with pytest.raises(Unreadable, match="corner-runner"):
        gl.open_agent("corner-runer")
    with pytest.raises(UnknownName, match="'cheese'"):
        gl.open_agent(stock / "maze.zip", "chese")


def test_what_to_know_comes_as_a_warning(tmp_path):
    env = gymnasium.make("gridlens/Cheese-v0", size=5)
    env.action_masks = lambda: [True] * 4
    MaskablePPO("MlpPolicy", env, seed=0).save(tmp_path / "masked.zip")
    with pytest.warns(UserWarning, match="masks"):
        gl.open_agent(tmp_path / "masked.zip", "gridlens/Cheese-v0", dials={"size": 5})


def test_a_place_is_a_world_of_ours_by_name_or_id_or_an_id():
    assert place("gridlens/CheeseAnywhere-v0", {"size": 7}) == world("cheese", size=7, rand_region=63)
    assert place("cheese", {"size": 7}) == world("cheese", size=7)
    assert place("CartPole-v1", {}) == "CartPole-v1"
    with pytest.raises(BadInput, match="no dials"):
        place("CartPole-v1", {"size": 7})


def test_what_is_known_of_a_zip(stock):
    found = opened(stock / "maze.zip", Elsewhere("cheese", {"size": 5, "limit": 20}))
    assert (found.agent.algorithm, found.agent.network, found.agent.steps) == ("ppo", "mlp", 128)
    assert found.agent.world == world("cheese", size=5, limit=20)
    pole = opened(stock / "pole.zip", Elsewhere("CartPole-v1"))
    assert (pole.agent, pole.env_id, pole.algorithm) == (None, "CartPole-v1", "DQN")
    with pytest.raises(BadInput, match="no views"):
        opened(stock / "pole.zip", Elsewhere("CartPole-v1", view="grid"))


def test_a_zip_is_evaluated_in_a_world_of_ours_as_an_agent_of_ours(stock, gridlens, tmp_path):
    code, said = gridlens(
        *("evaluate", stock / "maze.zip", "--world", "cheese", "--dial", "size=5", "--dial", "limit=20"),
        *("--levels", 10, "--out", "table.csv"),
    )
    assert code == 0, said.err
    rows = read_csv(tmp_path / "table.csv")
    assert {"training", "shifted"} <= {row.get("where") or row["levels"] for row in rows}
    assert {row["player"] for row in rows} >= {"agent", "agent, greedy", "random walk"}
    code, said = gridlens("evaluate", stock / "maze.zip", "--world", "cheese")
    assert code == 2
    assert "(2, 5, 5)" in said.err
    assert "(2, 13, 13)" in said.err
    assert said.err.count("\n") == 1


def test_attribution_and_probes_of_zips(stock, gridlens, tmp_path):
    maze = ("--world", "cheese", "--dial", "size=5")
    code, said = gridlens("attribute", stock / "maze.zip", *maze, "--count", 1, "--out", "maze.html")
    assert code == 0, said.err
    code, said = gridlens("probe", stock / "maze.zip", *maze, "--concept", "goal row", "--samples", 60)
    assert code == 0, said.err
    assert "goal row" in (tmp_path / "runs/probe-maze/index.html").read_text()
    pole = ("--world", "CartPole-v1")
    code, said = gridlens("attribute", stock / "pole.zip", *pole, "--count", 2, "--out", "pole.html")
    assert code == 0, said.err
    assert "pole angular velocity" in (tmp_path / "pole.html").read_text()
    code, said = gridlens("probe", stock / "pole.zip", *pole, "--concept", "pole angle", "--samples", 120)
    assert code == 0, said.err
    assert "pole angle" in (tmp_path / "runs/probe-pole/index.html").read_text()
    for wrong in (
        ("probe", stock / "pole.zip", *pole, "--concept", "pole angel"),
        ("probe", stock / "pole.zip"),
    ):
        code, said = gridlens(*wrong)
        assert code == 2
        assert said.err.count("\n") == 1


def test_a_zip_is_watched_in_a_world_of_ours(stock, gridlens):
    code, said = gridlens("play", "cheese", "--agent", stock / "maze.zip", "--dial", "size=5", "--steps", 2)
    assert code == 0, said.err
    assert "@" in said.out
    code, said = gridlens("play", "--agent", stock / "maze.zip", "--steps", 2)
    assert code == 2
    assert "does not say its world" in said.err
