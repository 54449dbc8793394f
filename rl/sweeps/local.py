"""Tasks performed by processes of this machine, one a core, each on one thread."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from core.runs import command_line
from rl.sweeps.events import Begun, Done, Event, Failure, Trained
from rl.sweeps.task import Task, log_file

ROOT = Path(__file__).resolve().parents[2]

Process = subprocess.Popen[str]
Answers = SimpleQueue[tuple[Process, str]]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def perform_here(tasks: Sequence[Task], out: Path, *, jobs: int | None = None) -> Iterator[Event]:
    """Perform the tasks in ``jobs`` processes (default: one a core), and say how it goes.

    A process that dies fails the task it was at, and another takes its place. When the iterator is closed they
    are killed.
    """
    waiting, answers = deque(tasks), Answers()
    busy: dict[Process, Task] = {}
    idle: list[Process] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < (jobs or cores()):
                process, task = idle.pop() if idle else _start(answers), waiting.popleft()
                busy[process] = task
                _hand(process, task, out)
                yield Begun(task)
            process, line = answers.get()
            said = json.loads(line or '{"died": true}')
            if "done" in said:
                yield Trained(busy[process], said["done"])
                continue
            task = busy.pop(process)
            if "died" not in said:
                idle.append(process)
            yield _ended(process, task, said, log_file(task, out))
    finally:
        _stop([*busy, *idle])


def _start(answers: Answers) -> Process:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "rl.sweeps.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)},
    )
    threading.Thread(target=_listen, args=(process, answers), daemon=True).start()
    return process


def _listen(process: Process, answers: Answers) -> None:
    """Pass on what a process says, and an empty line when it says no more."""
    assert process.stdout is not None, "started with a pipe"
    for line in process.stdout:
        answers.put((process, line))
    answers.put((process, ""))


def _hand(process: Process, task: Task, out: Path) -> None:
    assert process.stdin is not None, "started with a pipe"
    asked = {
        "task": task.as_json(),
        "out": str(out),
        "log": str(log_file(task, out)),
        "command": command_line(),
    }
    with suppress(BrokenPipeError):  # it has just died; its last, empty line says so
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()


def _ended(process: Process, task: Task, said: dict[str, Any], log: Path) -> Event:
    if "died" in said:
        return Failure(task, _death(process.wait(), log), log)
    return Failure(task, said["failed"], log) if "failed" in said else Done(task)


def _death(code: int, log: Path) -> str:
    if code >= 0:
        lines = log.read_text(errors="replace").split("\n") if log.exists() else []
        return next(
            (line.strip() for line in reversed(lines) if line.strip()), f"its process ended with {code}"
        )
    name = signal.Signals(-code).name
    return f"its process was ended by {name}" + ("; perhaps memory ran out" if name == "SIGKILL" else "")


def _stop(processes: Iterable[Process]) -> None:
    for process in processes:
        process.kill()
        process.wait()
