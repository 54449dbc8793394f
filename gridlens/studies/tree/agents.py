"""The agents through their training: the moments looked at, the top of wood and the collapse among them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.progress import Progress
from core.runs import read_manifest
from core.subject import Subject
from core.uncertainty import Interval
from envs.spec import World
from gridlens.studies.kept import Row, kept
from rl.agents import AgentInfo, info, load, snapshots
from rl.reproductions.seeds import mean_over
from rl.reproductions.tree import LATE, MAIN, drawdown, stream_rows

LOOKS = 20
"""Moments are the snapshots nearest to so many numbers in geometric order: the more, the earlier."""


@dataclass(frozen=True, eq=False)
class Agent:
    """One training: ``course`` is the forest it was in at every look; ``top`` and ``bottom``, in steps, are the looks
    between which most wood was lost."""

    seed: int
    folder: Path
    about: AgentInfo
    course: Sequence[Row]
    moments: tuple[int, ...]
    top: int
    bottom: int

    @property
    def world(self) -> World:
        """As in training."""
        return self.about.world

    @property
    def end(self) -> int:
        """The last moment."""
        return self.moments[-1]

    @property
    def named(self) -> Mapping[str, int]:
        """The moments that tables tell of."""
        return {"at first": self.moments[0], "most wood": self.top, "collapse": self.bottom, "end": self.end}

    @property
    def gamma(self) -> float:
        """The discount a step that it was trained with."""
        return float(read_manifest(self.folder)["parameters"]["gamma"])

    def at(self, steps: int) -> Subject:
        """The network after so many steps."""
        return load(self.folder, snapshot=steps)


Measure = Callable[[Agent], Sequence[Row]]
"""What is measured of one agent, as rows."""


def opened(folders: Iterable[Path]) -> tuple[Agent, ...]:
    """The agents with the r_min that the reproduction judges.

    Raises
    ------
    BadInput
        if none of them is.
    """
    found = [(folder, info(folder)) for folder in folders]
    agents = tuple(_agent(folder, about) for folder, about in found if about.world.dials.r_min == MAIN)
    if not agents:
        raise BadInput(f"the study is about agents of r_min {MAIN:g}; none of {len(found)} is")
    return agents


def _agent(folder: Path, about: AgentInfo) -> Agent:
    course, steps = stream_rows(folder), list(snapshots(folder))
    top, bottom = drawdown(np.array([float(row["wood"]) for row in course]))
    ends = tuple(_nearest(steps, int(course[at]["steps"])) for at in (top, bottom))
    return Agent(about.seed, folder, about, course, moments(steps, ends), *ends)


def _nearest(steps: Sequence[int], to: int) -> int:
    return min(steps, key=lambda one: abs(one - to))


def moments(steps: Sequence[int], among: Iterable[int]) -> tuple[int, ...]:
    """Some of the snapshots: more of the early ones, the first and the last, and those ``among`` them.

    >>> moments(list(range(41)), [12])
    (0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 14, 18, 22, 27, 33, 40)
    """
    order = np.unique(np.round(np.geomspace(1, len(steps), LOOKS)).astype(int) - 1)
    return tuple(sorted({steps[k] for k in order} | set(among)))


def of_each(
    agents: Sequence[Agent], folder: Path, what: str, measure: Measure, progress: Progress
) -> list[Row]:
    """Rows of every agent, each with its seed; those that are kept already are read."""
    rows: list[Row] = []
    for done, agent in enumerate(agents):
        progress(done, len(agents), what)
        found = kept(folder, f"{what}-{agent.seed}", partial(measure, agent))
        rows += [{"seed": agent.seed} | dict(row) for row in found]
    progress(len(agents), len(agents), what)
    return rows


def through(
    agent: Agent, measure: Callable[[Subject], Sequence[Row]], steps: Iterable[int] | None = None
) -> list[Row]:
    """Rows of every moment, or of those given, each with its steps."""
    chosen = agent.moments if steps is None else sorted(set(steps))
    return [{"steps": at} | dict(row) for at in chosen for row in measure(agent.at(at))]


def where(rows: Sequence[Row], **about: Any) -> list[Row]:
    """The rows that agree with ``about``, in order."""
    return [row for row in rows if all(row[key] == value for key, value in about.items())]


def intervals(rows: Sequence[Row], name: str, **about: Any) -> list[Interval]:
    """A number with its bounds (``name low``, ``name high``) in each of the rows that agree."""
    return [
        Interval(float(row[name]), float(row[f"{name} low"]), float(row[f"{name} high"]), int(row["n"]))
        for row in where(rows, **about)
    ]


def spread(name: str, found: Interval) -> Row:
    """An interval as parts of a row, to be read by ``intervals``."""
    return {name: found.estimate, f"{name} low": found.low, f"{name} high": found.high}


def at(agents: Sequence[Agent], moment: str, rows: Sequence[Row], name: str, **about: Any) -> NDArray:
    """One number an agent, at a named moment of its own."""
    found = [where(rows, seed=agent.seed, steps=agent.named[moment], **about) for agent in agents]
    return np.array([float(one[0][name]) for one in found])


def over_seeds(
    agents: Sequence[Agent], moment: str, rows: Sequence[Row], name: str, **about: Any
) -> Interval:
    """The mean over agents, each at its own named moment, with Student's interval over seeds."""
    return mean_over(at(agents, moment, rows, name, **about))


def regained(agent: Agent) -> float:
    """The wood at the end as a share of that at the top."""
    wood = np.array([float(row["wood"]) for row in agent.course])
    return float(wood[-max(1, round(LATE * len(wood))) :].mean() / wood.max())
