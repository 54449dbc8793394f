"""one_core(): all threads of this process on one processor core for a while, whatever library started them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def one_core() -> Iterator[str]:
    """Everything inside runs on one core; says so in words. Where the system cannot (no Linux), it says that.

    >>> with one_core() as said:
    ...     said
    'one core'
    """
    if not hasattr(os, "sched_setaffinity"):
        yield "cores not pinned"
        return
    before = {thread: os.sched_getaffinity(thread) for thread in _threads()}
    core = {max(os.sched_getaffinity(0))}
    try:
        for thread in before:
            _pin(thread, core)
        yield "one core"
    finally:
        for thread in _threads():  # those started meanwhile inherited the one core
            _pin(thread, before.get(thread, before[os.getpid()]))


def _threads() -> list[int]:
    return [int(entry.name) for entry in Path("/proc/self/task").iterdir()]


def _pin(thread: int, cores: set[int]) -> None:
    with suppress(ProcessLookupError):  # it has ended
        os.sched_setaffinity(thread, cores)
