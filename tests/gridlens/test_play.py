"""``gridlens play`` and ``gridlens worlds`` where there is no terminal: text, line by line."""

import sys

import pytest

from core.artifacts import write_tensors
from core.runs import running
from envs import registry
from envs.observations import observation_shape
from envs.pictures.moments import chooser, held_out, moments
from envs.registry import WORLDS
from gridlens.cli import main
from rl.agents import describe
from rl.networks import build


@pytest.fixture
def gridlens(monkeypatch, tmp_path, capsys):
    """Run the command line in an empty folder: exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["gridlens", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def agent(tmp_path):
    """The folder of an untrained agent."""
    maze = registry.world("cheese", size=7, limit=12)
    network = build("mlp", shape=observation_shape(maze, "window:5"), actions=4, seed=0)
    with running(tmp_path / "agent", kind="agent", parameters={}):
        describe(tmp_path / "agent", network, world=maze, view="window:5", name="mlp")
        write_tensors(tmp_path / "agent" / "policy.safetensors", network.state_dict())
    return tmp_path / "agent"


def test_a_policy_plays_step_by_step(gridlens):
    code, out, _ = gridlens("play", "cheese", "--dial", "size=7", "--policy", "intended", "--seed", "4")
    maze = registry.world("cheese", size=7)
    played = list(moments(maze, chooser(maze, "intended", seed=4), level=held_out(4)))
    assert code == 0
    assert out.count("step ") == len(played)
    assert out.startswith("step 0 of 100: start, reward 0")
    assert "reward 1 (so far 1), hidden performance 1, happened: cheese (intended)" in out
    assert "terminated" in out


def test_an_agent_brings_its_world_its_dials_and_its_view(gridlens, agent):
    code, out, _ = gridlens("play", "--agent", agent)
    assert code == 0
    assert "step 0 of 12: start" in out
    assert out.count("\n#######\n#") == 13
    again = gridlens("play", "--agent", agent)[1]
    other = gridlens("play", "--agent", agent, "--seed", "1", "--level", held_out(0))[1]
    assert out == again != other
    shorter = gridlens("play", "cheese", "--agent", agent, "--dial", "limit=3")[1]
    assert "step 3 of 3" in shorter


def test_steps_and_film(gridlens, tmp_path):
    code, out, _ = gridlens("play", "cheese", "--policy", "random", "--steps", "4", "--film", "out.gif")
    assert code == 0
    assert "step 4 of 100" in out
    assert "step 5" not in out
    assert out.splitlines()[-1] == "out.gif"
    assert (tmp_path / "out.gif").read_bytes()[:3] == b"GIF"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["play", "cheese"], "needs a terminal"),
        (["play", "chese", "--policy", "random"], "'cheese'"),
        (["play", "cheese", "--policy", "intnded"], "'intended'"),
        (["play", "cheese", "--policy", "random", "--film", "a.avi"], ".gif or .mp4"),
        (["play", "cheese", "--policy", "random", "--dial", "size=8"], "odd number"),
        (["play", "cheese", "--policy", "random", "--view", "windo"], "'window'"),
        (["play", "cheese", "--policy", "random", "--level", "-1"], "level seeds"),
        (["play", "cheese", "--policy", "random", "--agent", "agent"], "exclude"),
        (["play", "--agent", "nowhere"], "nowhere"),
        (["play", "--agent", "agent", "--dial", "size=9", "--view", "grid"], ""),
        (["play", "nowhere.py", "--policy", "random"], "nowhere.py"),
        (["worlds", "chese"], "'cheese'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_are_one_sentence(gridlens, agent, arguments, says):
    code, out, said = gridlens(*arguments)
    if not says:
        assert code == 0
        return
    assert code == 2
    assert said.startswith("gridlens: ")
    assert said.count("\n") == 1
    assert says in said
    assert out == ""


@pytest.mark.parametrize("name", list(WORLDS))
def test_every_world_is_told_whole(gridlens, name):
    assert name in gridlens("worlds")[1]
    code, out, _ = gridlens("worlds", name)
    spec = WORLDS[name]
    assert code == 0
    for word in [*spec.dials.__annotations__, *spec.actions, *spec.policies, *(e.name for e in spec.events)]:
        assert word in out
    for names in spec.choices.values():
        assert all(choice in out for choice in names)


@pytest.mark.parametrize(
    ("name", "dial", "choice"),
    [
        (name, dial, choice)
        for name, spec in WORLDS.items()
        for dial, names in spec.choices.items()
        for choice in names
    ],
)
def test_dials_that_are_names_are_given_by_name(gridlens, name, dial, choice):
    code, out, said = gridlens("play", name, "--policy", "random", "--steps", 2, "--dial", f"{dial}={choice}")
    assert (code, said) == (0, "")
    assert out.count("step ") == 3
