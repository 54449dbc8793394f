"""What the page of a sweep is made from: all that was measured, by world; nothing here is computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.provenance import Provenance
from reports.sweeps.lines import Line
from reports.sweeps.strips import Strip


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure of a world's agents: ``words`` say what it is, ``counted`` that it is a mean count and no share."""

    words: str
    counted: bool
    settings: Sequence[Strip]


@dataclass(frozen=True, eq=False)
class Traced:
    """Agents as lines over ``across`` (steps of training, a dial), by setting."""

    words: str
    counted: bool
    across: str
    settings: Mapping[str, Sequence[Line]]


@dataclass(frozen=True, eq=False)
class WorldEvidence:
    """A world's agents: on which ``distributions`` they were played, and what was measured there.

    ``about``: what the measures count, and on which levels. ``telling``: the key in ``measures`` that the finding is
    about. ``over``: measures over a dial of the levels played; ``learning``: over training. ``ceiling``, ``floor``:
    whose play the marks stand for.
    """

    world: str
    distributions: Sequence[str]
    measures: Mapping[str, Measured]
    telling: str
    ceiling: str
    floor: str
    about: str = ""
    over: Sequence[Traced] = ()
    learning: Sequence[Traced] = ()


@dataclass(frozen=True)
class AgentLine:
    """An agent in the table of all: its ``setting`` as in the pictures and what it came to, by heading; or why it
    failed, and its log."""

    name: str
    world: str
    seed: int
    steps: int
    setting: str = ""
    numbers: Mapping[str, str | None] = field(default_factory=dict)
    why: str = ""
    log: str = ""


@dataclass(frozen=True, eq=False)
class SweepEvidence:
    """All that a sweep came to. ``notes`` are what the numbers do not say of themselves; ``source`` the sweep file."""

    name: str
    worlds: Sequence[WorldEvidence]
    agents: Sequence[AgentLine]
    levels: int
    command: str
    source: str
    provenance: Mapping[str, Provenance]
    notes: Sequence[str] = ()
