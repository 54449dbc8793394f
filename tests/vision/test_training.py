"""Training: a killed run ends with the same bytes, a bad loss stops it, the shipped weights do what they say."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from core.artifacts import read_json, read_tensors
from core.errors import BadInput, NotFinite, RunConflict
from vision import shapes, training
from vision.sources.own import SHIPPED
from vision.training import ClassifierConfig, train_classifier

SMALL = ClassifierConfig(steps=9, batch=16, test_images=64, checkpoint_every=2)
ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import sys, torch
torch.set_num_threads(1)
from vision.training import ClassifierConfig, train_classifier
config = ClassifierConfig(steps=9, batch=16, test_images=64, checkpoint_every=2)
train_classifier(config, sys.argv[1], progress=lambda *_: __import__("time").sleep(0.1))
"""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_what_a_kill_leaves_on_disk_is_enough_for_the_same_bytes(tmp_path):
    broken = tmp_path / "broken"

    def copy_as_if_killed(done, total, label):
        if done == 6 and label.startswith("training"):
            shutil.copytree(tmp_path / "whole", broken)
            (broken / ".checkpoint.safetensors.x.tmp").write_bytes(b"half a fi")

    whole = train_classifier(SMALL, tmp_path / "whole", progress=copy_as_if_killed)
    ends_like(whole.weights.parent, broken)
    assert not list(broken.glob("*.tmp"))


@pytest.mark.slow
def test_a_run_killed_with_signal_9_ends_with_the_same_bytes(tmp_path):
    train_classifier(SMALL, tmp_path / "whole")
    broken = tmp_path / "broken"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(broken)], cwd=ROOT)
    while child.poll() is None and not (broken / "checkpoint.safetensors").exists():
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    ends_like(tmp_path / "whole", broken)


def ends_like(whole, broken):
    """Resume the broken run: it goes on after its last checkpoint and ends with the whole run's bytes."""
    assert not (broken / training.WEIGHTS).exists()
    seen = []
    train_classifier(SMALL, broken, progress=lambda done, total, label: seen.append(done))
    assert seen[0] > 1
    assert (broken / training.WEIGHTS).read_bytes() == (whole / training.WEIGHTS).read_bytes()
    assert (broken / "losses.csv").read_bytes() == (whole / "losses.csv").read_bytes()
    assert not (broken / "checkpoint.safetensors").exists()


def test_a_finished_run_is_read_not_repeated_and_another_is_refused(tmp_path):
    first = train_classifier(SMALL, tmp_path / "run")
    steps = []
    assert train_classifier(SMALL, tmp_path / "run", progress=lambda *a: steps.append(a)) == first
    assert not steps
    with pytest.raises(RunConflict, match="different run"):
        train_classifier(ClassifierConfig(steps=3), tmp_path / "run")


def test_a_loss_that_is_not_finite_stops_with_step_and_cause(tmp_path):
    config = ClassifierConfig(steps=30, batch=8, learning_rate=1e30, test_images=16)
    with pytest.raises(NotFinite, match=r"at step \d+ of 30 .*first tensor that is not finite|overflow"):
        train_classifier(config, tmp_path / "run")
    assert not (tmp_path / "run" / training.WEIGHTS).exists()


def test_training_leaves_the_callers_random_state(tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    train_classifier(ClassifierConfig(steps=1, batch=4, test_images=8), tmp_path)
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize(
    ("given", "match"), [({"steps": 0}, "steps is 0"), ({"steps": 10**8}, "reach into the test images")]
)
def test_configurations_that_cannot_be_are_refused(given, match):
    with pytest.raises(BadInput, match=match):
        ClassifierConfig(**given)


def test_the_shipped_weights_reach_their_manifests_accuracy():
    said = read_json(SHIPPED.with_suffix(".json"))
    config = ClassifierConfig(**{**said["config"], "test_images": 2500})
    network = training.shapes_cnn()
    network.load_state_dict(read_tensors(SHIPPED))
    right, _ = training.judge(network, config)
    assert abs(right.double().mean().item() - said["accuracy"]["estimate"]) < 0.01
    assert said["accuracy"]["estimate"] > 0.95
    assert said["command"] == training.command_of(ClassifierConfig(**said["config"]))
    assert ClassifierConfig(**said["config"]) == ClassifierConfig()
    assert set(said["by_class"]) == set(shapes.CLASSES)
    assert SHIPPED.stat().st_size < 2 * 2**20
