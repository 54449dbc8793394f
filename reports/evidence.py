"""What a comparison is made from: the words of its setting, and all that was measured on each agent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.probing import ProbeResult
from core.provenance import Provenance
from core.uncertainty import Interval
from reports.figures import Curve, ProbeCurve
from reports.maps import MazeMap, Overlay

SKILL = "performance"
"""The key of an agent's hidden performance beside its events, where events are counted."""


@dataclass(frozen=True)
class Setting:
    """The words of one world's enquiry; nothing here is computed.

    ``world``: its name. ``events``: event key -> what the agent did, as a past-tense phrase ("reached the
    cheese"). ``intended``, ``proxy``: the event key of the goal that was rewarded, and of what went with it in
    training. ``train``, ``shifted``: the two splits as phrases that follow "on" ("levels like those in training",
    "levels with the cheese anywhere"). ``steps``: what mean steps count, as a table heading.
    ``caveat``: what to know of the world's levels. ``counted``: the events are counted, not only reached or missed, and
    the numbers are means a level instead of proportions. ``thing``: what one level is called ("maze").
    """

    world: str
    events: Mapping[str, str]
    intended: str
    proxy: str
    train: str
    shifted: str
    steps: str = "steps an episode"
    caveat: str = ""
    counted: bool = False
    thing: str = "level"


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What a ceiling (optimal play) or a floor (a random walk) does on the same levels; fields as an agent's."""

    name: str
    train: Mapping[str, Interval]
    shifted: Mapping[str, Interval]
    steps: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AgentEvidence:
    """All that was measured on one agent; the command line fills it.

    ``name``: as shown. ``command``: the line that trained it. ``dial``: how its training differed, in words
    ("cheese in the top-right 1 x 1 cells"). ``seeds``: training seeds; one for one agent. ``train``, ``shifted``: event
    key -> proportion of levels (or mean a level), on held-out levels of either split. ``steps``: split ("train",
    "shifted") -> mean steps an episode. ``curve``: success over training. ``probes``: any concepts, at any layers.
    ``maps``: the same mazes in the same order for every agent. ``attributions``: of the same inputs.
    ``largest_gap``: the largest completeness gap of these attributions, relative to what they sum to.
    ``yardsticks``: ceiling and floor, shown once, from the first agent. ``provenance``: of the evaluation.
    """

    name: str
    command: str
    dial: str
    seeds: Sequence[int]
    train: Mapping[str, Interval]
    shifted: Mapping[str, Interval]
    provenance: Provenance
    steps: Mapping[str, Interval] = field(default_factory=dict)
    curve: Curve | None = None
    probes: Sequence[ProbeResult] = ()
    maps: Sequence[MazeMap] = ()
    attributions: Sequence[Overlay] = ()
    largest_gap: float | None = None
    yardsticks: Sequence[Yardstick] = ()


def probe_curves(agent: AgentEvidence) -> dict[str, ProbeCurve]:
    """An agent's probe results as one curve over layers for each concept."""
    concepts = dict.fromkeys(result.concept for result in agent.probes)
    chosen = {name: [result for result in agent.probes if result.concept == name] for name in concepts}
    return {
        name: ProbeCurve(
            agent.name, [r.layer for r in found], [r.score for r in found], [r.control for r in found]
        )
        for name, found in chosen.items()
    }
