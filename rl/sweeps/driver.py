"""A sweep run to its end: what is missing is performed, failures are kept apart, all rows end in one table."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from core.progress import Progress, silent
from core.runs import running
from rl.sweeps.events import Begun, Done, Event, Failure, Trained
from rl.sweeps.folder import keep, refuse_others
from rl.sweeps.local import perform_here
from rl.sweeps.lock import alone
from rl.sweeps.plan import Sweep
from rl.sweeps.table import TABLE, gather, write_table
from rl.sweeps.task import Task, rows_file

Performer = Callable[[Sequence[Task], Path], Iterator[Event]]


class SweepUnfinishedError(Exception):
    """Some agents failed: said in the sweep's manifest, to whoever reads it."""


@dataclass(frozen=True)
class Swept:
    """The rows of all agents that are done (``rl.records.COLUMNS``), and those that failed."""

    rows: list[dict[str, Any]] = field(repr=False)
    failures: tuple[Failure, ...]


def run(
    sweep: Sweep,
    out: str | Path,
    *,
    jobs: int | None = None,
    ray: str | None = None,
    shared: bool = True,
    progress: Progress = silent,
) -> Swept:
    """Train and evaluate every agent of the sweep into the folder ``out``, on this machine or on a Ray cluster.

    Into ``out`` go agents/TASK (agent folders), rows/TASK.csv, logs/TASK.log of those that failed, and table.parquet.
    What is there is not done again; what was broken off goes on. A failed agent stops no other. ``jobs``: how many
    processes here (default: one a core). ``ray``: the address of a cluster; its workers train in ``out`` where they see
    it and ``shared`` is set, elsewhere on their own disks, and send what they made.

    Raises
    ------
    RunConflict
        if ``out`` holds something else, or another process is at work in it.
    BadInput
        if there is no such cluster, or ray is not installed.
    """
    out = Path(out).resolve()
    refuse_others(sweep.tasks, out)
    failures: tuple[Failure, ...] = ()
    with _performer(ray, jobs, shared, out) as perform, suppress(SweepUnfinishedError):
        left = [task for task in sweep.tasks if not rows_file(task, out).exists()]
        with running(out, kind="sweep", parameters={"name": sweep.name}, again=bool(left)):
            keep(sweep, out)
            with closing(perform(left, out)) as events:  # type: ignore[type-var]
                failures = tuple(_failures(sweep, left, events, progress))
            write_table(gather(sweep.tasks, out), out / TABLE)
            if failures:
                raise SweepUnfinishedError(f"{len(failures)} of {len(sweep.tasks)} agents failed")
    return Swept(gather(sweep.tasks, out), failures)


@contextmanager
def _performer(ray: str | None, jobs: int | None, shared: bool, out: Path) -> Iterator[Performer]:
    """How tasks are performed, once it is sure that they can be."""
    if ray is None:
        with alone(out):
            yield partial(perform_here, jobs=jobs)
        return
    from rl.sweeps.cluster import connected, perform_there

    with connected(ray), alone(out):
        yield partial(perform_there, shared=shared)


def _failures(
    sweep: Sweep, left: Sequence[Task], events: Iterator[Event], progress: Progress
) -> Iterator[Failure]:
    """Follow the events, tell of them, and yield the failures."""
    whole = {task.name: task.config.steps for task in sweep.tasks}
    trained = whole | {task.name: 0 for task in left}
    ended, failed, going = len(whole) - len(left), 0, set[str]()

    def tell() -> None:
        said = f"{ended} of {len(whole)} agents done, {len(going)} running, {failed} failed"
        progress(sum(trained.values()), sum(whole.values()), f"sweep {sweep.name} · {said}")

    tell()
    for event in events:
        name = event.task.name
        if isinstance(event, Begun):
            going.add(name)
        elif isinstance(event, Trained):
            trained[name] = min(event.steps, whole[name])
        else:
            going.discard(name)
            trained[name] = whole[name]
            ended, failed = ended + isinstance(event, Done), failed + isinstance(event, Failure)
        tell()
        if isinstance(event, Failure):
            yield event
