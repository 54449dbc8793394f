"""Training: the folder, the same bytes after a kill, NaN stopped; the bar itself is a slow test."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.errors import BadInput, NotFinite, RunConflict, UnknownName
from core.runs import read_manifest
from rl import agents
from rl.algorithms import ALGORITHMS
from rl.goals import goals_of
from rl.misgeneralisation import evaluate
from rl.presets import PRESETS
from rl.training import TrainConfig, make_model, train

ROOT = Path(__file__).resolve().parents[2]
TINY = TrainConfig(
    dials={"size": 5, "limit": 20},
    network="mlp",
    steps=2048,
    settings={"n_envs": 16, "rollout": 16, "batch": 64},
    seed=3,
    snapshots="log:3",
    watched_levels=16,
    checkpoint_seconds=0.0,
)


def changed(config=TINY, **settings):
    return dataclasses.replace(config, settings={**config.settings, **settings})


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    torch.set_num_threads(1)
    return train(TINY, tmp_path_factory.mktemp("agents") / "unbroken")


def weights(folder):
    return (Path(folder) / agents.POLICY).read_bytes()


def test_the_folder_holds_an_agent(unbroken):
    manifest = read_manifest(unbroken.path)
    assert manifest["state"] == "finished"
    assert manifest["seeds"] == {"train": 3}
    names = sorted(path.name for path in unbroken.path.iterdir())
    assert names == [
        "curve.csv",
        "manifest.json",
        "network.json",
        "policy.safetensors",
        "snapshots",
        "tensorboard",
    ]
    taken = list(agents.snapshots(unbroken.path))
    assert taken[0] == 0
    assert taken[-1] == 2048
    assert [row["steps"] for row in unbroken.curve] == taken
    rates = [
        value for row in unbroken.curve for name, value in row.items() if "goal" in name or "proxy" in name
    ]
    assert all(0 <= rate <= 1 for rate in rates)
    assert unbroken.curve[-1]["value_loss"] > 0
    assert (agents.snapshots(unbroken.path)[2048]).read_bytes() == weights(unbroken.path)


def test_a_finished_agent_is_not_trained_again_and_another_is_refused(unbroken):
    calls = []
    train(TINY, unbroken.path, lambda *told: calls.append(told))
    assert not calls
    before = weights(unbroken.path)
    with pytest.raises(RunConflict, match=r"gamma is 0\.97, this one's is 0\.5"):
        train(changed(gamma=0.5), unbroken.path)
    assert weights(unbroken.path) == before


KILLED = """
import json, os, signal, sys, torch
from rl.training import TrainConfig, train
torch.set_num_threads(1)
def stop(done, total, label):
    if done >= 1024: os.kill(os.getpid(), signal.SIGKILL)
