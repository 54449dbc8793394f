"""From measurements to verdicts: scores with intervals over inputs, ranks beside the controls, checks passed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.faithfulness.metrics import METRICS
from core.faithfulness.sanity import CHECKS
from core.faithfulness.verdicts import interval, places
from core.uncertainty import Interval
from gridlens.attribution.judging import Checked, Measures
from reports.attribution.evidence import Check, Score, Trace

PAIRS = (("deletion-blur", "deletion-mean"), ("insertion-blur", "insertion-mean"))
"""Metrics that differ in what takes the place of what is removed: their orders of the methods should agree."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the page says of all methods; see ``AttributionEvidence``."""

    scores: list[Score]
    ranks: dict[str, Interval]
    leads: dict[str, Interval]
    behind: dict[str, Interval]
    agreement: dict[tuple[str, str], float]


def verdict(
    values: Mapping[str, Mapping[str, Float[NDArray, "cases"]]],
    sources: Sequence[int],
    *,
    controls: Sequence[str],
    seed: int,
) -> Verdict:
    """``values`` by metric, then method; ``sources`` says of which input each case is: those are the independent ones.

    >>> values = {"deletion-blur": {"good": np.array([1.0, 1.0]), "random": np.array([2.0, 3.0])}}
    >>> made = verdict(values, [0, 1], controls=["random"], seed=0)
    >>> made.ranks["good"].estimate, made.leads["good"].low > 0
    (1.0, True)
    """
    ranked = {name: own for name, own in values.items() if METRICS[name].ranked}
    methods = list(next(iter(ranked.values())))
    each = {
        name: by_input(places(np.stack(list(own.values())), METRICS[name].better), sources)
        for name, own in ranked.items()
    }
    mean = dict(zip(methods, np.mean(list(each.values()), axis=0), strict=True))
    scores = []
    for name, own in values.items():
        for method, numbers in own.items():
            inputs = by_input(numbers[None], sources[: len(numbers)])[0]
            rank = float(each[name][methods.index(method)].mean()) if name in each else None
            scores.append(Score(method, name, numbers, bounded(inputs, seed), METRICS[name].better, rank))
    best = min(mean, key=lambda name: mean[name].mean())
    return Verdict(
        scores=scores,
        ranks={name: bounded(own, seed) for name, own in mean.items()},
        leads={
            name: min((interval(mean[other] - own, seed=seed) for other in controls), key=lambda one: one.low)
            for name, own in mean.items()
            if name not in controls
        },
        behind={name: bounded(own - mean[best], seed) for name, own in mean.items() if name != best},
        agreement={
            (one.replace("-", ", "), other.replace("-", ", ")): _alike(each[one].mean(1), each[other].mean(1))
            for one, other in PAIRS
            if one in each and other in each and len(methods) > 2
        },
    )


def by_input(table: Float[NDArray, "m cases"], sources: Sequence[int]) -> Float[NDArray, "m inputs"]:
    """The mean over the cases of each input.

    >>> by_input(np.array([[1.0, 3.0, 5.0]]), [0, 0, 1]).tolist()
    [[2.0, 5.0]]
    """
    of = np.asarray(sources)
    return np.stack([table[:, of == source].mean(1) for source in dict.fromkeys(sources)], 1)


def bounded(values: NDArray, seed: int) -> Interval:
    """The mean with its interval; of one value, which bounds nothing, without width.

    >>> bounded(np.array([2.0]), 0)
    Interval(estimate=2.0, low=2.0, high=2.0, n=1, level=0.95)
    """
    if len(values) < 2:
        return Interval(float(values[0]), float(values[0]), float(values[0]), 1)
    return interval(values, seed=seed)


def checks(found: Mapping[str, Checked], seed: int) -> list[Check]:
    """Each check of each method to which it applies, with the sentence that says how like the maps stayed."""
    return [check for method, one in found.items() for check in _checks(method, one, seed)]


def _checks(method: str, one: Checked, seed: int) -> Iterator[Check]:
    kinds = {
        "randomisation": (
            "cascading randomisation",
            one.cascade if one.cascade is None else one.cascade[:, -1],
            "with every layer random",
        ),
        "random-logit": ("random logit", one.logit, "for another answer"),
    }
    for name, (called, likeness, when) in kinds.items():
        if likeness is None:
            continue
        mean, bar = bounded(likeness.double().numpy(), seed), CHECKS[name]
        passes = mean.estimate < bar
        verb = "differs from" if passes else "is still like"
        on = f"{mean.n} case{'s' if mean.n > 1 else ''}"
        why = f"{when}, its map {verb} the true one (Spearman {mean.estimate:.2f} on {on}; fails from {bar} on)."
        yield Check(method, called, passes, why, mean.estimate, bar, mean.n)


def traces(measures: Measures, found: Mapping[str, Checked]) -> list[Trace]:
    """Curves with every case's scores from 0, the lowest that any curve of it reached, to 1; and cascades."""
    made = []
    shares = measures.shares.double().numpy()
    for baseline in dict.fromkeys(baseline for _, baseline in measures.curves):
        curves = {way: own for (way, other), own in measures.curves.items() if other == baseline}
        every = np.stack([one.double().numpy() for own in curves.values() for one in own.values()])
        low, high = every.min((0, 2)), every.max((0, 2))
        room = np.where(high > low, high - low, 1.0)
        for way, own in curves.items():
            for method, scores in own.items():
                scaled = (scores.double().numpy() - low[:, None]) / room[:, None]
                made.append(Trace(method, f"{way}, {baseline}", shares, scaled))
    for method, one in found.items():
        if one.cascade is not None:
            likeness = one.cascade.double().numpy()
            whole = np.concatenate([np.ones((len(likeness), 1)), likeness], 1)
            made.append(Trace(method, "randomisation", ["trained", *one.layers], whole))
    return made


def _alike(one: NDArray, other: NDArray) -> float:
    from scipy.stats import spearmanr

    if not np.ptp(one) or not np.ptp(other):
        return 0.0
    return float(spearmanr(one, other).statistic)
