"""Sections of compared agents: where they part, maps, what they know and use, how alike they are inside."""

from collections.abc import Sequence

import numpy as np

from core.uncertainty import Interval
from reports.comparing.agents.behaviour import upper
from reports.comparing.agents.evidence import AgentEvidence, Evidence, PairEvidence
from reports.comparing.agents.knowing import concepts_of, knowledge_table, read_best, use_table
from reports.comparing.agents.states import states_apart
from reports.comparing.heat import heat_map
from reports.drawing import figure
from reports.fields.panels import Panel, draw_panels, height_of
from reports.figures import percent
from reports.maps import MazeMap, maze_maps
from reports.sections import Cell, Figure, Section, Table
from rl.fields import FieldDifference

HEADS = ("policy", "value", "q")
"""Layers that are an answer already."""


def parting_section(found: Evidence) -> Section:
    """How often another action is preferred, and the states in which the choices part most, with both attributions."""
    sampled, met = found.states
    rows: list[list[Cell]] = [
        [
            f"{pair.one} and {pair.other}",
            percent(pair.sampled),
            percent(pair.met),
            f"{pair.distance.estimate:.3f} [{pair.distance.low:.3f}, {pair.distance.high:.3f}]",
        ]
        for pair in found.pairs
    ]
    table = Table(
        ["agents", "another action, sampled states", "another action, states met", "mean distance"],
        rows,
        caption=f"Share of {sampled} sampled states (one a level) and of {met} met in the agents' own "
        "play in which the "
        "preferred actions differ; mean total variation of the action probabilities over all (0 the same, 1 nothing in "
        "common). 95 % intervals over levels.",
    )
    shown = [pair for pair in found.pairs if pair.states]
    figures = [
        states_apart(
            pair.states,
            title=f"Where {pair.one} and {pair.other} part most",
            caption=f"Each row a state: as the world draws it, how likely each agent takes each action, and what its "
            f"preferred action hung on ({found.method.replace('-', ' ')}; orange counts for it, blue "
            "against, each map to its own scale).",
        )
        for pair in shown
    ]
    return Section("Where they part", text=_parting(found, shown), figures=figures, tables=[table])


def _parting(found: Evidence, shown: Sequence[PairEvidence]) -> str:
    if not shown:
        return "Given the same states, all choose as good as alike everywhere: there is no state to show."
    pair = max(found.pairs, key=lambda one: one.distance.estimate)
    return (
        f"Given the same state, {pair.one} and {pair.other} prefer another action in "
        f"{percent(pair.sampled)} of sampled "
        f"states and in {percent(pair.met)} of those met in play. Shown are those in which their action probabilities "
        "lie farthest apart, at most one of a level."
    )


def maps_section(found: Evidence, chosen: str) -> Section | None:
    """Value and policy in every cell of some levels, agents side by side; of two agents the difference too."""
    if not found.agents[0].maps:
        return None
    thing, figures = found.setting.thing, []
    for index, maps in enumerate(zip(*(agent.maps for agent in found.agents), strict=True), 1):
        figures.append(maze_maps(maps, title=f"{upper(thing)} {index}", caption=_drawn(maps)))
    if len(found.agents) == 2 and any(one.mean > 0 for one in found.pairs[0].differences):
        figures.append(_differences(found.pairs[0], thing))
    text = f"Every agent on the same {thing}s. {chosen}".strip()
    return Section("What they would do anywhere", text=text, figures=figures)


def _drawn(maps: Sequence[MazeMap]) -> str:
    scored = " and ".join(one.subject for one in maps if one.best)
    best = f" For {scored}, trained to score actions: the best one, and what it is worth." if scored else ""
    return f"Colour: the value the agent expects from each cell. Arrows: where its policy would go.{best}"


def _differences(pair: PairEvidence, thing: str) -> Figure:
    """Where in the same levels two policies differ, by total variation."""
    panels = [
        Panel(
            f"{thing} {number}",
            one.variation,
            one.after.frame,
            (0.0, 1.0),
            moves=one.moves,
            marks=one.after.marks,
            ring=one.most if one.mean > 0 else None,
        )
        for number, one in enumerate(pair.differences, 1)
    ]
    columns = min(3, len(panels))
    rows = [
        {
            thing: number,
            "row": int(row),
            "column": int(column),
            "policies apart": float(one.variation[row, column]),
        }
        | {"value of the second less the first": float(one.values[row, column])}
        for number, one in enumerate(pair.differences, 1)
        for row, column in np.argwhere(np.isfinite(one.variation))
    ]
    title = f"Where {pair.one} and {pair.other} would differ"
    return figure(
        lambda canvas: draw_panels(canvas, panels, columns, legend="policies apart"),
        height=height_of(panels, columns),
        title=title,
        caption="Colour: how far apart the two policies are in each cell (total variation, 0 to 1). "
        "Arrows: the step that "
        f"{pair.other} would rather go, less the one of {pair.one}. Ringed: the farthest apart.",
        alt=f"{title}. "
        + " ".join(_apart(number, one, thing) for number, one in enumerate(pair.differences, 1)),
        rows=rows,
    )


