"""A run folder knows what it holds: resumed when broken off, reused when finished, refused to another run."""

import os
import signal
import subprocess
import sys

import pytest

from core.errors import BadInput, RunConflict, Unreadable
from core.runs import is_finished, read_manifest, running

SETTINGS = {"kind": "test", "parameters": {"steps": 3, "layers": ("a", "b")}, "seeds": {"seed": 1}}


def test_an_exception_leaves_the_run_open_and_says_why(tmp_path):
    with pytest.raises(ValueError, match="boom"), running(tmp_path / "r", **SETTINGS):
        raise ValueError("boom")
    manifest = read_manifest(tmp_path / "r")
    assert (manifest["state"], manifest["why"]) == ("stopped", "ValueError: boom")
    with running(tmp_path / "r", **SETTINGS) as run:
        assert run.resumed == 1
    assert is_finished(tmp_path / "r")


def test_bad_input_that_shows_late_leaves_nothing_behind(tmp_path):
    with pytest.raises(BadInput), running(tmp_path / "r", **SETTINGS):
        raise BadInput("no")
    assert not (tmp_path / "r").exists()
    with pytest.raises(BadInput), running(tmp_path / "r", **SETTINGS) as run:
        (run.folder / "half").write_text("done")
        raise BadInput("no")
    assert (tmp_path / "r" / "half").exists()


def test_a_finished_run_is_handed_out_as_it_is(tmp_path):
    with running(tmp_path / "r", **SETTINGS):
        pass
    before = (tmp_path / "r" / "manifest.json").read_bytes()
    with running(tmp_path / "r", **SETTINGS) as run:
        assert run.finished
    assert (tmp_path / "r" / "manifest.json").read_bytes() == before


def test_another_run_is_refused_and_nothing_is_lost(tmp_path):
    with running(tmp_path / "r", **SETTINGS):
        pass
    with (
        pytest.raises(RunConflict, match="steps is 3, this one's is 4"),
        running(tmp_path / "r", **SETTINGS | {"parameters": {"steps": 4, "layers": ("a", "b")}}),
    ):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(RunConflict, match="is no run folder"), running(tmp_path / "other", **SETTINGS):
        pass
    assert (tmp_path / "other" / "thesis.txt").read_text() == "mine"


def test_a_killed_run_stays_marked_as_running_and_its_rests_are_swept(tmp_path):
    program = (
        "import os, sys; from core.runs import running; from core.artifacts import atomic\n"
        "with running(sys.argv[1], kind='k', parameters={}) as run, atomic(run.folder / 'x') as t:\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "r")], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert read_manifest(tmp_path / "r")["state"] == "running"
    assert list((tmp_path / "r").glob(".*.tmp"))
    with running(tmp_path / "r", kind="k", parameters={}):
        assert not list((tmp_path / "r").glob(".x*.tmp"))


def test_an_unknown_folder_names_its_nearest_neighbour(tmp_path):
    with running(tmp_path / "agent-corner", kind="k", parameters={}):
        pass
    with pytest.raises(Unreadable, match="agent-corner"):
        read_manifest(tmp_path / "agent-cornr")
