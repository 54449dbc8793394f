"""What the agents know - read off every layer - and which of it decides what they do next, and apple or shield."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.probing import Labelled, ProbeResult, probed_layers
from core.probing.knowledge import Knowledge, known_unused
from core.probing.splits import split
from core.probing.use import How, use_of
from envs.editing.edits import set_counter
from envs.state import State, take
from envs.worlds.monster import MONSTER
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, Agent, over_seeds
from gridlens.studies.monster.choice import HELD, MONSTERS, SEED, THINGS, the_world
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.agents import see
from rl.choices import crossroads, fewer, leaning, steps_to
from rl.concepts import labelled, sampled_states, varied
from rl.reproductions.plots import Line, Lines, Picture

STATES, NEAR, DRAWN = 2000, 3, 10
CONCEPTS = {
    "monster count": "monsters left",
    "shields held": "shields held",
    "steps to apple": "steps to the nearest apple",
    "steps to shield": "steps to the nearest shield",
    "steps to monster": "steps to the nearest monster",
    "value of goal": "value of play for apples",
    "value of proxy": "value of play for shields",
    "turn to apple": "way to the nearest apple",
    "turn to shield": "way to the nearest shield",
}
"""Concepts of ``rl.concepts`` to what they are called here; three of the study's own come to them. The last two are
what walking to a thing takes: an agent that goes to things uses them, or the test of use sees nothing."""
LAST = "relu2"
"""Where use is asked about: all that decides comes through this layer."""
USED = ("known and used", "used, not read")
QUESTIONS = ("next move", "apple or shield")


def known(agent: Agent) -> Sequence[Row]:
    """Every concept at the input and every layer, with its controls."""
    state = _states()
    seen = see(the_world(), state, agent.view)
    return [_row(one) for one in probed_layers(agent.subject, seen, _labels(state), seed=SEED)]


def used(agent: Agent) -> Sequence[Row]:
    """Every concept at the last hidden layer: what the answer does when it reads as another state's."""
    rows = []
    for question in QUESTIONS:
        state, towards = (_states(), None) if question == QUESTIONS[0] else _mixed()
        seen, concepts = see(the_world(), state, agent.view), _labels(state)
        if question != QUESTIONS[0]:
            concepts.pop(CONCEPTS["steps to apple"])  # as far as the shield, in all of them
        head = "policy" if towards is None else _choosing(towards)
        probes = probed_layers(agent.subject, seen, concepts, layers=(LAST,), untrained=False, seed=SEED)
        uses = use_of(agent.subject, seen, probes, concepts, head=head, how=How(seed=SEED, random=DRAWN))
        rows += [{"question": question} | _use_row(one) for one in known_unused(probes, uses)]
    return rows


def _row(one: ProbeResult) -> Row:
    return {
        "concept": one.concept,
        "layer": one.layer,
        "measure": one.measure,
        "score": one.score.estimate,
        "shuffled": one.control.estimate,
        "untrained": float("nan") if one.untrained is None else one.untrained.estimate,
        "known": one.known,
    }


def _use_row(one: Knowledge) -> dict[str, Any]:
    return {
        "concept": one.concept,
        "layer": one.layer,
        "read": one.read.estimate,
        "effect": one.effect.estimate,
        "chance": one.chance.estimate,
        "chance high": one.chance.high,
        "verdict": one.verdict,
    }


@lru_cache(maxsize=1)
def _states() -> State:
    """From no monster to all and from no shield to ten, each as often as any other, the agent anywhere."""
    return sampled_states(varied(the_world()), STATES, seed=SEED)