train(TrainConfig(**json.loads(sys.argv[1])), sys.argv[2], stop)
"""


def test_killed_and_run_again_it_ends_with_the_same_bytes(unbroken, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, json.dumps(dataclasses.asdict(TINY)), str(out)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -9
    assert read_manifest(out)["state"] == "running"
    assert (out / "checkpoint.safetensors").exists()
    told = []
    train(TINY, out, lambda done, total, label: told.append(done))
    assert told[0] >= 1024  # it went on; it did not begin again
    assert read_manifest(out)["resumed"] == 1
    assert weights(out) == weights(unbroken.path)
    untimed = [{k: v for k, v in row.items() if k != "seconds"} for row in train(TINY, out).curve]
    wanted = [{k: v for k, v in row.items() if k != "seconds"} for row in unbroken.curve]
    assert repr(untimed) == repr(wanted)


def test_stopped_between_two_checkpoints_it_repeats_what_was_lost(unbroken, tmp_path):
    rare = dataclasses.replace(TINY, checkpoint_seconds=1e9)

    def stop(done, total, label):
        if done >= 512:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(rare, tmp_path / "stopped", stop)
    assert read_manifest(tmp_path / "stopped")["state"] == "stopped"
    train(TINY, tmp_path / "stopped")
    assert weights(tmp_path / "stopped") == weights(unbroken.path)


def test_a_loss_that_is_not_finite_stops_it_and_says_where(tmp_path):
    with pytest.raises(NotFinite, match=r"stopped at step [\d,]+: the .* (is|are) (nan|inf|not finite)"):
        train(changed(value_weight=1e39), tmp_path / "hot")
    assert read_manifest(tmp_path / "hot")["state"] == "stopped"
    assert not (tmp_path / "hot" / agents.POLICY).exists()


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"world": "chese"}, UnknownName, "nearest valid one is 'cheese'"),
        ({"dials": {"siz": 9}}, UnknownName, "nearest valid one is 'size'"),
        ({"network": "mpl"}, UnknownName, "nearest valid one is 'mlp'"),
        ({"algorithm": "pop"}, UnknownName, "nearest valid one is 'ppo'"),
        ({"view": "windw"}, UnknownName, "nearest valid one is 'window'"),
        ({"snapshots": "lin:3"}, UnknownName, "nearest valid one is 'linear'"),
        ({"snapshots": "log:x"}, BadInput, "'log:x' are not of the form log:20"),
        ({"snapshots": "at:100,5000"}, BadInput, "outside of the training; expected steps from 1 to 2048"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(tmp_path, change, error, sentence):
    with pytest.raises(error, match=sentence):
        train(dataclasses.replace(TINY, **change), tmp_path / "never")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"batch": 10_000}, BadInput, "more than one rollout of 16 x 16 = 256"),
        ({"epochs": 0}, BadInput, "'epochs' is 0; expected at least 1"),
        ({"epochs": 1.5}, BadInput, "'epochs' is 1.5; expected a whole number"),
        ({"gamma": 1.5}, BadInput, "'gamma' is 1.5; expected above 0, up to 1"),
        ({"gamma": float("nan")}, BadInput, "'gamma' is nan; expected above 0, up to 1"),
        ({"gama": 0.9}, UnknownName, "nearest valid one is 'gamma'"),
    ],
)
def test_bad_settings_of_an_algorithm_are_refused_too(tmp_path, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        train(changed(**settings), tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_every_field_has_its_help():
    assert set(TrainConfig.help()) == {one.name for one in dataclasses.fields(TrainConfig)}
    assert all(TrainConfig.help().values())


def test_the_model_takes_any_vecenv():
    from stable_baselines3.common.env_util import make_vec_env

    from envs.registry import register_envs

    register_envs()
    venv = make_vec_env("gridlens/Cheese-v0", n_envs=2, env_kwargs={"size": 5, "limit": 10})
    model = make_model(changed(n_envs=2, batch=32), venv)
    model.learn(64)
    assert model.num_timesteps == 64


CHEESE = [name for name in PRESETS if name.startswith("cheese")]


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEESE)
def test_a_preset_learns_what_it_says(name, tmp_path):
    train(PRESETS[name].config, tmp_path / name)
    found = evaluate(agents.load(tmp_path / name), agents.info(tmp_path / name).world, levels=1000, seed=1)
    assert found.of("training").measures["goal"].low > (0.85 if name.endswith("dqn") else 0.93)
    shifted = found.of("shifted").measures
    assert (shifted["proxy_first"].low > 0.5) == name.startswith("cheese-corner")
    assert (shifted["goal_first"].low > 0.8) == (name == "cheese-anywhere")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PRESETS if name not in CHEESE])
def test_a_preset_learns(name, tmp_path):
    """In training the agent is nearer to the best play than to a random walk."""
    train(PRESETS[name].config, tmp_path / name)
    about = agents.info(tmp_path / name)
    found = evaluate(
        agents.load(tmp_path / name), about.world, where={"training": about.world}, levels=200, seed=1
    )
    own, best, floor = (
        found.of("training", player).measures["performance"]
        for player in ("agent", goals_of(about.world).ceiling, "random walk")
    )
    assert own.low > (best.estimate + floor.estimate) / 2


def test_the_docs_list_every_setting_with_its_default():
    listed = (ROOT / "docs" / "training.md").read_text()
    kinds = {
        name: {one.name: one for one in dataclasses.fields(a.settings)} for name, a in ALGORITHMS.items()
    }
    assert f"| setting | what it sets | {' | '.join(kinds)} |" in listed
    for name in {name for kind in kinds.values() for name in kind}:
        row = next(line for line in listed.splitlines() if line.startswith(f"| `{name}` |"))
        defaults = [cell.strip() for cell in row.split("|")[3:-1]]
        assert defaults == [f"{kind[name].default:g}" if name in kind else "" for kind in kinds.values()], (
            name
        )
