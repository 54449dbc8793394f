"""Verdicts: what was measured of every method beside the controls, their ranks, and which are to be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.faithfulness.metrics import Better
from core.provenance import Provenance
from core.uncertainty import Interval, bootstrap_interval


@dataclass(frozen=True, eq=False)
class Verdict:
    """One metric of one method: ``values`` (n,), one for each input, and their mean.

    ``margins``: by how much it is better than each control, paired over the inputs, in units of the metric;
    positive is better whichever way the metric points.
    """

    method: str
    metric: str
    values: Float[NDArray, "n"] = field(repr=False)
    interval: Interval
    better: Better
    ranked: bool
    margins: Mapping[str, Interval]


@dataclass(frozen=True)
class SanityCheck:
    """Whether a method's map is tied to the weights (``randomisation``) or to the answer (``random-logit``).

    ``similarity`` is the mean Spearman correlation with the map that ought to be another; it passes below ``bar``.
    Where the check does not apply both are None. ``cascade`` has the similarity on the way there: each layer down to
    which, from the answer, all were random.
    """

    method: str
    check: str
    similarity: Interval | None
    bar: float
    passes: bool | None
    reason: str
    cascade: tuple[tuple[str, Interval], ...] = ()


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Everything that was measured. Ranks are 1 for the best; ``ranks`` are the mean over the ranked metrics.

    ``metric_ranks`` are by metric, then method. ``leads``: by how many ranks each method stands before each control,
    paired over the inputs.
    """

    methods: tuple[str, ...]
    controls: tuple[str, ...]
    rows: tuple[Verdict, ...] = field(repr=False)
    ranks: Mapping[str, Interval]
    metric_ranks: Mapping[str, Mapping[str, Interval]] = field(repr=False)
    leads: Mapping[str, Mapping[str, Interval]] = field(repr=False)
    checks: tuple[SanityCheck, ...] = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def ranking(self) -> tuple[str, ...]:
        """All methods and controls, best first."""
        return tuple(sorted(self.ranks, key=lambda name: self.ranks[name].estimate))

    @property
    def no_better_than_controls(self) -> dict[str, str]:
        """Methods that do not surely stand before every control, each with the sentence that says so."""
        found = {}
        for method in self.methods:
            short = [name for name in self.controls if not self.leads[method][name].low > 0]
            if short:
                told = ", ".join(f"{name} {self.leads[method][name]}" for name in short)
                found[method] = f"its lead in ranks over these controls may be nil: {told}"
        return found

    @property
    def failed(self) -> dict[str, str]:
        """Methods that fail a sanity check, each with the reason."""
        wrong = [check for check in self.checks if check.passes is False and check.method in self.methods]
        return {
            method: "; ".join(check.reason for check in wrong if check.method == method)
            for method in dict.fromkeys(check.method for check in wrong)
        }

    def row(self, method: str, metric: str) -> Verdict | None:
        """What one metric says of one method; None where it does not apply."""
        return next((row for row in self.rows if (row.method, row.metric) == (method, metric)), None)


def interval(values: NDArray, *, seed: int) -> Interval:
    """The mean over inputs with its bootstrap interval, widened as few inputs ask for; one input bounds nothing.

    >>> interval(np.array([0.5]), seed=0).low
    -inf
    """
    if len(values) < 2:
        return Interval(float(values.mean()), -np.inf, np.inf, len(values))
    return bootstrap_interval(values, seed=seed, expanded=True, draws=4000)


def places(values: Float[NDArray, "m n"], better: Better) -> Float[NDArray, "m n"]:
    """Each method's rank among the m for every input, 1 the best; equal values share the mean of their ranks.

    >>> places(np.array([[3.0], [1.0], [3.0]]), "lower").ravel().tolist()
    [2.5, 1.0, 2.5]
    """
    from scipy.stats import rankdata

    found: NDArray = rankdata(values if better == "lower" else -values, axis=0)
    return found


def compared(
    found: Mapping[str, Mapping[str, NDArray]],
    ways: Mapping[str, tuple[Better, bool]],
    controls: Sequence[str],
    *,
    seed: int,
) -> tuple[tuple[Verdict, ...], dict[str, dict[str, Interval]], NDArray]:
    """Rows, ranks by metric and method, and every method's mean rank (m, n) over the ranked metrics.

    ``found`` is by metric, then method; ``ways`` says which way each metric is better and whether it is ranked.
    """
    rows: list[Verdict] = []
    by_metric: dict[str, dict[str, Interval]] = {}
    ranked = []
    for metric, values in found.items():
        better, counts = ways[metric]
        sign = 1.0 if better == "higher" else -1.0
        for method, own in values.items():
            beside = {
                name: sign * (own - values[name]) for name in controls if name in values and name != method
            }
            margins = {name: interval(gap, seed=seed) for name, gap in beside.items()}
            rows.append(Verdict(method, metric, own, interval(own, seed=seed), better, counts, margins))
        if counts:
            ranked.append(places(np.stack(list(values.values())), better))
            by_metric[metric] = {
                method: interval(one, seed=seed) for method, one in zip(values, ranked[-1], strict=True)
            }
    return tuple(rows), by_metric, np.mean(ranked, axis=0)
