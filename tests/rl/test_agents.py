"""Agent folders opened: the same answers as the policy that was trained; what does not fit is named."""

import json
import shutil

import pytest
import torch

from core.artifacts import read_tensors, write_tensors
from core.errors import UnknownName, Unreadable, WeightsMismatch
from core.subject import run
from core.targets import Unit
from envs import engine
from envs.registry import world
from envs.vector import make_vec
from feature_viz.optimize import render
from rl.agents import info, load, see
from rl.training import TrainConfig, make_model, train

CONFIG = TrainConfig(
    dials={"size": 5, "limit": 20},
    steps=512,
    settings={"n_envs": 16, "rollout": 16, "batch": 64},
    snapshots="log:2",
    watched_levels=4,
)


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    return train(CONFIG, tmp_path_factory.mktemp("agents") / "corner").path


@pytest.fixture
def copied(agent, tmp_path):
    return shutil.copytree(agent, tmp_path / "copy")


def test_the_subject_answers_as_the_sb3_policy_does(agent):
    maze = world("cheese", **CONFIG.dials)
    model = make_model(CONFIG, make_vec(maze, 16, seed=0))
    model.policy.network.load_state_dict(read_tensors(agent / "policy.safetensors"))
    state = engine.reset(maze, range(50))
    subject, seen = load(agent), engine.observe(maze, state)
    answers = run(subject, see(maze, state, "window"))
    policy = model.policy.get_distribution(torch.from_numpy(seen)).distribution
    torch.testing.assert_close(answers["policy"].log_softmax(1), policy.logits)
    torch.testing.assert_close(answers["value"], model.policy.predict_values(torch.from_numpy(seen)))
    assert subject.heads == {"policy": ("up", "down", "left", "right"), "value": ("value",)}
    assert subject.spec.channels == ("wall", "cheese")
    assert subject.layers["conv"].spatial


def test_info_says_where_it_was_trained(agent):
    about = info(agent)
    assert about.world == world("cheese", size=5, limit=20)
    assert (about.name, about.view, about.network) == ("corner", "window", "small-conv")


def test_snapshots_open_and_differ(agent):
    first, last = load(agent, snapshot=0), load(agent, snapshot=512)
    assert first.fingerprint != last.fingerprint
    assert last.fingerprint == load(agent).fingerprint
    assert first.name == "corner at 0 steps"
    with pytest.raises(UnknownName, match="nearest valid one is '512'"):
        load(agent, snapshot=511)


def test_an_unknown_folder_is_met_with_the_nearest(agent):
    with pytest.raises(Unreadable, match="corner'"):
        load(agent.parent / "cornr")


def test_a_run_that_is_no_agent_is_refused(copied):
    (copied / "network.json").unlink()
    with pytest.raises(Unreadable, match="not an agent"):
        load(copied)


def test_an_unfinished_agent_is_refused(copied):
    (copied / "policy.safetensors").unlink()
    with pytest.raises(Unreadable, match="has not finished training"):
        load(copied)


def test_weights_cut_short_are_refused(copied):
    path = copied / "snapshots" / "0000000512.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Unreadable, match="not a whole safetensors file"):
        load(copied, snapshot=512)


def test_the_first_tensor_that_differs_is_named(copied):
    tensors = read_tensors(copied / "policy.safetensors")
    write_tensors(copied / "policy.safetensors", tensors | {"hidden2.weight": torch.zeros(64, 5)})
    with pytest.raises(WeightsMismatch, match=r"tensor 'hidden2.weight' is \(64, 5\); expected \(64, 128\)"):
        load(copied)
    write_tensors(copied / "policy.safetensors", {k: v for k, v in tensors.items() if k != "value.bias"})
    with pytest.raises(WeightsMismatch, match=r"tensor 'value.bias' is missing; expected \(1,\)"):
        load(copied)


def test_a_description_of_an_unknown_network_or_world_is_refused(copied):
    about = json.loads((copied / "network.json").read_text())
    for change in ({"network": "mpl"}, {"world": "chese"}):
        (copied / "network.json").write_text(json.dumps(about | change))
        with pytest.raises(UnknownName, match="nearest valid one"):
            load(copied)
    del about["view"]
    (copied / "network.json").write_text(json.dumps(about))
    with pytest.raises(Unreadable, match="does not say 'view'"):
        load(copied)


def test_pictures_of_a_policys_units_are_made_like_any_others(agent):
    subject = load(agent)
    (picture,) = render(subject, [Unit("conv", 3)], steps=24)
    assert picture.image.shape == subject.spec.shape
    assert picture.trace[-1] > picture.trace[0]
    assert picture._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("view", ["rgb", "flipped-rgb:4"])
def test_pictures_are_seen_from_nought_to_one(view):
    maze = world("cheese", size=5)
    seen = see(maze, engine.reset(maze, [0]), view)
    assert 0 < float(seen.max()) <= 1
