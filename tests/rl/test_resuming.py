"""Broken off and begun again, every algorithm ends with the bytes of an unbroken run; no point is logged twice."""

import dataclasses
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.artifacts import write_tensors
from core.errors import Unreadable
from core.runs import read_manifest
from rl.agents import POLICY
from rl.algorithms import ALGORITHMS
from rl.checkpoints import CHECKPOINT
from rl.networks import fitting
from rl.training import TrainConfig, train

ROOT = Path(__file__).resolve().parents[2]
ACTOR = {"n_envs": 16, "rollout": 8}
REPLAY = {"n_envs": 8, "rollout": 4, "batch": 16, "learning_starts": 200, "buffer": 480, "target_every": 100}
SETTINGS = {
    "ppo": {**ACTOR, "batch": 64, "epochs": 2},
    "a2c": ACTOR,
    "dqn": REPLAY,
    "qrdqn": {**REPLAY, "quantiles": 5},
    "recurrent-ppo": {**ACTOR, "batch": 64, "epochs": 2},
}


def config(algorithm, **changes):
    given = {
        "dials": {"size": 5, "limit": 20},
        "network": fitting("mlp", memory=ALGORITHMS[algorithm].memory),
        "algorithm": algorithm,
        "steps": 1500,
        "settings": SETTINGS[algorithm],
        "seed": 5,
        "snapshots": "at:500,1000",
        "watched_levels": 8,
        "checkpoint_seconds": 0.0,
    }
    return TrainConfig(**given | changes)


def outcome(folder):
    """Final and intermediate weights, and the curve without its clock."""
    weights = {path.name: path.read_bytes() for path in (folder / "snapshots").iterdir()}
    rows = [line.split(",") for line in (folder / "curve.csv").read_text().splitlines()]
    clock = rows[0].index("seconds")
    return (folder / POLICY).read_bytes(), weights, [row[:clock] + row[clock + 1 :] for row in rows]


def stopping(at):
    def stop(done, total, label):
        if done >= at:
            raise KeyboardInterrupt

    return stop


def broken_off(out, one, *, at):
    with pytest.raises(KeyboardInterrupt):
        train(one, out, stopping(at))
    return out


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return {name: train(config(name, checkpoint_seconds=1e9), folder / name).path for name in SETTINGS}


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_it_ends_with_the_same_bytes_wherever_it_was_broken_off(unbroken, tmp_path, algorithm):
    out = tmp_path / "agent"
    for at in (150, 600, 1100):  # before learning starts, before and after the buffer is full
        broken_off(out, config(algorithm), at=at)
        assert (out / CHECKPOINT).exists()
    train(config(algorithm), out)
    assert outcome(out) == outcome(unbroken[algorithm])
    assert read_manifest(out)["resumed"] == 3
    assert sorted(path.name for path in out.iterdir()) == [
        "curve.csv",
        "manifest.json",
        "network.json",
        "policy.safetensors",
        "snapshots",
        "tensorboard",
    ]


def test_what_was_done_since_the_last_checkpoint_is_done_again(unbroken, tmp_path):
    out = broken_off(tmp_path / "agent", config("dqn"), at=700)
    late = dataclasses.replace(config("dqn"), checkpoint_seconds=1e9)
    broken_off(out, late, at=1200)
    train(config("dqn"), out)
    assert outcome(out) == outcome(unbroken["dqn"])


def points(folder):
    found = EventAccumulator(str(folder / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    return {
        name: [(event.step, event.value) for event in found.Scalars(name)]
        for name in found.Tags()["scalars"]
        if not name.startswith("time/")
    }


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_the_curves_of_a_resumed_run_are_those_of_an_unbroken_one(unbroken, tmp_path, algorithm):
    out = broken_off(tmp_path / "agent", config(algorithm), at=700)
    broken_off(out, dataclasses.replace(config(algorithm), checkpoint_seconds=1e9), at=1200)
    time.sleep(1.1)  # event files are named, and read, by the second
    train(config(algorithm), out)
    found = points(out)
    assert found == points(unbroken[algorithm])
    steps = [step for step, _ in found["heldout/goal"]]
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert {"rollout/ep_rew_mean", "shifted/goal"} <= set(found)
    assert any(name.startswith("train/") and "loss" in name for name in found)


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_a_checkpoint_cut_short_is_refused_in_one_sentence(tmp_path, algorithm):
    out = broken_off(tmp_path / "agent", config(algorithm), at=700)
    files = [out / CHECKPOINT, *sorted((out / "replay").glob("*"))[:1]]
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(
            Unreadable, match=r"cannot go on from its checkpoint: .* delete .*agent' to train anew"
        ):
            train(config(algorithm), out)
        path.write_bytes(whole)
    write_tensors(out / CHECKPOINT, {}, {"numbers": json.dumps({"steps": 3})})
    with pytest.raises(Unreadable, match="is of another kind; delete"):
        train(config(algorithm), out)


KILLED = """
import json, sys
from rl.training import TrainConfig, train
print("imported", flush=True)
train(TrainConfig(**json.loads(sys.argv[1])), sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("algorithm", "steps"), [("ppo", 400_000), ("dqn", 150_000)])
def test_killed_at_ten_random_moments_it_ends_with_the_same_bytes(tmp_path, algorithm, steps):
    """Trainings of 10 s and more, each try killed -9 after a random delay; they take minutes for the imports."""
    settings = {} if algorithm == "ppo" else {"buffer": 20_000}
    one = config(algorithm, steps=steps, settings=settings, snapshots="log:5", checkpoint_seconds=0.2)
    unbroken = train(one, tmp_path / "unbroken").path
    out, chance = tmp_path / "killed", random.Random(algorithm)
    command = [sys.executable, "-c", KILLED, json.dumps(dataclasses.asdict(one)), str(out)]
    for _ in range(10):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0.05, 1.5))
            process.kill()
        assert process.returncode == -9
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    assert read_manifest(out)["resumed"] >= 5  # the others were killed before they had begun to write
    assert outcome(out) == outcome(unbroken)
