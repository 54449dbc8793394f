"""Agents that score actions, and agents with a memory, through every page, beside one with a policy."""

import re
import shlex
import shutil
import sys

import numpy as np
import pytest
import torch

from core.artifacts import write_csv, write_tensors
from core.runs import running
from core.subject import run
from core.targets import Output, parse
from envs import engine
from envs.observations import observation_shape
from envs.registry import world
from gridlens.cli import main
from gridlens.comparing.agents import compare_agents
from gridlens.comparing.asked import Settings, members
from gridlens.terminal.players import by_agent
from reports import html
from rl.acting import EPSILON, ask, blank
from rl.agents import describe, info, load, see
from rl.fields import field_of, shown_levels
from rl.goals import parted
from rl.networks import build
from rl.study import StudyConfig, study

MAZE = world("cheese", size=7, rand_region=1, limit=12)
KINDS = {
    "with-policy": ("small-conv", "ppo", {}),
    "with-q": ("mlp", "dqn", {"heads": "q"}),
    "with-quantiles": ("small-conv", "qrdqn", {"heads": "q", "quantiles": 5}),
    "with-memory": ("mlp-lstm", "recurrent-ppo", {}),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folder of an untrained agent of each kind."""
    home = tmp_path_factory.mktemp("agents")
    for name, (network, algorithm, heads) in KINDS.items():
        made = build(network, shape=observation_shape(MAZE, "window"), actions=4, seed=0, **heads)
        for head in ("q", "quantiles", "policy"):
            if head in made.outputs:  # first weights are so small that every agent would do the same
                made.get_submodule(head).weight.data *= 300
        with running(home / name, kind="agent", parameters={"steps": 640}, seeds={"train": 7}):
            describe(home / name, made, world=MAZE, view="window", name=network, algorithm=algorithm)
            write_tensors(home / name / "policy.safetensors", made.state_dict())
            write_csv(home / name / "curve.csv", [{"steps": k, "heldout_goal": 0.1} for k in (0, 640)])
    return home


@pytest.mark.parametrize("name", KINDS)
def test_a_folder_says_what_its_agent_is_and_opens(folders, name):
    network, algorithm, heads = KINDS[name]
    about, subject = info(folders / name), load(folders / name)
    assert (about.network, about.algorithm, about.seed, about.steps) == (network, algorithm, 7, 640)
    assert set(subject.heads) == ({"q"} if heads else {"policy", "value"})
    state = engine.reset(MAZE, [1, 2])
    made = build(network, shape=(2, 9, 9), actions=4, **heads)
    made.load_state_dict(subject.module.state_dict())
    seen = see(MAZE, state, "window")
    for head in subject.heads:
        torch.testing.assert_close(run(subject, seen)[head], made(seen)[head])


def test_an_old_folder_is_a_ppo_agents(folders, tmp_path):
    old = shutil.copytree(folders / "with-policy", tmp_path / "old")
    text = (old / "network.json").read_text()
    assert '"algorithm"' in text
    (old / "network.json").write_text(re.sub(r'\s*"algorithm": "ppo",', "", text))
    assert info(old).algorithm == "ppo"
    assert load(old).fingerprint == load(folders / "with-policy").fingerprint


def test_a_map_of_a_q_agent_shows_its_best_actions_and_their_worth(folders):
    subject = load(folders / "with-q")
    broken = parted(MAZE)
    (level,) = shown_levels(broken, 1)
    made = field_of(subject, broken, level)
    stands = np.isfinite(made.values)
    assert made.head == "q"
    assert set(np.unique(made.policy[stands])) == {0, 1}
    assert (made.policy[stands].sum(1) == 1).all()
    start = engine.reset(broken, [level])
    scores = run(subject, see(broken, start, "window"))["q"][0]
    at = tuple(start.agent[0])
    assert made.values[at] == pytest.approx(float(scores.max()), rel=1e-5)
    assert made.policy[at].argmax() == int(scores.argmax())


def test_a_study_of_a_q_agent_explains_the_action_it_finds_best(folders, tmp_path):
    config = StudyConfig(levels=5, samples=200, mazes=1, concepts=("goal rows below",))
    subject = load(folders / "with-quantiles")
    made = study(subject, MAZE, tmp_path / "study", config=config)
    assert {(one.target, one.method) for one in made.explained} == {
        ("q", "integrated-gradients"),
        ("q", "grad-cam"),
    }
    (exact,) = (one for one in made.explained if one.method == "integrated-gradients")
    best = int(run(subject, exact.inputs)["q"][0].argmax())
    assert exact.labels == (MAZE.actions[best],)
    assert exact.attribution.completeness_gap.abs().max() < 0.05
    assert [one.layer for one in made.probes] == ["input", *subject.layers]
    assert parse("q:up", subject) == Output("q", 0)


def test_agents_of_every_kind_stand_on_one_comparison_page(folders, tmp_path):
    page = compare_agents(
        members([str(folders / name) for name in KINDS]),
        Settings(levels=20, mazes=1, samples=100),
        out=tmp_path / "page",
    )
    text = re.sub(r"<[^>]*>|data:\S*", " ", html.page(page))
    assert "For with-q and with-quantiles, trained to score actions: the best one" in text
    assert all(name in text for name in KINDS)


def test_watching_a_q_agent_shows_what_it_would_do_when_it_samples(folders):
    choice = by_agent(folders / "with-q", MAZE, seed=0)(engine.reset(MAZE, [1]))
    assert max(choice.probabilities) == pytest.approx(1 - 0.75 * EPSILON)
    assert sum(choice.probabilities) == pytest.approx(1)


def test_watching_an_agent_with_a_memory_a_step_back_takes_its_memory_back(folders):
    subject, player = load(folders / "with-memory"), by_agent(folders / "with-memory", MAZE, seed=0)
    state, memory, expected = engine.reset(MAZE, [1]), blank(subject, 1), []
    states = []
    for _ in range(4):
        states.append(engine.take(state, slice(None)))
        said = ask(subject, see(MAZE, state, "window"), memory)
        expected.append(float(said["value"]))
        memory = said["memory"]
        assert player(states[-1]).value == pytest.approx(expected[-1], rel=1e-5)
        engine.step(MAZE, state, np.array([0]))
    assert len({round(value, 6) for value in expected}) > 1
    for index in (2, 3, 1, 0):
        assert player(states[index]).value == pytest.approx(expected[index], rel=1e-5)


@pytest.mark.parametrize("name", ["with-q", "with-memory"])
@pytest.mark.parametrize(
    "command",
    [
        "play --agent",
        "evaluate --levels 10",
        "attribute --count 1",
        "probe --samples 60 --moments 1 --concept 'goal row'",
    ],
)
def test_every_command_takes_them(folders, name, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    verb, *options = shlex.split(command)
    arguments = (
        [verb, *options, str(folders / name)] if verb == "play" else [verb, str(folders / name), *options]
    )
    monkeypatch.setattr(sys, "argv", ["gridlens", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capsys.readouterr().err