@lru_cache(maxsize=1)
def _mixed() -> tuple[State, np.ndarray]:
    """States where an apple and a shield are equally far, with any number of monsters, near or not, and of shields."""
    choice = crossroads(the_world(), STATES, THINGS, seed=SEED + 1)
    rng = np.random.default_rng(SEED)
    left = rng.integers(0, MONSTERS + 1, len(choice.state.clock))
    fewest = [take(choice.state, np.flatnonzero(left == number)) for number in range(MONSTERS + 1)]
    parts = [fewer(the_world(), one, "monster", number, seed=SEED) for number, one in enumerate(fewest)]
    order = np.argsort(left, kind="stable")
    state = State(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    held = rng.integers(0, HELD + 1, len(order))
    return set_counter(the_world(), state, "shields", held), choice.towards[:, order]


def _labels(state: State) -> dict[str, Labelled]:
    found = {CONCEPTS[name]: one for name, one in labelled(the_world(), state, list(CONCEPTS)).items()}
    monsters = state.planes[:, MONSTER] > 0
    far = steps_to(the_world(), state, "monster")[np.arange(len(state.clock)), *state.agent.T]
    seen = see(the_world(), state, "window")[:, 1].sum((1, 2)).numpy()
    found["no monster left"] = Labelled("binary", np.logical_not(monsters.any((1, 2))))
    found["monsters in the window"] = Labelled("continuous", seen)
    found["a monster near"] = Labelled("binary", far <= NEAR)
    return found


def _choosing(towards: np.ndarray) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """Answers on the samples that uses are measured on, to how likely the apple is approached, and the shield."""
    held = ~split(towards.shape[1], None, seed=SEED).fitted

    def head(answers: Mapping[str, Tensor]) -> Tensor:
        apple, _ = leaning(answers["policy"].softmax(1), towards[:, held])
        return torch.stack([apple, 1 - apple], 1)

    return head


def section(rows: Sequence[Row], uses: Sequence[Row], changed: Table) -> Section:
    """Scores by layer; what is used of it."""
    return Section(
        "What they know, and what of it they use",
        f"{STATES:,} held-out states, one a level, with any number of monsters and of shields in hand. Known is what a "
        "linear probe reads on states that it was not fitted to (R², for what is yes or no the area under the ROC "
        "curve), beside shuffled labels and the same network untrained. Used is what the answer changes by when a "
        "layer reads, for one concept, as another state's (total variation, 0 to 1), more than when as much is changed "
        "along directions drawn by chance, and by 2 % at least. Two answers are asked about: the next move, and, where "
        "an apple and a shield are equally far, which of the two is approached.",
        [_figure(rows)],
        [_read(rows), _use(uses), changed],
    )


def _figure(rows: Sequence[Row]) -> Figure:
    layers = list(dict.fromkeys(row["layer"] for row in rows))[:5]
    panels = [
        Lines(
            f"{concept} ({measure})",
            ", ".join(f"{at} {layer}" for at, layer in enumerate(layers)),
            measure,
            [
                Line(
                    f"{kind}-step agents",
                    list(range(len(layers))),
                    [_score(rows, concept, layer, kind, seed) for layer in layers],
                )
                for kind in KINDS
                for seed in sorted({row["seed"] for row in rows})
            ],
        )
        for concept, measure in (("monsters left", "R²"), ("no monster left", "AUC"), ("shields held", "R²"))
    ]
    caption = "How well a linear probe reads it, from the input to the last hidden layer. A line an agent."
    return replace(drawing(Picture(caption, panels), title="Read off the layers"), rows=list(rows))


def _score(rows: Sequence[Row], concept: str, layer: str, kind: int, seed: int) -> float:
    wanted = (concept, layer, kind, seed)
    return next(
        float(row["score"])
        for row in rows
        if (row["concept"], row["layer"], row["kind"], row["seed"]) == wanted
    )


def _read(rows: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = []
    for concept in dict.fromkeys(row["concept"] for row in rows):
        for kind in KINDS:
            last: dict[str, Any] = {"concept": concept, "layer": LAST, "kind": kind}
            given = over_seeds(rows, "score", concept=concept, layer="input", kind=kind).estimate
            numbers = (over_seeds(rows, name, **last) for name in ("score", "untrained", "shuffled"))
            body.append((concept, NAMES[kind], given, *numbers))
    header = ("concept", "agents", "input", LAST, f"{LAST}, untrained", f"{LAST}, shuffled")
    return Table(
        header, body, caption="Read by linear probes, mean over agents with 95 % intervals over seeds"
    )


def _use(uses: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = []
    for question in QUESTIONS:
        for concept in dict.fromkeys(row["concept"] for row in uses if row["question"] == question):
            for kind in KINDS:
                where: dict[str, Any] = {
                    "question": question,
                    "concept": concept,
                    "layer": LAST,
                    "kind": kind,
                }
                found = [row for row in uses if all(row[key] == value for key, value in where.items())]
                numbers = (over_seeds(uses, name, **where) for name in ("effect", "chance"))
                body.append((question, concept, NAMES[kind], *numbers, _used(found)))
    header = ("answer", "concept", "agents", "changes it by", "chance", "used by")
    caption = f"What the answer does when {LAST} reads as another state's, mean over agents"
    return Table(header, body, caption=caption)


def _used(found: Sequence[Row]) -> str:
    return f"{sum(row['verdict'] in USED for row in found)} of {len(found)}"
