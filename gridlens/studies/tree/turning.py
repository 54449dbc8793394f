"""One small edit: what the policy is told of the number of trees at the last hidden layer, shifted, erased or louder.

Only weights and biases of the policy's output are changed; the critic and all layers below stay as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.interventions import reweighted
from core.subject import Subject
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import Agent
from gridlens.studies.tree.forests import SEED, edges, probed
from gridlens.studies.tree.knowledge import COUNT, LAST
from gridlens.studies.tree.play import fate
from gridlens.studies.tree.sparing import FEW, MANY, answers
from rl.agents import see

SHIFTS = (-8.0, -4.0, 4.0, 8.0)
"""Trees that the layer is made to read as more."""
GAINS = (-1.0, 1.0, 2.0, 4.0)
"""How much of the count's deviation from its mean is added: -1 takes it away, 1 doubles it."""
DRAWN = 10
"""Random directions that each edit is set beside in felling; the first of them in play too."""
PENALTY = 1e-3
MOMENTS = ("collapse", "end")


@dataclass(frozen=True, eq=False)
class Edit:
    """``shift`` trees more, and ``gain`` times the deviation from the mean besides."""

    name: str
    shift: float = 0.0
    gain: float = 0.0


EDITS = (
    *(Edit(f"reads {shift:+g} trees", shift=shift) for shift in SHIFTS),
    Edit("count erased", gain=GAINS[0]),
    *(Edit(f"count {1 + gain:g} times as loud", gain=gain) for gain in GAINS[1:]),
)
PLAYED = {edit.name for edit in EDITS if edit.gain or edit.shift == SHIFTS[1]}
"""Those that are let loose in forests."""


@dataclass(frozen=True, eq=False)
class Held:
    """How the last hidden layer holds the count: by how much it moves with a tree more (``way``), what reads the
    count from it (``reader`` @ activations - ``mean`` is the deviation), and ``noise`` to draw other ways from."""

    way: Float[Tensor, "d"]
    reader: Float[Tensor, "d"]
    mean: float
    noise: Float[Tensor, "n d"]


def turned(agent: Agent) -> Sequence[Row]:
    """Every edit at the collapse and at the end: felling at few and at many trees, and forests, beside chance."""
    return [
        {"moment": moment, "steps": agent.named[moment]} | dict(row)
        for moment in MOMENTS
        for row in _edits(agent, agent.at(agent.named[moment]))
    ]


def _edits(agent: Agent, subject: Subject) -> Iterator[Row]:
    held = read(agent, subject)
    yield {"edit": "none", "drawn": 0} | dict(_told(agent, subject, play=True))
    for edit in EDITS:
        own = made(subject, held, edit, held.way)
        yield {"edit": edit.name, "drawn": 0} | dict(_told(agent, own, play=edit.name in PLAYED))
        for draw in range(DRAWN):
            other = made(subject, held, edit, any_way(held, draw))
            yield {"edit": edit.name, "drawn": 1 + draw} | dict(
                _told(agent, other, play=edit.name in PLAYED and not draw)
            )


def _told(agent: Agent, subject: Subject, *, play: bool) -> Row:
    felled = answers(subject, agent, edges(agent.world))["chop"]
    row: dict[str, float | None] = {
        name: float(np.mean([felled[trees] for trees in some]))
        for name, some in (("few", FEW), ("many", MANY))
    }
    lived = fate(subject, agent.about) if play else spread_of_nothing()
    return row | {name: lived[name] for name in ("wood", "late", "standing")}


def spread_of_nothing() -> Row:
    """Forests that were not played."""
    return dict.fromkeys(("wood", "late", "standing"))


def read(agent: Agent, subject: Subject) -> Held:
    """By held-out forests: the slope of every unit on the count, and the ridge regression of the count on them."""
    state, concepts = probed(agent.world)
    said = capture(subject, see(agent.world, state, agent.about.view), [LAST])[LAST].double()
    count = torch.as_tensor(concepts[COUNT].values).double()
    x, y = said - said.mean(0), count - count.mean()
    spread = x.T @ x / len(x)
    eye = PENALTY * spread.diagonal().mean() * torch.eye(len(spread), dtype=torch.float64)
    reader = torch.linalg.solve(spread + eye, x.T @ y / len(x))
    return Held(x.T @ y / (y @ y), reader, float(reader @ said.mean(0)), x)


def any_way(held: Held, draw: int) -> Float[Tensor, "d"]:
    """How the layer would hold nothing but noise: another direction of the same length, out of its own spread."""
    noise = torch.as_tensor(np.random.default_rng((SEED, draw)).normal(size=len(held.noise)))
    way = held.noise.T @ noise
    return way * held.way.norm() / way.norm()


def made(subject: Subject, held: Held, edit: Edit, way: Float[Tensor, "d"]) -> Subject:
    """The edit built into the weights of the policy's output: as if activations moved along ``way``."""
    weight, bias = (
        subject.module.get_parameter(f"policy.{part}").detach().double() for part in ("weight", "bias")
    )
    told = weight @ way
    bias = bias + (edit.shift - edit.gain * held.mean) * told
    weight = weight + edit.gain * torch.outer(told, held.reader)
    return reweighted(subject, {"policy.weight": weight.float(), "policy.bias": bias.float()}, name=edit.name)
