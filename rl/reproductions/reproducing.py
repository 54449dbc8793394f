"""From a reproduction's name to its claims: train and evaluate its sweep, play on, and judge. What is done is read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_csv, write_csv
from core.errors import UnknownName
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from rl.agents import POLICY, info
from rl.reproductions.catalogue import REPRODUCTIONS, sweep_file
from rl.reproductions.claims import Claim, as_row
from rl.reproductions.evidence import Evidence, Measure, Row
from rl.reproductions.plots import Picture
from rl.sweeps import Sweep, Task, read, run
from rl.sweeps.task import agent_folder, rows_file

PLAYS = "plays"
"""The folder of further play, a CSV file an agent, beside the sweep's own."""


@dataclass(frozen=True, eq=False)
class Reproduced:
    """What a reproduction came to: its claims, its picture, and the agents that failed and are not behind them."""

    name: str
    claims: tuple[Claim, ...]
    picture: Picture
    failures: tuple[str, ...]
    provenance: Provenance = field(repr=False)


def reproduce(
    name: str, out: str | Path, *, jobs: int | None = None, progress: Progress = silent
) -> Reproduced:
    """Train, evaluate and judge one reproduction in the folder ``out``/NAME.

    What is finished there is not done again; what was broken off goes on. ``jobs``: processes that train and evaluate.

    Raises
    ------
    UnknownName
        if there is no such reproduction.
    RunConflict
        if the folder holds another sweep.
    """
    if name not in REPRODUCTIONS:
        raise UnknownName("reproduction", name, REPRODUCTIONS)
    folder, sweep = Path(out) / name, read(sweep_file(name))
    swept = run(sweep, folder, jobs=jobs, progress=progress)
    done = [task for task in sweep.tasks if rows_file(task, folder).exists()]
    plays = played(name, done, folder, progress)
    found = judged(name, Evidence(swept.rows, plays, REPRODUCTIONS[name].levels))
    write_csv(folder / "claims.csv", [_flat(one) for one in found[0]])
    failures = tuple(f"{failure.task.name}: {failure.why}" for failure in swept.failures)
    return Reproduced(name, *found, failures, _provenance(sweep, done, folder))


def judged(name: str, known: Evidence) -> tuple[tuple[Claim, ...], Picture]:
    """The claims and the picture of a reproduction from what is known of its agents."""
    one = REPRODUCTIONS[name]
    return tuple(one.claims(known)), one.picture(known)


def finished(name: str, out: str | Path) -> bool:
    """Whether all agents of a reproduction are trained, evaluated and played on: nothing is left but to judge."""
    folder, measure = Path(out) / name, REPRODUCTIONS[name].measure
    return all(
        rows_file(task, folder).exists() and (measure is None or _plays_file(task, folder).exists())
        for task in read(sweep_file(name)).tasks
    )


def played(name: str, tasks: Sequence[Task], folder: Path, progress: Progress = silent) -> list[Row]:
    """The rows of further play of the agents, which is made up for where it is missing."""
    measure, rows = REPRODUCTIONS[name].measure, []
    if measure is None:
        return []
    for number, task in enumerate(tasks):
        progress(number, len(tasks), f"playing {name} · {task.name}")
        rows += _played(measure, task, folder)
    progress(len(tasks), len(tasks), f"playing {name}")
    return rows


def _played(measure: Measure, task: Task, folder: Path) -> list[Row]:
    path, agent = _plays_file(task, folder), agent_folder(task, folder)
    if not path.exists():
        about = info(agent)
        own = {key: value for key, value in about.world.describe().items() if key != "name"}
        named = {
            "agent": about.name,
            "seed": about.seed,
            "algorithm": about.algorithm,
            "dials": json.dumps(own),
        }
        write_csv(path, [named | row for row in measure(agent)])
    return [row | {"seed": int(row["seed"])} for row in read_csv(path)]


def _plays_file(task: Task, folder: Path) -> Path:
    return folder / PLAYS / f"{task.name}.csv"


def _flat(claim: Claim) -> dict[str, Any]:
    row = as_row(claim)
    return row | {"papers": " ".join(row["papers"])}


def _provenance(sweep: Sweep, tasks: Iterable[Task], folder: Path) -> Provenance:
    weights = [(agent_folder(task, folder) / POLICY).read_bytes() for task in tasks]
    return provenance(
        subject=fingerprint(*weights), data=fingerprint(sweep.source), sweep=sweep.name, agents=len(weights)
    )
