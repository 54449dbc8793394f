"""Progress on the terminal: one bar a label, with time left; a line now and then where there is no terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.progress import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Yield a ``progress(done, total, label)`` that draws bars on stderr."""
    if sys.stderr.isatty():
        with _drawn() as report:
            yield report
    else:
        yield _lines()


@contextmanager
def _drawn() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Rich

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Rich(*columns, console=Console(stderr=True)) as rich:
        tasks: dict[str, object] = {}

        def report(done: int, total: int, label: str) -> None:
            key = label.split(" · ")[0]
            if key not in tasks:
                tasks[key] = rich.add_task(label, total=total, completed=done)
            rich.update(tasks[key], completed=done, total=total, description=label)  # type: ignore[arg-type]

        yield report


def _lines(every: float = 5.0) -> Progress:
    started: dict[str, tuple[float, int]] = {}
    told: dict[str, float] = {}

    def report(done: int, total: int, label: str) -> None:
        now = time.monotonic()
        key = label.split(" · ")[0]
        since, at = started.setdefault(key, (now, done))
        if done < total and now - told.get(key, since) < every and key in told:
            return
        told[key] = now
        rate = (done - at) / (now - since) if now > since else 0.0
        left = f", about {(total - done) / rate:.0f} s left" if rate and done < total else ""
        sys.stderr.write(f"{label}: {done} of {total}{left}\n")
        sys.stderr.flush()

    return report
