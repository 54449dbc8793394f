"""The agents of the study, opened, and numbers over them: a mean with its interval over independently trained seeds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress
from core.subject import Subject
from core.uncertainty import Interval
from envs.spec import World
from gridlens.studies.kept import Row, kept
from rl.agents import AgentInfo, info, load
from rl.reproductions.plots import Line
from rl.reproductions.seeds import mean_over

SHORT, LONG = 25, 200
"""Steps of the levels in which the two kinds of agents were trained."""
KINDS = {SHORT: "25-step agents", LONG: "200-step agents"}
NAMES = {SHORT: "25-step", LONG: "200-step"}
"""The same in tables, where there is little room."""


@dataclass(frozen=True, eq=False)
class Agent:
    """One trained agent: ``kind`` is how many steps its levels had."""

    kind: int
    seed: int
    subject: Subject
    about: AgentInfo
    folder: Path

    @property
    def world(self) -> World:
        """As in training."""
        return self.about.world

    @property
    def view(self) -> str:
        """What it sees of a state."""
        return self.about.view

    @property
    def name(self) -> str:
        """Short enough for files and lines of progress."""
        return f"{self.kind}-{self.seed}"


Measure = Callable[[Agent], Sequence[Row]]
"""What is measured of one agent, as rows."""


def opened(folders: Iterable[Path]) -> tuple[Agent, ...]:
    """The agents of some folders."""
    found = [(folder, info(folder)) for folder in folders]
    return tuple(Agent(about.world.limit, about.seed, load(folder), about, folder) for folder, about in found)


def of_each(
    agents: Sequence[Agent], folder: Path, what: str, measure: Measure, progress: Progress
) -> list[Row]:
    """Rows of every agent, each with its kind and seed; those that are kept already are read."""
    rows: list[Row] = []
    for done, agent in enumerate(agents):
        progress(done, len(agents), what)
        about = {"kind": agent.kind, "seed": agent.seed}
        found = kept(folder, f"{what}-{agent.name}", partial(measure, agent))
        rows += [about | dict(row) for row in found]
    progress(len(agents), len(agents), what)
    return rows


def values(rows: Sequence[Row], name: str, **where: Any) -> NDArray:
    """One number for each row that agrees with ``where``, in order."""
    found = [row for row in rows if all(row[key] == value for key, value in where.items())]
    return np.array([float(row[name]) for row in found])


def over_seeds(rows: Sequence[Row], name: str, *, share: bool = False, **where: Any) -> Interval:
    """The mean over agents of one kind, with Student's interval over their seeds."""
    return mean_over(values(rows, name, **where), share=share)


def curves(rows: Sequence[Row], x: str, y: str, *, label: str = "", **where: Any) -> list[Line]:
    """One line an agent over a column, of the rows that agree with ``where``; without a label named by the kind."""
    fitting = [row for row in rows if all(row[key] == value for key, value in where.items())]
    lines = []
    for kind, seed in sorted({(row["kind"], row["seed"]) for row in fitting}):
        found = [row for row in fitting if (row["kind"], row["seed"]) == (kind, seed)]
        found.sort(key=lambda row: float(row[x]))
        lines.append(Line(label or KINDS[kind], [row[x] for row in found], [row[y] for row in found]))
    return lines
