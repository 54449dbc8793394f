"""One agent of a sweep: trained, evaluated, its rows written. A task can be repeated, and is skipped once done."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_tensors, write_csv
from core.errors import NotFinite
from core.progress import Progress, silent
from rl.agents import POLICY, info, load
from rl.misgeneralisation import evaluate
from rl.records import records
from rl.rollouts import UNLIMITED
from rl.sweeps.lock import alone
from rl.training import TrainConfig, one_thread, train

AGENTS, ROWS, LOGS = "agents", "rows", "logs"
"""The folders of a sweep: agent folders, a CSV file an agent, and what went wrong."""


@dataclass(frozen=True)
class Plan:
    """How agents are evaluated: held-out levels of every distribution, and dial -> values to be played besides."""

    levels: int = 1000
    seed: int = 0
    steps: int = UNLIMITED
    over: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One agent: its name in the sweep, how it is trained and how evaluated; ``group`` is the name but for the seed."""

    name: str
    config: TrainConfig
    evaluation: Plan
    group: str = ""

    def as_json(self) -> str:
        """As one line of text, from which ``from_json`` makes the same task.

        >>> one = Task("coin-ppo-seed0", TrainConfig(world="coin", dials={"limit": 9}), Plan())
        >>> from_json(one.as_json()) == one
        True
        """
        return json.dumps(asdict(self))


def from_json(text: str) -> Task:
    """The task that ``Task.as_json`` wrote."""
    said = json.loads(text)
    return Task(said["name"], TrainConfig(**said["config"]), Plan(**said["evaluation"]), said["group"])


def agent_folder(task: Task, out: Path) -> Path:
    """Where the task's agent lies in the sweep's folder."""
    return out / AGENTS / task.name


def rows_file(task: Task, out: Path) -> Path:
    """Where the task's rows lie; a task is done when they do."""
    return out / ROWS / f"{task.name}.csv"


def log_file(task: Task, out: Path) -> Path:
    """Where the task's log lies, if it has failed."""
    return out / LOGS / f"{task.name}.log"


def perform(task: Task, out: Path, progress: Progress = silent) -> Path:
    """Train, evaluate, write the rows; go on where it was broken off. Returns the file of the rows.

    Raises
    ------
    GridlensError
        as ``rl.training.train`` and ``rl.misgeneralisation.evaluate`` do.
    NotFinite
        if a weight or a measure is NaN or infinite.
    """
    rows = rows_file(task, out)
    if not rows.exists():
        with alone(agent_folder(task, out)):
            write_csv(rows, _rows(task, agent_folder(task, out), progress))
    return rows


def _rows(task: Task, folder: Path, progress: Progress) -> list[dict[str, Any]]:
    train(task.config, folder, progress)
    _check_weights(folder)
    about, plan = info(folder), task.evaluation
    with one_thread():
        found = evaluate(
            load(folder),
            about.world,
            view=about.view,
            levels=plan.levels,
            seed=plan.seed,
            steps=plan.steps,
            over=plan.over,
        )
    rows = records(about, found)
    _check_rows(task, rows)
    return rows


def _check_weights(folder: Path) -> None:
    for name, value in read_tensors(folder / POLICY).items():
        if not value.isfinite().all():
            raise NotFinite(f"agent {folder.name!r} is trained but its weights {name!r} are not finite")


def _check_rows(task: Task, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        if not math.isfinite(row["estimate"]):
            raise NotFinite(
                f"agent {task.name!r} is trained but {row['measure']!r} of player {row['player']!r} on "
                f"{row['where']!r} levels is {row['estimate']}"
            )
