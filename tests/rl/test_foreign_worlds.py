"""Agents that stock stable-baselines3 trained on our gymnasium ids: opened for our worlds, everything works."""

import gymnasium
import pytest
import torch
from sb3_contrib import QRDQN
from stable_baselines3 import A2C, DQN, PPO

from core.attribution import attribute
from core.errors import BadInput
from core.subject import run
from core.targets import Output
from envs import engine
from envs.registry import register_envs, world
from rl.acting import action_head
from rl.agents import see
from rl.fields import field_of
from rl.foreign import open_zip
from rl.foreign.opening import info
from rl.misgeneralisation import evaluate
from rl.study import probe_layers

DIALS = {"size": 5, "limit": 20}
OFF_POLICY = {"buffer_size": 500, "learning_starts": 50}
CASES = {
    "ppo": (PPO, "MlpPolicy", "window", {"n_steps": 64, "batch_size": 32}),
    "a2c": (A2C, "MlpPolicy", "grid", {}),
    "dqn": (DQN, "MlpPolicy", "window", OFF_POLICY),
    "qr-dqn": (QRDQN, "MlpPolicy", "window", OFF_POLICY),
    "ppo cnn": (PPO, "CnnPolicy", "rgb", {"n_steps": 32, "batch_size": 32}),
    "dqn cnn": (DQN, "CnnPolicy", "rgb", OFF_POLICY),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Opens the agent of a case and the model that stable-baselines3 holds."""
    register_envs()
    made = {}

    def get(case):
        if case not in made:
            algorithm, policy, view, settings = CASES[case]
            env = gymnasium.make("gridlens/Cheese-v0", view=view, **DIALS)
            model = algorithm(policy, env, seed=0, **settings)
            model.learn(100 if "cnn" in case else 300)
            path = tmp_path_factory.mktemp("zips") / "stock.zip"
            model.save(path)
            made[case] = (path, model, view)
        return made[case]

    return get


@pytest.mark.parametrize("case", CASES)
def test_it_answers_and_acts_as_its_own(trained, case):
    path, model, view = trained(case)
    maze = world("cheese", **DIALS)
    opened = open_zip(path, maze, view=view)
    state = engine.reset(maze, range(30))
    answers = run(opened.subject, see(maze, state, view))[action_head(opened.subject)]
    theirs, _ = model.predict(engine.observe(maze, state, view), deterministic=True)
    assert (answers.argmax(1).numpy() == theirs).all()
    about = info(opened, maze, view)
    assert (about.algorithm, about.seed, about.steps) == (
        case.split()[0].replace("-", ""),
        0,
        model.num_timesteps,
    )
    assert about.network == ("nature-cnn" if "cnn" in case else "mlp")


@pytest.mark.parametrize("case", ["ppo", "qr-dqn", "dqn cnn"])
def test_goal_and_proxy_probes_attribution_and_maps(trained, case):
    path, _, view = trained(case)
    maze = world("cheese", **DIALS)
    subject = open_zip(path, maze, view=view).subject
    found = evaluate(subject, maze, view=view, levels=10)
    assert {one.where for one in found.outcomes} == {"training", "shifted"}
    assert found.of("shifted").measures["proxy"].n == 10
    head = action_head(subject)
    seen = see(maze, engine.reset(maze, [0, 1]), view)
    why = attribute(subject, seen, Output(head, 1))
    assert why.values.shape == seen.shape
    assert why.completeness_gap.abs().max() < 0.05 * why.values.abs().sum()
    (result, *_) = probe_layers(subject, maze, ["agent row"], view=view, samples=60)
    assert result.layer == "input"
    assert field_of(subject, maze, 0, view=view).values.shape == (5, 5)


def test_another_size_or_view_is_refused_with_both_shapes(trained):
    path, *_ = trained("ppo")
    with pytest.raises(BadInput, match=r"\(2, 5, 5\).*\(2, 13, 13\)"):
        open_zip(path, world("cheese", size=9))
    with pytest.raises(BadInput, match=r"\(2, 5, 5\).*view 'grid'.*\(3, 5, 5\)"):
        open_zip(path, world("cheese", **DIALS), view="grid")
    with pytest.raises(BadInput, match=r"4 outputs, but world 'tree' in view 'window:5' has \d actions"):
        open_zip(path, world("tree"), view="window:5")


def test_channels_are_named(trained):
    path, *_ = trained("ppo")
    subject = open_zip(path, world("cheese", **DIALS)).subject
    assert subject.spec.channels == ("wall", "cheese")
    assert torch.isfinite(run(subject, torch.zeros(1, 2, 5, 5))["value"]).all()
