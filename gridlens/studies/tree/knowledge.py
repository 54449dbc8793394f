"""What is read off the layers at every moment beside its controls, and what exchanging it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.faithfulness import randomised
from core.probing import Labelled, ProbeResult, probed_layers, probes
from core.probing.layers import INPUT, leaves
from core.probing.use import How, use_of
from core.subject import Subject
from envs.state import State, take
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import Agent, over_seeds, spread, through, where
from gridlens.studies.tree.forests import CONCEPTS, SEED, edges, probed
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.agents import see
from rl.concepts import labelled
from rl.reproductions.plots import Line, Lines, Picture

LAST = "relu2"
"""All that decides comes through this layer: where use is asked about."""
COUNT, SCARCE = "tree count", "trees scarce"
USED = (COUNT, SCARCE, "steps to goal", "turn to goal")
CHANGED, DRAWN = 1000, 10
ANYWHERE, BESIDE = "anywhere", "beside a tree"
"""Where use is asked about: forests with the agent anywhere, and those of the sparing curve."""
NAMES = {
    "steps to goal": "steps to the nearest tree",
    "turn to goal": "way to the nearest tree",
    "value of goal": "value of the best play",
    "value of proxy": "value of scarce chops",
}


def known(agent: Agent) -> Sequence[Row]:
    """Every concept at the input and every layer, at every moment."""
    state, concepts = probed(agent.world)
    seen = see(agent.world, state, agent.about.view)
    given = probes({INPUT: seen}, concepts, seed=SEED)
    plain = probed_layers(
        randomised(agent.at(agent.end), seed=agent.seed),
        seen,
        concepts,
        layers=leaves(agent.at(agent.end)),
        untrained=False,
        seed=SEED,
    )

    def read(subject: Subject) -> Sequence[Row]:
        found = probed_layers(subject, seen, concepts, layers=leaves(subject), untrained=plain, seed=SEED)
        return [_row(one) for one in (*given, *found)]

    return through(agent, read)


def _row(one: ProbeResult) -> Row:
    return {
        "concept": one.concept,
        "layer": one.layer,
        "measure": one.measure,
        "n": one.score.n,
        **spread("score", one.score),
        "shuffled": one.control.estimate,
        "untrained": float("nan") if one.untrained is None else one.untrained.estimate,
        "known": one.known,
    }


def used(agent: Agent) -> Sequence[Row]:
    """What the policy does when the last hidden layer reads as another state's: anywhere, and beside a tree."""
    state, concepts = probed(agent.world)
    anywhere = {name: Labelled(concepts[name].kind, concepts[name].values[:CHANGED]) for name in USED}
    some = [take(one, slice(CHANGED // 10)) for one in edges(agent.world).left.values()]
    beside = State(*(np.concatenate(parts) for parts in zip(*some, strict=True)))
    groups = np.tile(np.arange(CHANGED // 10), len(some))
    asked = (
        (ANYWHERE, take(state, slice(CHANGED)), anywhere, None),
        (BESIDE, beside, labelled(agent.world, beside, [COUNT, SCARCE]), groups),
    )

    def exchanged(subject: Subject) -> Sequence[Row]:
        return [row for question in asked for row in _exchanged(agent, subject, *question)]

    return through(agent, exchanged, agent.named.values())


def _exchanged(
    agent: Agent,
    subject: Subject,
    place: str,
    state: State,
    concepts: Mapping[str, Labelled],
    groups: NDArray | None,
) -> list[Row]:
    seen = see(agent.world, state, agent.about.view)
    results = probed_layers(
        subject, seen, concepts, groups=groups, layers=(LAST,), untrained=False, seed=SEED
    )
    how = How(seed=SEED, random=DRAWN)
    uses = use_of(subject, seen, results, concepts, head="policy", groups=groups, how=how)
    return [
        {"place": place, "concept": use.concept, "n": use.effect.n, "used": use.used}
        | dict(spread("effect", use.effect))
        | dict(spread("chance", use.chance))
        for use in uses
    ]


def section(agents: Sequence[Agent], rows: Sequence[Row], uses: Sequence[Row]) -> Section:
    """Read and used."""
    return Section(
        "What it knows, and what its next move hangs on",
        "Linear probes, fitted to half of some 1,800 held-out forests of one to ten trees and scored on the others "
        "(R²; AUC for scarce). The picture that the agent is given shows all trees, so that their number is a sum of "
        "the input; the question is what is left of it in the layers above. Use: what is read of a concept at "
        f"`{LAST}` is exchanged for that of another state; the numbers are by how much the next move changes then "
        "(total variation, 0 to 1), over all states, beside random directions changed by as much.",
        [_figure(agents, rows)],
        [_read(agents, rows), _layers(agents, rows), _use(agents, uses)],
    )


def _figure(agents: Sequence[Agent], rows: Sequence[Row]) -> Figure:
    panels = [
        Lines(
            f"{concept} at {LAST}".capitalize(),
            "steps of training",
            str(where(rows, concept=concept)[0]["measure"]),
            [_line(agent, rows, concept) for agent in agents],
        )
        for concept in (COUNT, SCARCE)
    ]
    caption = "How well a linear probe reads it off the last hidden layer, a line an agent."
    return replace(drawing(Picture(caption, panels), title="Trees left, read over training"), rows=list(rows))


def _line(agent: Agent, rows: Sequence[Row], concept: str) -> Line:
    found = where(rows, seed=agent.seed, concept=concept, layer=LAST)
    return Line(f"seed {agent.seed}", [row["steps"] for row in found], [row["score"] for row in found])


def _read(agents: Sequence[Agent], rows: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = []
    for concept in CONCEPTS:
        about: dict[str, Any] = {"concept": concept, "layer": LAST}
        given = over_seeds(agents, "end", rows, "score", concept=concept, layer=INPUT).estimate
        plain, mixed = (
            over_seeds(agents, "end", rows, name, **about).estimate for name in ("untrained", "shuffled")
        )
        scores = (over_seeds(agents, moment, rows, "score", **about) for moment in agents[0].named)
        body.append((NAMES.get(concept, concept), given, plain, mixed, *scores))
    header = ("concept", "input", "untrained", "shuffled", *agents[0].named)
    caption = f"Read off {LAST} at four moments (accuracy for the way), mean over agents with 95 % intervals over seeds"
    return Table(header, body, caption=caption)


def _layers(agents: Sequence[Agent], rows: Sequence[Row]) -> Table:
    layers = list(dict.fromkeys(str(row["layer"]) for row in rows))
    body: list[tuple[Cell, ...]] = [
        (
            layer,
            *(
                over_seeds(agents, moment, rows, "score", concept=COUNT, layer=layer)
                for moment in agents[0].named
            ),
        )
        for layer in layers
    ]
    return Table(("layer", *agents[0].named), body, caption="The number of trees, read off every layer (R²)")


def _use(agents: Sequence[Agent], uses: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (
            place,
            NAMES.get(concept, concept),
            moment,
            *(
                over_seeds(agents, moment, uses, name, concept=concept, place=place)
                for name in ("effect", "chance")
            ),
            _count(agents, moment, where(uses, place=place), concept),
        )
        for place, concepts in ((ANYWHERE, USED), (BESIDE, (COUNT, SCARCE)))
        for concept in concepts
        for moment in agents[0].named
        if moment != "at first"
    ]
    header = ("states", "concept", "moment", "next move changes by", "chance", "used by")
    return Table(header, body, caption=f"Exchanging what is read at {LAST}, mean over agents")


def _count(agents: Sequence[Agent], moment: str, uses: Sequence[Row], concept: str) -> str:
    found = [where(uses, seed=agent.seed, steps=agent.named[moment], concept=concept)[0] for agent in agents]
    return f"{sum(bool(row['used']) for row in found)} of {len(found)}"
