"""What the attribution page is composed from: cases with their maps, scores, curves, checks. Numbers, no methods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Num

from core.provenance import Provenance
from core.uncertainty import Interval


@dataclass(frozen=True)
class Judged:
    """A method on the page: its name, where it looked, whether it is a control or its maps were computed elsewhere."""

    name: str
    at: str = "input"
    control: bool = False
    elsewhere: bool = False
    seconds: float | None = None


@dataclass(frozen=True, eq=False)
class Objects:
    """How much each object of one input counted, by one method; ``errors`` are standard errors where it samples."""

    method: str
    names: Sequence[str]
    values: Float[np.ndarray, "k"]
    errors: Float[np.ndarray, "k"] | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One input explained for one target.

    ``image`` (h, w, 3) in [0, 1] or uint8; ``maps`` by method, (rows, cols), channels summed; ``sums`` and ``gaps``
    what a map adds up to, and by how much that misses what its method promises.
    """

    name: str
    source: int
    target: str
    score: float
    image: Num[np.ndarray, "h w 3"] = field(repr=False)
    maps: Mapping[str, Float[np.ndarray, "rows cols"]] = field(repr=False)
    sums: Mapping[str, float] = field(default_factory=dict)
    gaps: Mapping[str, float] = field(default_factory=dict)
    objects: Sequence[Objects] = ()


@dataclass(frozen=True, eq=False)
class Score:
    """What one method scored by one metric: a value a case (NaN: none), their mean with its interval, its rank."""

    method: str
    metric: str
    values: Float[np.ndarray, "cases"]
    mean: Interval
    better: str
    rank: float | None = None


@dataclass(frozen=True, eq=False)
class Check:
    """A sanity check of one method on some inputs: ``likeness`` (mean Spearman) below ``bar`` passes."""

    method: str
    check: str
    passes: bool
    why: str
    likeness: float
    bar: float
    cases: int = 1


@dataclass(frozen=True, eq=False)
class Trace:
    """A quantity over steps by case: the score while pixels go, or a map's likeness as layers are randomised."""

    method: str
    kind: str
    steps: Sequence[str] | Float[np.ndarray, "steps"]
    values: Float[np.ndarray, "cases steps"]


@dataclass(frozen=True, eq=False)
class Factor:
    """One NMF factor of a hidden layer's attributions: its maps by case, and how much of the total it holds."""

    share: float
    maps: Float[np.ndarray, "cases rows cols"]
    channels: Sequence[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class Factors:
    """A hidden layer's attributions as so many factors; ``residual`` is the share of them that these leave out."""

    layer: str
    method: str
    factors: Sequence[Factor]
    residual: float
    maps_left: Float[np.ndarray, "cases rows cols"]


@dataclass(frozen=True, eq=False)
class AttributionEvidence:
    """All that the page of one subject shows.

    ``ranks`` is the mean rank over metrics by method, with its interval over inputs; ``leads`` by how much it is
    better than that of the better control, input by input, and ``behind`` by how much it is worse than the best's.
    ``agreement`` is the rank correlation of two metrics' orders of the methods, for pairs that should agree.
    """

    subject: str
    command: str
    methods: Sequence[Judged]
    cases: Sequence[Case]
    scores: Sequence[Score] = ()
    ranks: Mapping[str, Interval] = field(default_factory=dict)
    leads: Mapping[str, Interval] = field(default_factory=dict)
    behind: Mapping[str, Interval] = field(default_factory=dict)
    agreement: Mapping[tuple[str, str], float] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    traces: Sequence[Trace] = ()
    factors: Factors | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    seconds: float = 0.0
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    @property
    def judged(self) -> list[Judged]:
        """The methods that have a mean rank, best first, controls among them."""
        ranked = [method for method in self.methods if method.name in self.ranks]
        return sorted(ranked, key=lambda method: self.ranks[method.name].estimate)

    @property
    def inputs(self) -> int:
        """How many different inputs the cases are of."""
        return len({case.source for case in self.cases})

    def beats(self, method: str) -> bool:
        """Whether a method's mean rank is better than both controls', as far as these inputs can tell."""
        return method in self.leads and self.leads[method].low > 0

    def failed(self, method: str) -> list[Check]:
        """The sanity checks that a method fails."""
        return [check for check in self.checks if check.method == method and not check.passes]
