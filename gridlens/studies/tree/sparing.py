"""The sparing curve: how likely the tree beside the agent is felled, by how many trees are left elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray

from core.subject import Subject, run
from core.uncertainty import bootstrap_interval
from envs.play.felling import STAY
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import Agent, over_seeds, spread, through, where
from gridlens.studies.tree.forests import FAR, STATES, Edges, edges
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.agents import see
from rl.reproductions.plots import Line, Lines, Picture

FEW, MANY = (1, 2), (8, 9, 10)
"""Numbers of trees that are few - to wait is better by the agents' own discount - and many."""
CLOSE = (2, 3, 4, 5)
"""Numbers of trees over which it is asked what felling hangs on."""


def curve(agent: Agent) -> Sequence[Row]:
    """By moment and number of trees: how likely the tree is felled, or nothing done, and what the critic expects."""
    asked = edges(agent.world)
    return through(agent, lambda subject: _by_trees(subject, agent, asked))


def contrast(agent: Agent) -> Sequence[Row]:
    """By moment: many less few trees, of felling and of the critic; what else than their number felling hangs on."""
    asked = edges(agent.world)
    return through(agent, lambda subject: [_contrast(subject, agent, asked)])


def answers(subject: Subject, agent: Agent, asked: Edges) -> dict[str, Mapping[int, NDArray]]:
    """By number of trees, state by state: "chop", "stay" and "value"."""
    found: dict[str, dict[int, NDArray]] = {"chop": {}, "stay": {}, "value": {}}
    for trees, state in asked.left.items():
        with torch.no_grad():
            heads = run(subject, see(agent.world, state, agent.about.view))
        policy = heads["policy"].softmax(1).numpy()
        found["chop"][trees] = policy[np.arange(len(policy)), asked.chop]
        found["stay"][trees] = policy[:, STAY]
        found["value"][trees] = heads["value"].flatten().numpy()
    return dict(found)


def gap(by_trees: Mapping[int, NDArray]) -> Float[np.ndarray, "n"]:
    """Many less few trees, state by state."""
    many, few = (np.mean([by_trees[trees] for trees in some], 0) for some in (MANY, FEW))
    return np.asarray(many - few, float)


def _by_trees(subject: Subject, agent: Agent, asked: Edges) -> list[Row]:
    found = answers(subject, agent, asked)
    return [
        {"trees": trees, "n": STATES}
        | {key: value for name in found for key, value in _told(name, found[name][trees]).items()}
        for trees in sorted(asked.left)
    ]


def _contrast(subject: Subject, agent: Agent, asked: Edges) -> Row:
    found = answers(subject, agent, asked)
    each, near = slopes(found["chop"], asked)
    few = np.mean([found["chop"][trees] for trees in FEW], 0)
    return {
        "n": STATES,
        "a tree more": each,
        "a step farther": near,
        **_told("spares", gap(found["chop"])),
        **_told("fears", gap(found["value"])),
        **_told("fells at few", few),
        **_told("fells at many", np.mean([found["chop"][trees] for trees in MANY], 0)),
        **_told("fells the last", found["chop"][1]),
    }


def _told(name: str, values: NDArray) -> Row:
    return spread(name, bootstrap_interval(values, seed=0))


def slopes(chop: Mapping[int, NDArray], asked: Edges) -> tuple[float, float]:
    """By how much felling becomes likelier with one tree more, and with the next tree a step farther, both at once.

    Least squares over all states with two to five trees, each against its own mean.
    """
    numbers = [trees for trees in asked.left if trees in CLOSE]
    columns = np.stack([[np.full(len(asked.chop), trees), asked.next[trees]] for trees in numbers], 1).astype(
        float
    )
    said = np.stack([chop[trees] for trees in numbers])
    x, y = columns - columns.mean(1, keepdims=True), said - said.mean(0)
    found, *_ = np.linalg.lstsq(x.reshape(2, -1).T, y.ravel(), rcond=None)
    return float(found[0]), float(found[1])


def section(agents: Sequence[Agent], rows: Sequence[Row], gaps: Sequence[Row]) -> Section:
    """Curves at the named moments, and the contrast."""
    return Section(
        "The same state with fewer trees elsewhere",
        f"{STATES} held-out forests. A tree stands beside the agent, all others at least {FAR} steps away; these are "
        "taken away one by one. What changes is how many trees are left, and nothing near. The agent sees all of the "
        "forest.",
        [_figure(agents, rows)],
        [_table(agents, gaps), _slopes(agents, gaps)],
    )


def _figure(agents: Sequence[Agent], rows: Sequence[Row]) -> Figure:
    panels = [
        Lines(
            title,
            "trees left",
            axis,
            [
                _line(agent, moment, rows, name)
                for moment in ("most wood", "collapse", "end")
                for agent in agents
            ],
            share=name == "chop",
        )
        for name, title, axis in (
            ("chop", "Fells the tree beside it", "probability"),
            ("value", "The critic expects", "wood, discounted"),
        )
    ]
    caption = "By the number of trees left, at three moments of training, a line an agent."
    return replace(drawing(Picture(caption, panels), title="Sparing, and knowing better"), rows=list(rows))


def _line(agent: Agent, moment: str, rows: Sequence[Row], name: str) -> Line:
    found = where(rows, seed=agent.seed, steps=agent.named[moment])
    return Line(moment, [row["trees"] for row in found], [row[name] for row in found])


def _table(agents: Sequence[Agent], gaps: Sequence[Row]) -> Table:
    names = ("fells the last", "fells at few", "fells at many", "spares", "fears")
    body: list[tuple[Cell, ...]] = [
        (moment, *(over_seeds(agents, moment, gaps, name) for name in names)) for moment in agents[0].named
    ]
    header = (
        "moment",
        "fells: 1 tree",
        "1 or 2",
        "8 to 10",
        "8 to 10 less 1 or 2",
        "critic: 8 to 10 less 1 or 2",
    )
    return Table(header, body, caption="Mean over agents with 95 % intervals over seeds")


def _slopes(agents: Sequence[Agent], gaps: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (moment, *(over_seeds(agents, moment, gaps, name) for name in ("a tree more", "a step farther")))
        for moment in agents[0].named
    ]
    caption = (
        "What felling hangs on: with one tree more left, and with the next tree one step farther away, both at once "
        "(least squares, 2 to 5 trees); fewer trees also means that the next one is farther"
    )
    return Table(("moment", "one tree more", "the next tree a step farther"), body, caption=caption)
