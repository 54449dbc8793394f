"""The command, killed with SIGKILL at random moments and given again, leaves the bytes of an unbroken run."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.runs import is_finished

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20
COMMAND = [
    *(sys.executable, "-m", "gridlens", "gallery", "shapes", "--count", "48", "--steps", "2"),
    *("--layers", "relu1,relu2", "--units", "0-3,16-17", "--views", "positive,seed", "--judge", "none"),
]


def started(folder):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*COMMAND, "--out", "gallery"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def files(folder):
    return {path for path in (folder / "gallery").rglob("*") if path.is_file()}


def killed(folder, dice, most):
    """Kill the command a moment after some new files have appeared; whether it was still running."""
    before, wanted, process = files(folder), dice.randint(0, most), started(folder)
    while process.poll() is None and len(files(folder) - before) <= wanted:
        time.sleep(0.01)
    time.sleep(dice.uniform(0, 0.05))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def contents(folder):
    """Every byte but the times in the manifest, and how often the run was resumed."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files(folder)}
    manifest = json.loads(found.pop("gallery/manifest.json"))
    return found, {key: value for key, value in manifest.items() if key not in ("start", "end", "resumed")}


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bytes(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    assert started(whole).wait() == 0
    dice, kills = random.Random(3), 0
    most = max(1, len(files(whole)) // KILLS)
    while not is_finished(broken / "gallery") and kills < KILLS:
        kills += killed(broken, dice, most)
    assert kills >= KILLS // 2
    assert started(broken).wait() == 0
    assert contents(broken) == contents(whole)
