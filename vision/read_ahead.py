"""read_ahead(): work on the next items in threads while the caller is busy with the one before."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

AHEAD = 64
"""Results held ready: two usual batches. Memory does not grow beyond them."""


def read_ahead(
    make: Callable[[Item], Made], items: Iterable[Item], *, threads: int | None = None, ahead: int = AHEAD
) -> Iterator[Made]:
    """``make(item)`` for every item, in order; ``ahead`` of them are begun before the first is asked for.

    For work that lets other threads run, as the decoding of pictures does. ``items`` are drawn by the caller's
    thread. What ``make`` raises is raised where its result was due.

    >>> list(read_ahead(str, range(3)))
    ['0', '1', '2']
    """
    begun: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads or min(8, os.cpu_count() or 1), thread_name_prefix="read-ahead")
    try:
        for item in items:
            begun.append(pool.submit(make, item))
            if len(begun) > ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
