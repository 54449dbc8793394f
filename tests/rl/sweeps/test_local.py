"""A sweep on this machine: what fails fails alone, what is killed goes on, the table is always the same."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import RunConflict
from core.runs import read_manifest
from rl.records import COLUMNS
from rl.sweeps import Sweep, local, lock, run
from rl.sweeps.events import Begun, Done, Failure, Trained
from rl.sweeps.lock import alone
from rl.sweeps.table import TABLE, read_table, write_table
from rl.training import train

ROOT = Path(__file__).resolve().parents[3]


def files(out, pattern):
    return {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob(pattern)) if path.is_file()}


def test_four_are_done_and_the_fifth_is_told_of(tiny, swept):
    out, found = swept
    (failure,) = found.failures
    assert failure.task.name == "hot-seed0"
    assert "training stopped at step" in failure.why
    assert "NotFinite" in failure.log.read_text()
    assert list(dict.fromkeys(row["agent"] for row in found.rows)) == [one.name for one in tiny.tasks[:4]]
    assert {row["where"] for row in found.rows} == {"training", "shifted", "rand_region=1", "rand_region=3"}
    assert read_manifest(out)["state"] == "stopped"
    assert "1 of 5 agents failed" in read_manifest(out)["why"]
    assert [path.name for path in (out / "logs").iterdir()] == ["hot-seed0.log"]


def test_an_agent_is_the_one_that_train_makes(tiny, swept, tmp_path):
    out, _ = swept
    alone = train(tiny.tasks[0].config, tmp_path / "alone")
    weights = "policy.safetensors"
    assert (alone.path / weights).read_bytes() == (out / "agents" / tiny.tasks[0].name / weights).read_bytes()


def test_the_table_holds_the_rows(swept, tmp_path):
    out, found = swept
    rows = read_table(out / TABLE)
    assert rows == found.rows
    assert tuple(rows[0]) == COLUMNS
    assert {type(row["seed"]) for row in rows} == {int}
    assert {type(row["estimate"]) for row in rows} == {float}
    write_table(found.rows, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (out / TABLE).read_bytes()


def test_run_again_only_what_failed_is_tried(tiny, swept):
    out, found = swept
    before = files(out / "rows", "*") | files(out / "agents", "*.safetensors")
    times = {path: path.stat().st_mtime_ns for path in (out / "rows").glob("*.csv")}
    told = []
    again = run(tiny, out, jobs=1, progress=lambda done, total, label: told.append((done, total, label)))
    assert told[0] == (4 * 2048, 5 * 2048, "sweep tiny · 4 of 5 agents done, 0 running, 0 failed")
    assert told[-1] == (5 * 2048, 5 * 2048, "sweep tiny · 4 of 5 agents done, 0 running, 1 failed")
    assert [failure.task.name for failure in again.failures] == ["hot-seed0"]
    assert again.rows == found.rows
    assert files(out / "rows", "*") | files(out / "agents", "*.safetensors") == before
    assert times == {path: path.stat().st_mtime_ns for path in (out / "rows").glob("*.csv")}


def test_what_lies_there_must_be_what_is_asked_for(tiny, swept):
    out, _ = swept
    before = files(out, "*")
    other = replace(tiny.tasks[0], config=replace(tiny.tasks[0].config, steps=4096))
    with pytest.raises(RunConflict, match="steps is 2048, this one's is 4096"):
        run(Sweep("tiny", (other,)), out)
    other = replace(tiny.tasks[1], evaluation=replace(tiny.tasks[1].evaluation, levels=13))
    with pytest.raises(RunConflict, match="levels is 12, this one's is 13"):
        run(Sweep("tiny", (other,)), out)
    with pytest.raises(RunConflict, match="holds a different run"):
        run(Sweep("other", tiny.tasks), out)
    assert files(out, "*") == before


def test_two_at_work_in_one_folder(tiny, swept, monkeypatch):
    out, _ = swept
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with alone(out), pytest.raises(RunConflict, match="another process is at work"):
        run(tiny, out)


def test_a_process_that_is_killed_fails_its_task_alone(tiny, tmp_path, monkeypatch):
    started = []
    start = local._start
    monkeypatch.setattr(local, "_start", lambda answers: started.append(start(answers)) or started[-1])
    ended = []
    for event in local.perform_here(tiny.tasks[:2], tmp_path, jobs=1):
        if isinstance(event, Trained) and len(started) == 1:
            started[0].kill()
        if not isinstance(event, Begun | Trained):
            ended.append(event)
    assert isinstance(ended[0], Failure)
    assert ended[0].task == tiny.tasks[0]
    assert "SIGKILL" in ended[0].why
    assert ended[1] == Done(tiny.tasks[1])
    assert all(process.poll() is not None for process in started)


def test_stopped_by_hand_it_goes_on(tiny, swept, tmp_path):
    """Ctrl-C in the middle, or just after the agent was done; then the rest: the table of the unbroken sweep."""
    some = Sweep(tiny.name, tiny.tasks[:1])

    def stop(done, total, label):
        if done >= 512:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(some, tmp_path / "out", jobs=1, progress=stop)
    assert read_manifest(tmp_path / "out")["state"] == "stopped"
    again = run(some, tmp_path / "out", jobs=1)
    names = {one.name for one in some.tasks}
    assert again.rows == [row for row in swept[1].rows if row["agent"] in names]
    assert read_manifest(tmp_path / "out")["state"] == "finished"


DRIVER = """
import sys
from rl.sweeps import Sweep, run
from rl.sweeps.task import from_json
run(Sweep("tiny", tuple(map(from_json, sys.argv[2:]))), sys.argv[1], jobs=2)
"""


@pytest.mark.slow
def test_killed_at_ten_moments_it_ends_with_the_same_table(tiny, swept, tmp_path):
    """kill -9 of whoever drives; its workers end with it, or the next one could not begin."""
    draw, texts = random.Random(0), [one.as_json() for one in tiny.tasks]
    wanted = (swept[0] / TABLE).read_bytes()

    def drive(out):
        return subprocess.Popen([sys.executable, "-c", DRIVER, str(out), *texts], cwd=ROOT)

    begun = time.monotonic()
    assert drive(tmp_path / "unbroken").wait(600) == 0
    whole, killed, out = time.monotonic() - begun, 0, tmp_path / "0"
    while killed < 10:
        driver = drive(out)
        try:
            assert driver.wait(draw.uniform(0.3, 0.7) * whole) == 0
            assert (out / TABLE).read_bytes() == wanted
            out = tmp_path / f"after-{out.name}"
        except subprocess.TimeoutExpired:
            os.kill(driver.pid, signal.SIGKILL)
            driver.wait()
            killed += 1
    run(tiny, out, jobs=2)
    assert (out / TABLE).read_bytes() == wanted
