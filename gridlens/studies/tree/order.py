"""The order of events: the forest falls, the count is known, the critic minds, the policy spares, trees return."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.uncertainty import Interval
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import Agent, intervals, regained
from gridlens.studies.tree.knowledge import COUNT, LAST
from gridlens.studies.tree.sparing import FEW, MANY
from gridlens.studies.tree.worth import gap
from reports.probing.time_axis import Panel, Shift, time_axis
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.learning import Change, change
from rl.reproductions.plots import Line, Lines, Picture

Evidence = Mapping[str, Sequence[Row]]
"""The rows of the study by the name of what was measured."""
MINDS, SPARES = "the critic minds", "the policy spares"
READ = 0.9
"""From this R² on the count is said to be known."""
MINDED = 0.5
"""From this share of what many trees are worth more than few, to the best play, the critic is said to know it."""


@dataclass(frozen=True)
class Event:
    """A curve through training, between which of its moments its change is looked for, and from when on it has come.

    ``curve`` takes the evidence and an agent's seed; ``come`` is a mark that the curve's interval lies above for good.
    """

    name: str
    measure: str
    curve: Callable[[Evidence, int], list[Interval]]
    since: str = "at first"
    until: str = "end"
    come: Callable[[Evidence], float] | None = None


EVENTS = (
    Event(
        "the forest falls",
        "trees standing",
        lambda known, seed: intervals(known["fates"], "standing", seed=seed),
        until="collapse",
    ),
    Event(
        f"the count is read at {LAST}",
        "R²",
        lambda known, seed: intervals(known["known"], "score", seed=seed, concept=COUNT, layer=LAST),
        come=lambda known: READ,
    ),
    Event(
        MINDS,
        "wood, many less few trees",
        lambda known, seed: intervals(known["contrast"], "fears", seed=seed),
        come=lambda known: MINDED * gap(known["truth"]),
    ),
    Event(
        SPARES,
        "felling, many less few trees",
        lambda known, seed: intervals(known["contrast"], "spares", seed=seed),
        since="most wood",
        come=lambda known: 0.0,
    ),
    Event(
        "trees return",
        "trees standing",
        lambda known, seed: intervals(known["fates"], "standing", seed=seed),
        since="collapse",
    ),
)
"""All of them. Trees standing are those that a moment's network leaves of full forests."""


def shift(agent: Agent, event: Event, known: Evidence) -> Change | None:
    """When the curve changed, if it did."""
    first, last = agent.named[event.since], agent.named[event.until]
    pairs = [
        (steps, one)
        for steps, one in zip(agent.moments, event.curve(known, agent.seed), strict=True)
        if first <= steps <= last
    ]
    return change([steps for steps, _ in pairs], [one for _, one in pairs])


def come(agent: Agent, event: Event, known: Evidence) -> int | None:
    """The first moment from which on the curve's interval lies above its mark; None if that never lasts."""
    if event.come is None:
        return None
    mark, found = event.come(known), None
    for steps, one in zip(agent.moments, event.curve(known, agent.seed), strict=True):
        found = (steps if found is None else found) if one.low > mark else None
    return found


def lags(agents: Sequence[Agent], known: Evidence, before: str, after: str) -> list[float]:
    """Steps from one event's coming to another's, agent by agent that has both."""
    names = {event.name: event for event in EVENTS}
    pairs = [(come(agent, names[before], known), come(agent, names[after], known)) for agent in agents]
    return [float(then - now) for now, then in pairs if now is not None and then is not None]


def happened(agents: Sequence[Agent], fates: Sequence[Row]) -> Section:
    """The forest over training, and what each moment's network makes of full forests."""
    lines = [
        Lines(
            title,
            "steps of training",
            axis,
            [
                Line(
                    f"seed {agent.seed}",
                    [row["steps"] for row in agent.course],
                    [row[name] for row in agent.course],
                )
                for agent in agents
            ],
        )
        for title, axis, name in (("Trees standing", "trees", "standing"), ("Wood", "chopped a step", "wood"))
    ]
    caption = "The 256 forests that each agent was trained in, never reset."
    drawn = drawing(Picture(caption, lines), title="The forest over training")
    body: list[tuple[Cell, ...]] = [
        (
            agent.seed,
            moment,
            steps,
            *(intervals(fates, name, seed=agent.seed, steps=steps)[0] for name in ("late", "standing")),
        )
        for agent in agents
        for moment, steps in agent.named.items()
    ]
    header = ("seed", "moment", "steps", "wood a step", "trees standing")
    share = ", ".join(f"{regained(agent):.0%}" for agent in agents)
    return Section(
        "What happened",
        "The top is where wood was most before it was lost, the collapse where most had been lost since. At the end "
        f"wood is {share} of the top (seed by seed).",
        [drawn],
        [
            Table(
                header,
                body,
                caption="Each moment's network in 64 full forests for 1,000 steps: the last 250 of them",
            )
        ],
    )


def section(agents: Sequence[Agent], known: Evidence) -> Section:
    """One time axis an agent, and the order as a table."""
    return Section(
        "In which order",
        "Each curve is fitted by flat, a ramp, flat; bars are where the ramp lies, thin where that is uncertain. The "
        f"critic minds: what it expects with {MANY[0]} to {MANY[-1]} trees left less with {FEW[0]} or {FEW[-1]}, the "
        "tree beside it the same. The policy spares: it fells that tree more often when many are left. Trees standing "
        "are those that a moment's network leaves of full forests after 750 to 1,000 steps.",
        [_axis(agent, known) for agent in agents],
        [_come(agents, known), _changes(agents, known)],
    )


def _axis(agent: Agent, known: Evidence) -> Figure:
    panels: list[Panel] = []
    for event in EVENTS:
        found = shift(agent, event, known)
        bar = None if found is None else Shift(found.begins, found.ends, found.sudden)
        if event.since == "collapse":
            curve = panels[0].curves[EVENTS[0].name]
            panels[0] = Panel(
                event.measure,
                {EVENTS[0].name: curve, event.name: curve},
                dict(panels[0].shifts) | {event.name: bar},
            )
        else:
            panels.append(
                Panel(event.measure, {event.name: event.curve(known, agent.seed)}, {event.name: bar})
            )
    return time_axis(panels, agent.moments, title=f"Seed {agent.seed}: knowing and sparing")


def _come(agents: Sequence[Agent], known: Evidence) -> Table:
    body: list[tuple[Cell, ...]] = []
    for agent in agents:
        times = [come(agent, event, known) for event in EVENTS if event.come]
        body.append(
            (agent.seed, agent.top, agent.bottom, *(time if time is not None else "never" for time in times))
        )
    header = (
        "seed",
        "most wood",
        "collapse",
        f"count read, R² over {READ:g}",
        f"critic minds, over {MINDED:.0%} of its worth",
        "spares for good",
    )
    return Table(header, body, caption="The first moments, in steps, from which on it is certainly so")


def _millions(found: Interval) -> Interval:
    return replace(found, **{name: getattr(found, name) / 1e6 for name in ("estimate", "low", "high")})


def _changes(agents: Sequence[Agent], known: Evidence) -> Table:
    body: list[tuple[Cell, ...]] = []
    for event in EVENTS:
        for agent in agents:
            found = shift(agent, event, known)
            body.append(
                (event.name, agent.seed, "no change", None, None)
                if found is None
                else (event.name, agent.seed, _millions(found.begins), _millions(found.ends), found.rise)
            )
    return Table(
        ("what", "seed", "begins", "ends", "by"),
        body,
        caption="The ramps, in million steps, with 95 % intervals",
    )
