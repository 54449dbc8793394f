"""The page of a probed agent: what it knows, when it came to know it, whether it uses it, and what it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.probing import Knowledge, known_unused
from core.uncertainty import Interval
from gridlens.probing.findings import caveats, finding
from gridlens.words import words_of
from reports.fields.sections import maps_section, story_section
from reports.html import anchor
from reports.probing.knowledge import knowledge
from reports.probing.known_unused import known_unused as known_unused_figure
from reports.probing.misread import misread_states, misread_title
from reports.probing.surfaces import surfaces
from reports.probing.time_axis import Panel, Shift, time_axis
from reports.sections import Cell, Link, Report, Section, Table
from rl.agents import AgentInfo
from rl.fields import Story
from rl.learning import Change, Learning, change
from rl.learning.behaviour import TOLD

CURVES = 4
"""Concepts that are drawn over training: those to which training added most."""


@dataclass(frozen=True, eq=False)
class Watched:
    """The finished agent in levels in which goal and proxy part."""

    maps: tuple[Any, ...]
    stories: tuple[Story, ...]


def agent_page(found: Learning, about: AgentInfo, watched: Watched, *, command: str) -> Report:
    """The report of one agent; sections about training only where several moments of it were probed."""
    rows = known_unused(found.reads[-1], found.uses[-1])
    chosen = strongest(found, rows)
    sections = [known_section(found), used_section(found.subject, chosen)]
    if len(found.steps) > 1:
        sections.append(training_section(found))
    sections += [*misread_sections(found), maps_section(watched.maps)]
    sections += [story_section(story) for story in watched.stories]
    return Report(
        kind=f"Probes · {about.world.name}",
        title=f"What {found.subject} knows and uses",
        question=f"What can be read off the layers of {found.subject}, since when, and does its policy rest on it?",
        approach=_approach(found, about),
        finding=finding(found, chosen),
        evidence=sections,
        caveats=caveats(found),
        reproduce=[command],
        provenance={found.subject: found.provenance},
    )


def strongest(found: Learning, rows: Sequence[Knowledge]) -> list[Knowledge]:
    """One row a concept: where training added most, or another layer at which erasing it changes more."""
    chosen = []
    for concept in found.concepts:
        mine = [row for row in rows if row.concept == concept]
        best = found.best_layer(concept)
        used = [row for row in mine if "used" in row.verdict.replace("not used", "")]
        at = next((row for row in mine if row.layer == best), None)
        if at is None or (used and at not in used):
            at = max(used or mine, key=lambda row: row.effect.estimate, default=None)
        if at is not None:
            chosen.append(at)
    return chosen


def _approach(found: Learning, about: AgentInfo) -> str:
    trained = f" at {len(found.steps)} moments of its training" if len(found.steps) > 1 else ""
    states = found.reads[-1][0].provenance.parameters.get("groups", "")
    return (
        f"{found.subject} was trained by {about.algorithm} in the world {about.world.name}. {states:,} states, each "
        f"from a level of its own that training never used, were shown to it{trained}, and for each concept a probe "
        "was fitted at the input and at every layer: to seven tenths of the levels, its penalty chosen by "
        "cross-validation, scored on the others. Beside it stand the same with shuffled labels, and the network with "
        "random weights.\n\nTo see what is used, what a linear map reads of the concept at a layer is exchanged for "
        "what it reads in another state, all else as it was, and the policy before and after compared: how much "
        "probability moves, beside random changes of the same size. Levels are played in which goal and proxy part: "
        f"{words_of(about.world).levels(about.world)} taught it, and here they come apart."
    )


def known_section(found: Learning) -> Section:
    """Every concept at the input and every layer."""
    chart = knowledge(
        [*found.given, *found.reads[-1]],
        title=f"What can be read of {found.subject}, and where",
        caption="Score of a linear probe on levels it was not fitted to; cells without a number are no better than "
        "shuffled labels. Left of the line the raw input, on the right the best layer of the untrained network.",
    )
    return Section(
        "What it knows",
        text="What the input shows plainly is no merit of the network: look for what rises to the right, and for what "
        "is lost.",
        figures=[chart],
    )


def used_section(name: str, rows: Sequence[Knowledge]) -> Section:
    """What is read of each concept beside what the policy does when it is exchanged."""
    chart = known_unused_figure(
        rows,
        title=f"What {name} knows, and what it uses",
        caption="One dot a concept, at the layer where training added most (or another where it is used). "
        "Bars: 95 % intervals; grey: what random directions of the same size do at most.",
    )
    header = ["concept", "layer", "score", "policy moved", "by chance", "verdict"]
    cells: list[list[Cell]] = [
        [row.concept, row.layer, row.read, row.effect, row.chance, row.verdict] for row in rows
    ]
    table = Table(
        header,
        cells,
        caption="Share of probability that moves (total variation) when what is read is exchanged.",
    )
    return Section("What it uses", figures=[chart], tables=[table])


def training_section(found: Learning, title: str = "When it came to know it") -> Section:
    """Surfaces, and one time axis of doing, knowing and using."""
    scores = {
        concept: np.array(
            [[one.score.estimate for one in found.read(concept, layer)] for layer in found.layers]
        )
        for concept in found.concepts
    }
    maps = surfaces(
        scores,
        found.layers,
        found.steps,
        title=f"What, when, where: {found.subject}",
        caption="Each concept's score by layer (down) and moment of training (across); below 0 is drawn as 0.",
    )
    axis = time_axis(
        _panels(found),
        found.steps,
        title=f"Doing, knowing and using: {found.subject}",
        caption="Bands: 95 % intervals. Bars below: when a curve changed - its best ramp, thin where its ends are "
        "uncertain; grey names did not change as far as these data show. Goal first and proxy first: shares "
        "of levels in which the ways to the two part.",
    )
    return Section(title, figures=[maps, axis])


def _panels(found: Learning) -> list[Panel]:
    measures = [name for name in TOLD if any(name in one.measures for one in found.outcomes)]
    shares = [name for name in measures if name in ("goal_first", "proxy_first", "preference")]
    counts = [name for name in measures if name not in shares]
    followed = gained(found)
    panels = [
        _panel("behaviour: shares", {_said(name): found.measure(name) for name in shares}, found.steps),
        _panel(
            "behaviour: times a level", {_said(name): found.measure(name) for name in counts}, found.steps
        ),
        _panel(
            "knowing: score of the probe",
            {
                f"{one} · {found.best_layer(one)}": [r.score for r in found.read(one, found.best_layer(one))]
                for one in followed
            },
            found.steps,
        ),
        _panel(
            "using: policy moved by exchanging",
            {
                one: [use.effect for use in found.used(one) if use.layer == found.best_layer(one)]
                for one in followed
            },
            found.steps,
        ),
    ]
    return [panel for panel in panels if panel.curves]


def gained(found: Learning) -> list[str]:
    """The concepts whose reading changed most from the first moment to the last."""

    def by(concept: str) -> float:
        curve = found.read(concept, found.best_layer(concept))
        return abs(curve[-1].score.estimate - curve[0].score.estimate)

    return sorted(found.concepts, key=by, reverse=True)[:CURVES]


def _panel(measure: str, curves: dict[str, Sequence[Interval]], steps: Sequence[int]) -> Panel:
    return Panel(measure, curves, {name: shift(change(steps, curve)) for name, curve in curves.items()})


def shift(found: Change | None) -> Shift | None:
    """A change as it is drawn."""
    return None if found is None else Shift(found.begins, found.ends, found.sudden)


def _said(measure: str) -> str:
    return {
        "goal_first": "goal first",
        "proxy_first": "proxy first",
        "goals": "intended events",
        "proxies": "proxy events",
    }.get(measure, measure)


def misread_sections(found: Learning) -> list[Section]:
    """A table of all concepts, which leads to the states that are read worst, and these."""
    header = ["concept", "layer", "score", "input", "untrained", "learned", "its worst states"]
    rows: list[list[Cell]] = []
    for concept in found.concepts:
        layer = found.best_layer(concept)
        last = found.read(concept, layer)[-1]
        rows.append(
            [
                concept,
                layer,
                last.score,
                found.input(concept).score,
                last.untrained,
                _when(found.learned(concept)),
                Link("look", f"#figure-{anchor(misread_title(concept))}"),
            ]
        )
    return [
        Section(
            "Concept by concept",
            text="Each at the hidden layer where training added most to it, and when it did.",
            tables=[Table(header, rows, caption="Scores of probes, with 95 % intervals.")],
        ),
        Section(
            "What it misreads",
            text="For every concept the states in which its probe is furthest from the truth.",
            figures=[misread_states(one) for one in found.misread],
        ),
    ]


def _when(found: Change | None) -> str:
    if found is None:
        return ""
    how = "suddenly, " if found.sudden else ""
    return f"{how}{found.begins.estimate:,.0f} to {found.ends.estimate:,.0f} steps"
