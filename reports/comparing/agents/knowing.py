"""What compared agents know and use: best scores side by side as dots with their controls, and both as tables."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.probing import Knowledge, ProbeResult
from core.uncertainty import Interval
from reports.comparing.agents.evidence import AgentEvidence
from reports.drawing import INK, MARKERS, MUTED, PAPER, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.sections import Cell, Figure, Table

INPUT = "input"
LINE, LEFT, RIGHT, HEAD, FOOT = 13.0, 132.0, 30.0, 40.0, 34.0
"""Points: of one agent's line, left and right of the dots, above and below."""


def best_inside(probes: Sequence[ProbeResult], concept: str) -> ProbeResult:
    """The layer at which a concept is read best, the input apart."""
    inside = [one for one in probes if one.concept == concept and one.layer != INPUT]
    return max(inside, key=lambda one: one.score.estimate)


def read_best(agents: Sequence[AgentEvidence], *, title: str, caption: str) -> Figure:
    """Every concept at its best layer: a dot an agent, hollow for the control task, a tick for the raw input.

    Raises
    ------
    BadInput
        if no agent was probed.
    """
    concepts = concepts_of(agents)
    if not concepts:
        raise BadInput(f"figure {title!r} has no probes to show; expected at least one")
    lines = len(concepts) * (len(agents) + 0.7)
    height = HEAD + LINE * lines + FOOT
    found = {
        (concept, agent.name): best_inside(agent.probes, concept) for concept in concepts for agent in agents
    }

    def draw(canvas: Canvas) -> None:
        box = (LEFT / WIDTH, FOOT / height, (WIDTH - LEFT - RIGHT) / WIDTH, LINE * lines / height)
        axes = canvas.add_axes(box)
        axes.set(xlim=(-0.06, 1.04), ylim=(lines, 0), yticks=[])
        at = 0.35
        for concept in concepts:
            text = f"{clipped(concept, 22)}"
            axes.text(
                -LEFT / (WIDTH - LEFT - RIGHT),
                at + (len(agents) - 1) / 2,
                text,
                transform=axes.get_yaxis_transform(),
                va="center",
                color=INK,
                fontsize=9.5,
            )
            raw = [
                one.score.estimate for one in agents[0].probes if (one.concept, one.layer) == (concept, INPUT)
            ]
            for value in raw:
                axes.plot(
                    [value, value], [at - 0.5, at + len(agents) - 0.5], color=MUTED, lw=1, ls=(0, (1, 1.5))
                )
            for index, agent in enumerate(agents):
                _dot(axes, at + index, found[concept, agent.name], index)
            at += len(agents) + 0.7
            axes.axhline(at - 0.85, color=RULE, lw=0.5)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        axes.set_xlabel("held-out score: R², AUC or accuracy")
        quiet(axes, grid="x")
        _legend(canvas, axes, agents)

    rows: list[dict[str, Any]] = [
        {"concept": concept, "subject": name, "layer": one.layer, "measure": one.measure}
        | {"score": one.score.estimate, "low": one.score.low, "high": one.score.high}
        | {"control": one.control.estimate, "untrained": one.untrained.estimate if one.untrained else None}
        for (concept, name), one in found.items()
    ]
    spoken = "; ".join(
        f"{concept}: "
        + ", ".join(f"{agent.name} {found[concept, agent.name].score.estimate:.2f}" for agent in agents)
        for concept in concepts
    )
    return figure(draw, height=height, title=title, caption=caption, alt=f"{title}. {spoken}.", rows=rows)


def concepts_of(agents: Sequence[AgentEvidence]) -> list[str]:
    """The concepts that all agents were probed for."""
    every = dict.fromkeys(one.concept for agent in agents for one in agent.probes)
    return [
        name for name in every if all(any(one.concept == name for one in agent.probes) for agent in agents)
    ]


def knowledge_table(agents: Sequence[AgentEvidence]) -> Table:
    """Concepts by agents: best score, its layer, and the control task's there."""
    rows: list[list[Cell]] = []
    for concept in concepts_of(agents):
        sides = [best_inside(agent.probes, concept) for agent in agents]
        rows.append([f"{concept} ({sides[0].measure})", *(_read(one) for one in sides)])
    return Table(
        ["concept", *(agent.name for agent in agents)],
        rows,
        caption="Best layer's held-out score with its 95 % interval, the layer, and the control task's score there; "
        "— where the score does not stand above the control.",
    )


def _read(one: ProbeResult) -> str:
    said = (
        f"{one.score.estimate:.2f} [{one.score.low:.2f}, {one.score.high:.2f}] at {one.layer}; "
        f"{one.control.estimate:.2f}"
    )
    return said.replace("-0.00", "0.00").replace("-", "−") if one.known else f"— ({one.score.estimate:.2f})"


def use_table(agents: Sequence[AgentEvidence]) -> Table:
    """Concepts by agents: known and used, known and not used, and by how much erasing moves the answer."""
    concepts = dict.fromkeys(row.concept for agent in agents for row in agent.used)
    by = {(agent.name, row.concept): row for agent in agents for row in agent.used}
    rows: list[list[Cell]] = [
        [concept, *(_said(by.get((agent.name, concept))) for agent in agents)] for concept in concepts
    ]
    return Table(
        ["concept", *(agent.name for agent in agents)],
        rows,
        caption="How far the choice moves (total variation, with its 95 % interval) when a concept is "
        "swapped for another "
        "level's where it is read best, and what random directions changed by as much do.",
    )


def _said(row: Knowledge | None) -> str | None:
    if row is None:
        return None
    return f"{row.verdict}: {_span(row.effect)} against {row.chance.estimate:.2f}"


def _span(value: Interval) -> str:
    return f"{value.estimate:.2f} [{value.low:.2f}, {value.high:.2f}]"


def _dot(axes: Axes, at: float, one: ProbeResult, index: int) -> None:
    colour, marker = SERIES[index % 4], MARKERS[index % 4]
    ends = max(one.score.low, -0.06), one.score.high
    axes.plot(ends, [at, at], color=colour, lw=1.8, solid_capstyle="butt")
    style: dict[str, Any] = {"color": colour, "clip_on": False, "zorder": 3}
    axes.plot([max(one.control.estimate, -0.05)], [at], marker, mfc=PAPER, ms=4, mew=1, **style)
    axes.plot([max(one.score.estimate, -0.05)], [at], marker, mec=PAPER, ms=6, **style)


def _legend(canvas: Canvas, axes: Axes, agents: Sequence[AgentEvidence]) -> None:
    for index, agent in enumerate(agents):
        style: dict[str, Any] = {"color": SERIES[index % 4], "ls": "", "ms": 6, "mec": PAPER}
        axes.plot([], [], MARKERS[index % 4], label=clipped(agent.name, 22), **style)
    axes.plot([], [], "o", color=MUTED, mfc=PAPER, ms=4, ls="", label="control task")
    axes.plot([], [], color=MUTED, lw=1, ls=(0, (1, 1.5)), label="raw input")
    canvas.legend(loc="upper left", ncols=2, borderaxespad=0, columnspacing=1.2, handletextpad=0.5)
