"""How the first layer sees shields and apples: by units of their own, or by the same units, more and less."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.interventions import reweighted
from core.subject import Subject
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, Agent, curves, over_seeds
from gridlens.studies.monster.choice import place, roads, the_world
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.agents import load
from rl.choices import answers, leaning
from rl.reproductions.plots import Lines, Picture

FIRST, NEXT = "hidden1", "hidden2"
"""The layers of the agents' network that are looked at: see ``rl.networks.mlp``."""
FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
SHUFFLES = 100


def measure(agent: Agent) -> Sequence[Row]:
    """How alike the weights from shields and from apples are, unit by unit, and how much larger the one are.

    Units are weighed by how much of what they say the next layer takes up. "shuffled": the same between units drawn
    at random; "untrained": of the agent as it was before training.
    """
    rng = np.random.default_rng(0)
    shield, apple, weight = _weights(agent.subject)
    drawn = [_alike(shield, apple[rng.permutation(len(apple))], weight) for _ in range(SHUFFLES)]
    before = _weights(load(agent.folder, snapshot=0))
    ratio = float((shield.norm(dim=1) / apple.norm(dim=1) * weight).sum())
    return [
        {
            "alike": _alike(shield, apple, weight),
            "shuffled": float(np.mean(drawn)),
            "untrained": _alike(*before),
            "ratio": ratio,
        }
    ]


def scaled_leanings(agent: Agent) -> Sequence[Row]:
    """The lean to the apple, without monsters, with all weights from shields multiplied by a factor."""
    rows = []
    for factor in FACTORS:
        subject = scaled(agent.subject, "shield", factor)
        policy, _ = answers(subject, the_world(), place(0, 0), agent.view)
        rows.append({"factor": factor, "apple": float(leaning(policy, roads("test", 0).towards)[0].mean())})
    return rows


def scaled(subject: Subject, channel: str, factor: float) -> Subject:
    """A copy whose first layer's weights from an input channel are multiplied by a factor."""
    weight = _weight(subject, FIRST).clone()
    weight.view(len(weight), *subject.spec.shape)[:, _channel(subject, channel)] *= factor
    return reweighted(subject, {f"{FIRST}.weight": weight}, name=f"{channel} times {factor:g}")


def _weight(subject: Subject, layer: str) -> Tensor:
    return subject.module.get_parameter(f"{layer}.weight").detach()


def _channel(subject: Subject, name: str) -> int:
    return tuple(subject.spec.channels or ()).index(name)


def _weights(subject: Subject) -> tuple[Tensor, Tensor, Tensor]:
    """Each unit's weights from shields and from apples (units, cells), and how much it counts, adding up to 1."""
    first = _weight(subject, FIRST)
    maps = first.view(len(first), *subject.spec.shape)
    shield, apple = (maps[:, _channel(subject, name)].flatten(1) for name in ("shield", "apple"))
    onward = _weight(subject, NEXT).norm(dim=0)
    counts = onward * (shield.square().sum(1) + apple.square().sum(1)).sqrt()
    return shield, apple, counts / counts.sum()


def _alike(shield: Tensor, apple: Tensor, weight: Tensor) -> float:
    return float((torch.cosine_similarity(shield, apple, dim=1) * weight).sum())


def section(rows: Sequence[Row], factors: Sequence[Row]) -> Section:
    """Likeness as a table, leanings by the factor as a figure."""
    return Section(
        "Where the preference is",
        "Each of the 128 units of the first layer has a weight from every cell of the window for shields, and one for "
        "apples. If units were for shields or for apples, the two would have nothing to do with each other; if the "
        "network sees things to walk to, and shields as more or less of one, they would be alike. Units count by how "
        "much of what they say the next layer takes up. Then all weights from shields are multiplied by one number.",
        [_figure(factors)],
        [_table(rows)],
    )


def _figure(factors: Sequence[Row]) -> Figure:
    lines = curves(factors, "factor", "apple")
    panel = Lines("No monster left", "weights from shields, times", "towards the apple", lines, share=True)
    made = drawing(Picture("A line an agent.", [panel]), title="One number turns the preference")
    return replace(made, rows=factors)


def _table(rows: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (
            NAMES[kind],
            *(over_seeds(rows, name, kind=kind) for name in ("alike", "shuffled", "untrained", "ratio")),
        )
        for kind in KINDS
    ]
    header = (
        "agents",
        "weights from shields and apples: cosine",
        "units shuffled",
        "before training",
        "shields' size by apples'",
    )
    return Table(header, body, caption="First layer, mean over agents with 95 % intervals over seeds")
