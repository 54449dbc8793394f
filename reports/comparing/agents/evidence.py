"""What a comparison of agents is made from: the words of its setting, and all that was measured. Computes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.probing import Knowledge, ProbeResult
from core.provenance import Provenance
from core.similarity import CkaMatrix
from core.uncertainty import Interval
from reports.comparing.agents.states import Apart
from reports.comparing.correction import Tested
from reports.figures import Curve
from reports.maps import MazeMap
from rl.fields import FieldDifference

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
    the numbers are means a level instead of proportions. ``thing``: what one level is called ("maze"). ``dial`` and
    ``values``: what leads from the one split to the other, by degrees.
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
    dial: str = ""
    values: tuple[str, ...] = ()


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
    key -> proportion of levels (or mean a level), on held-out levels of either split; ``over`` the same at every value
    of the setting's dial. ``steps``: split ("train", "shifted") -> mean steps an episode. ``curve``: success over
    training. ``probes``: any concepts, at any layers; ``used``: what the agent does with them. ``maps``: the same mazes
    in the same order for every agent. ``notes``: what to know before trusting it. ``snapshot``: the steps of training
    it was taken at. ``yardsticks``: ceiling and floor, shown once, from the first agent. ``provenance``: of the
    evaluation. ``kind``: algorithm, network and view, in words.
    """

    name: str
    command: str
    dial: str
    seeds: Sequence[int]
    train: Mapping[str, Interval]
    shifted: Mapping[str, Interval]
    provenance: Provenance
    over: Sequence[Mapping[str, Interval]] = ()
    steps: Mapping[str, Interval] = field(default_factory=dict)
    curve: Curve | None = None
    probes: Sequence[ProbeResult] = ()
    used: Sequence[Knowledge] = ()
    maps: Sequence[MazeMap] = ()
    notes: Sequence[str] = ()
    snapshot: int | None = None
    yardsticks: Sequence[Yardstick] = ()
    kind: str = ""


@dataclass(frozen=True, eq=False)
class PairEvidence:
    """Two agents beside each other.

    ``sampled``, ``met``: the share of states in which they prefer another action, of states sampled and met in play;
    ``distance``: the mean total variation of their action probabilities. ``states``: those of the largest, drawn.
    ``differences``: of their maps. ``cka``: between their layers; ``matched``: each layer of the first with the most
    like one of the second, and how many of its units have a counterpart there, and in the second with its weights
    shuffled. ``same``: they are one network.
    """

    one: str
    other: str
    sampled: Interval
    met: Interval
    distance: Interval
    states: Sequence[Apart] = ()
    differences: Sequence[FieldDifference] = ()
    cka: CkaMatrix | None = None
    matched: Sequence[tuple[str, str, Interval, Interval]] = ()
    same: bool = False


@dataclass(frozen=True, eq=False)
class Evidence:
    """All of a comparison: ``tests`` are corrected over all of them. ``method``: how attributions were made, and in
    which agents it fails a check, with why. ``of_one``: the agent that all are snapshots of. ``alike``: all were
    trained by one recipe, with other seeds. ``states``: how many were sampled, and how many met in play."""

    agents: Sequence[AgentEvidence]
    pairs: Sequence[PairEvidence]
    setting: Setting
    tests: Sequence[Tested]
    method: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)
    of_one: str = ""
    alike: bool = False
    states: tuple[int, int] = (0, 0)
