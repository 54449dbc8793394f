"""The folder of a sweep: what lies there must be what is asked for."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_json, write_text
from core.errors import RunConflict
from core.runs import refuse_another
from rl.sweeps.plan import Sweep
from rl.sweeps.task import ROWS, Task, agent_folder, rows_file
from rl.training import parameters

SOURCE, PLANS = "sweep.toml", "plans.json"
"""The file that asked for the sweep; beside the rows, how each agent was evaluated."""


def refuse_others(tasks: Sequence[Task], out: Path) -> None:
    """Raise RunConflict, before anything is done, where an agent or its rows are not what the sweep asks for."""
    plans = _plans(out)
    for task in tasks:
        refuse_another(
            agent_folder(task, out),
            kind="agent",
            parameters=parameters(task.config),
            seeds={"train": task.config.seed},
        )
        held, asked = plans.get(task.name), _plain(task)
        if rows_file(task, out).exists() and held not in (None, asked):
            differs = next(name for name in asked if held.get(name) != asked[name])
            raise RunConflict(
                f"{str(rows_file(task, out))!r} was made by an evaluation whose {differs} is {held.get(differs)!r}, "
                f"this one's is {asked[differs]!r}; delete {str(out / ROWS)!r} to evaluate its agents again"
            )


def keep(sweep: Sweep, out: Path) -> None:
    """Write down what is asked for, beside what was asked for earlier."""
    if sweep.source:
        write_text(out / SOURCE, sweep.source)
    write_json(out / ROWS / PLANS, _plans(out) | {task.name: _plain(task) for task in sweep.tasks})


def _plans(out: Path) -> dict[str, Any]:
    path = out / ROWS / PLANS
    return dict(read_json(path)) if path.exists() else {}


def _plain(task: Task) -> dict[str, Any]:
    plan = asdict(task.evaluation)
    return plan | {"over": {dial: list(values) for dial, values in plan["over"].items()}}
