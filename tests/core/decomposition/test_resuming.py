"""Training of an autoencoder broken off at any moment - by an exception, by SIGKILL - ends with the same bytes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.artifacts import read_metadata, read_tensors
from core.decomposition import fit, write_dictionary
from core.decomposition.sparse import checkpoint, training
from core.testing.superposition import superposition

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {"k": 24, "active": 2, "steps": 40, "batch_size": 64, "patience": 300}

SCRIPT = """
import sys
from core.decomposition import fit, write_dictionary
from core.decomposition.sparse import checkpoint
from core.testing.superposition import superposition

checkpoint.SECONDS = 0.02
rows = superposition(seed=1, features=24, channels=16, samples=2000).rows
found = fit(rows, layer="x", method=sys.argv[1], seed=3, checkpoint="kept", k=24, active=2, steps=1500, batch_size=64)
write_dictionary("dictionary.safetensors", found)
"""


def rows():
    return superposition(seed=1, features=24, channels=16, samples=1000).rows


class Enough(Exception):
    pass


@pytest.mark.parametrize("kind", ["topk", "batchtopk", "jumprelu"])
def test_broken_off_anywhere_it_ends_with_the_same_bytes(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(training, "EVERY", 4)  # so that weak atoms are begun anew meanwhile
    asked = {"layer": "x", "method": f"{kind}-sae", "seed": 3} | SETTINGS
    write_dictionary(tmp_path / "whole", fit(rows(), **asked))
    for stop in (1, 12, 19, 20, 21, 32, 39, 40):

        def progress(done, total, label, stop=stop):
            if done == stop:
                raise Enough

        with pytest.raises(Enough):
            fit(rows(), **asked, checkpoint=tmp_path / "kept", progress=progress)
    seen = []
    last = fit(rows(), **asked, checkpoint=tmp_path / "kept", progress=lambda done, *_: seen.append(done))
    write_dictionary(tmp_path / "resumed", last)
    assert not seen  # everything had been done
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "resumed").read_bytes()


def test_another_training_does_not_take_up_the_checkpoint(tmp_path):
    asked = {"layer": "x", "method": "topk-sae", "checkpoint": tmp_path} | SETTINGS
    first = fit(rows(), seed=0, **asked)
    assert fit(rows(), seed=1, **asked).fingerprint != first.fingerprint
    assert fit(rows() * 2, seed=0, **asked).fingerprint != first.fingerprint
    assert fit(rows(), seed=0, **(asked | {"active": 3})).fingerprint != first.fingerprint
    assert len(list(tmp_path.iterdir())) == 4


def started(folder, method):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, method], cwd=folder, env=environment, stderr=subprocess.PIPE
    )


def contents(folder):
    """Every byte but the version of the code, which a commit meanwhile would change."""
    path = folder / "dictionary.safetensors"
    about = json.loads(read_metadata(path)["dictionary"])
    del about["provenance"]["code"]
    return about, {name: values.numpy().tobytes() for name, values in read_tensors(path).items()}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["topk-sae", "batchtopk-sae", "jumprelu-sae"])
def test_killed_at_random_moments_it_ends_with_the_same_bytes(method, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    assert started(whole, method).wait() == 0
    dice, kills = random.Random(5), 0
    for _ in range(8):
        process, kept = started(broken, method), broken / "kept"
        before = {path: path.stat().st_mtime_ns for path in kept.glob("sae-*")}
        while process.poll() is None and before == {
            path: path.stat().st_mtime_ns for path in kept.glob("sae-*")
        }:
            time.sleep(0.005)
        time.sleep(dice.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 4
    assert started(broken, method).wait() == 0
    assert contents(broken) == contents(whole)
