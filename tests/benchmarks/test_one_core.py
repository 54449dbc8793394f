"""The rows' conditions hold: one core inside, the old cores afterwards; a missing peer leaves its row out."""

import os
import subprocess
import sys
import threading

import pytest

from benchmarks import __main__ as bench
from benchmarks.one_core import one_core
from benchmarks.rows import PeerMissing, Row, alternate
from envs import registry

pinned = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be pinned here")


@pinned
def test_every_thread_runs_on_one_core_and_is_let_go_again():
    before, end, ids = os.sched_getaffinity(0), threading.Event(), []
    thread = threading.Thread(target=lambda: (ids.append(threading.get_native_id()), end.wait()))
    thread.start()
    try:
        with pytest.raises(ZeroDivisionError), one_core():
            assert os.sched_getaffinity(ids[0]) == os.sched_getaffinity(0)
            assert len(os.sched_getaffinity(0)) == 1
            _ = 1 / 0
        assert os.sched_getaffinity(ids[0]) == os.sched_getaffinity(0) == before
    finally:
        end.set()
        thread.join()


def test_measures_are_taken_in_turns():
    taken = []
    medians = alternate(*(lambda k=k: taken.append(k) or float(k) for k in range(3)), repeats=2)
    assert medians == (0.0, 1.0, 2.0)
    assert taken == [0, 1, 2, 0, 1, 2]


def test_every_world_has_its_row():
    assert {f"world-{name}" for name in registry.WORLDS} <= set(bench.ROWS)


def test_a_missing_peer_leaves_its_row_out(monkeypatch, tmp_path, capsys):
    def missing():
        raise PeerMissing("needs somebody")

    row = Row("there", "s", 1.0, 2.0, 2.0, 1, "peer", "none")
    monkeypatch.setattr(bench, "ROWS", {"gone": missing, "there": lambda: row})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--out", str(tmp_path / "bench.json")])
    bench.main()
    told = capsys.readouterr()
    assert "| there |" in told.out
    assert "gone left out: needs somebody" in told.err


def test_an_unknown_row_is_one_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--rows", "world-chese"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "world-cheese" in done.stderr
