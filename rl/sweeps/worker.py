"""A process that performs tasks, one after the other: lines of JSON in, lines of JSON out.

In comes ``{"task": ..., "out": ..., "log": ..., "command": ...}``. Out go ``{"done": steps}`` now and then and, at the
end of a task, ``{"ended": true}`` or ``{"failed": sentence}``. An error that is nobody's mistake ends the process, its
traceback in the task's log. It also ends when its input does, so that it outlives nobody who is killed.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

EVERY = 0.5
"""Seconds between two lines about progress."""


def work() -> None:
    """Perform the tasks that come in until the input ends."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole terminal; whoever started this answers it
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        tasks: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
        while True:
            asked = json.loads(tasks.get())
            _perform(asked, lambda **said: answers.write(json.dumps(said) + "\n"))


def _listen(tasks: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)


def _perform(asked: dict[str, Any], answer: Callable[..., Any]) -> None:
    """One task; whatever it prints, and what libraries do while they are imported, goes to its log."""
    log = Path(asked["log"])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as handle:
        os.dup2(handle.fileno(), 1)
        os.dup2(handle.fileno(), 2)
    from core.errors import GridlensError
    from core.runs import commanded
    from rl.sweeps.task import from_json, perform

    try:
        with commanded(asked["command"]):
            perform(from_json(asked["task"]), Path(asked["out"]), _sparing(answer))
    except GridlensError as error:
        traceback.print_exc()
        answer(failed=str(error))
        return
    with suppress(OSError):
        log.unlink()
    answer(ended=True)


def _sparing(answer: Callable[..., Any]) -> Callable[[int, int, str], None]:
    """A progress callback that answers only now and then."""
    told = 0.0

    def progress(done: int, total: int, label: str) -> None:
        nonlocal told
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            answer(done=done)

    return progress


if __name__ == "__main__":
    work()
