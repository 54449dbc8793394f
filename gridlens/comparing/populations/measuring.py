"""What is measured of every agent of a population: play, knowledge, use, choices and layers, kept agent by agent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.activations import capture
from core.probing import Knowledge, ProbeResult, probed_layers
from core.probing.layers import INPUT, leaves
from core.progress import Progress
from core.similarity.hsic import gram, hsic
from envs.spec import World
from gridlens.comparing.agents import knowing
from gridlens.comparing.agents.entrants import Entrant
from gridlens.comparing.agents.parting import Pool, choices
from gridlens.comparing.agents.playing import Played, played
from reports.comparing.agents.knowing import best_inside
from rl.agents import see
from rl.concepts import labelled, sampled_states, told_by, varied
from rl.study_files import kept

SHARE = 4
"""Levels and samples of each agent: one in so many levels, one in half as many samples, of those of a comparison."""
STATES = 400
"""States that all agents are given."""


@dataclass(frozen=True, eq=False)
class Measured:
    """One agent: what it did level by level, what is read best of every concept, and what it uses."""

    entrant: Entrant
    played: Played = field(repr=False)
    probes: Sequence[ProbeResult] = field(repr=False)
    uses: Sequence[Knowledge] = field(repr=False)

    def mean(self, measure: str, where: str) -> float:
        """The mean over levels."""
        return float(self.played[where][measure].mean())

    def score(self, concept: str) -> float:
        """How well a concept is read where it is read best."""
        return best_inside(self.probes, concept).score.estimate

    def effect(self, concept: str) -> float:
        """How far the choice moves when a concept is swapped there."""
        return next(row.effect.estimate for row in self.uses if row.concept == concept)


def measured(
    entrant: Entrant,
    where: Mapping[str, World],
    folder: Path,
    *,
    levels: int,
    samples: int,
    seed: int,
    progress: Progress,
) -> Measured:
    """All of one agent, read back from ``folder`` where it is there."""
    place = folder / "agents" / entrant.name
    plays = played(entrant, where, levels=levels, seed=seed, folder=place, progress=progress)

    def told(done: int, total: int, label: str) -> None:
        progress(done, total, f"{entrant.name}: {label}")

    def probed() -> tuple[ProbeResult, ...]:
        world = varied(entrant.about.world)
        state = sampled_states(world, samples, seed=seed)
        return probed_layers(
            entrant.subject,
            see(world, state, entrant.about.view),
            labelled(world, state, told_by(world)),
            layers=[name for name in leaves(entrant.subject) if name != INPUT],
            untrained=False,
            seed=seed,
            progress=told,
        )

    probes = kept(place / "probes", probed)
    uses = knowing.used(entrant, probes, place, samples=samples, seed=seed, progress=progress)
    return Measured(entrant, plays, probes, uses)


def distances(agents: Sequence[Entrant], pool: Pool) -> tuple[NDArray, NDArray]:
    """Between every two agents: how often another action is preferred, and the mean total variation "
    "of their choices."""
    given = np.stack([choices(one, pool) for one in agents])
    best = given.argmax(2)
    differ = (best[:, None] != best[None]).mean(2)
    apart = np.stack([np.abs(given - one).sum(2).mean(1) / 2 for one in given])
    return differ, apart


def likeness(agents: Sequence[Entrant], pool: Pool) -> tuple[str, NDArray]:
    """CKA between every two agents at the last layer before their heads, by its name; "" where they "
    "have not the same."""
    layers = {_last(one) for one in agents}
    if len(layers) > 1:
        return "", np.zeros((0, 0))
    layer = layers.pop()
    grams = []
    for one in agents:
        with torch.no_grad():
            seen = see(pool.world, pool.state, one.about.view)
            grams.append(gram(capture(one.subject, seen, [layer])[layer].float()))
    own = [max(hsic(one, one), 0.0) for one in grams]
    table = np.array([[hsic(a, b) for b in grams] for a in grams])
    scale = np.sqrt(np.outer(own, own))
    return layer, np.where(scale > 0, table / np.where(scale > 0, scale, 1), np.nan)


def _last(entrant: Entrant) -> str:
    return [name for name in leaves(entrant.subject) if name not in entrant.subject.heads][-1]