def _apart(number: int, one: FieldDifference, thing: str) -> str:
    row, column = one.most
    return (
        f"{upper(thing)} {number}: {one.mean:.0%} apart on average over the cells, most at row {row}, column {column}, "
        f"{np.nan_to_num(one.variation[one.most]):.0%}."
    )


def knowledge_section(found: Evidence) -> Section | None:
    """What can be read off each agent, and what each does with it."""
    agents = found.agents
    if not concepts_of(agents):
        return None
    figures = [
        read_best(
            agents,
            title="What can be read off each",
            caption="The best layer's linear probe, scored on levels it was not fitted to, with 95 % intervals over "
            "levels; hollow: the same on shuffled labels; dotted: off the raw input, before any network.",
        )
    ]
    tables = [knowledge_table(agents)]
    text = ""
    if any(agent.used for agent in agents):
        tables.append(use_table(agents))
        text = _unused(agents)
    return Section("What they know and use", text=text, figures=figures, tables=tables)


def _unused(agents: Sequence[AgentEvidence]) -> str:
    said = []
    for agent in agents:
        idle = [row.concept for row in agent.used if row.verdict == "known, not used"]
        busy = [row.concept for row in agent.used if row.verdict == "known and used"]
        said.append(
            f"{agent.name} knows and uses {_several(busy)}; what it knows and, as far as that tells, does not use: "
            f"{_several(idle)}."
        )
    return " ".join(said)


def _several(concepts: Sequence[str]) -> str:
    return ", ".join(f"“{one}”" for one in concepts) or "nothing that was tried"


def inside_section(found: Evidence) -> Section | None:
    """How alike the layers are, and how many units of one have a counterpart in the other."""
    pairs = [pair for pair in found.pairs if pair.cka is not None]
    if not pairs:
        return None
    figures, tables = [], []
    for pair in pairs:
        assert pair.cka is not None, "filtered above"
        figures.append(
            heat_map(
                pair.cka.estimate,
                (pair.cka.rows, pair.cka.columns),
                axes=(pair.one, pair.other),
                title=f"How alike the layers of {pair.one} and {pair.other} are",
                caption=f"Linear CKA times 100, on {pair.cka.images} sampled states that both were "
                "shown: 100 where one "
                "layer is a rotation and scaling of the other, 0 where they share nothing.",
                spoken=_alike(pair),
            )
        )
        if pair.matched:
            tables.append(_matched(pair))
    return Section("How alike they are inside", text=_insides(pairs), figures=figures, tables=tables)


def _alike(pair: PairEvidence) -> str:
    assert pair.cka is not None, "asked of pairs that have one"
    said = []
    for row, name in enumerate(pair.cka.rows):
        if np.isfinite(pair.cka.estimate[row]).any():
            best = int(np.nanargmax(pair.cka.estimate[row]))
            said.append(f"{name} is most like {pair.cka.columns[best]} ({pair.cka.estimate[row, best]:.2f})")
    return f"In {pair.one}, " + ", ".join(said) + "."


def _matched(pair: PairEvidence) -> Table:
    rows: list[list[Cell]] = [
        [one, other, percent(share), percent(control)] for one, other, share, control in pair.matched
    ]
    return Table(
        [
            f"layer of {pair.one}",
            f"most like, of {pair.other}",
            "units with a counterpart",
            "if weights are shuffled",
        ],
        rows,
        caption="Units whose answers to the same states are more alike than chance: each other's best "
        "match, beyond what "
        "states in another order give; beside it the same with the second agent's weights shuffled.",
    )


def _insides(pairs: Sequence[PairEvidence]) -> str:
    pair = pairs[0]
    assert pair.cka is not None, "asked of pairs that have one"
    shared = [name for name in pair.cka.rows if name in pair.cka.columns and name not in HEADS]
    if not shared:
        return ""
    said = [
        f"{name} {_span(pair.cka.interval(name, name))}" for name in dict.fromkeys((shared[0], shared[-1]))
    ]
    return (
        f"CKA of {pair.one} with {pair.other} at the same layer, the first and the last before the "
        f"heads: {', '.join(said)}."
    )


def _span(value: Interval) -> str:
    return f"{value.estimate:.2f} [{value.low:.2f}, {value.high:.2f}]".replace("-", "−")
