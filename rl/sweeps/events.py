"""What those who perform tasks tell whoever runs the sweep."""

from dataclasses import dataclass
from pathlib import Path

from rl.sweeps.task import Task


@dataclass(frozen=True)
class Begun:
    """A task is being performed now (again, where its node was lost)."""

    task: Task


@dataclass(frozen=True)
class Trained:
    """So many steps of a task's training are done."""

    task: Task
    steps: int


@dataclass(frozen=True)
class Done:
    """A task's rows are written."""

    task: Task


@dataclass(frozen=True)
class Failure:
    """A task that could not be performed: why, in one sentence, and the file that holds its log."""

    task: Task
    why: str
    log: Path


Event = Begun | Trained | Done | Failure
