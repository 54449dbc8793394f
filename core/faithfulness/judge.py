"""judge(): methods and maps ranked on one subject, beside controls that know nothing of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from core.attribution.methods import CONTROLS
from core.errors import BadInput, UnknownName
from core.faithfulness.case import Case, case_of, with_maps
from core.faithfulness.explaining import Asking, Explained, explain
from core.faithfulness.maps import as_map, fitted
from core.faithfulness.max_sensitivity import max_sensitivity
from core.faithfulness.metrics import METRICS
from core.faithfulness.sanity import CHECKS, check
from core.faithfulness.scoring import Asked
from core.faithfulness.verdicts import SanityCheck, Verdicts, compared, interval
from core.progress import Progress, silent
from core.subject import Subject


def judge(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    *,
    methods: Sequence[str] | Mapping[str, Asking],
    maps: Mapping[str, Any] | None = None,
    metrics: Sequence[str] = tuple(METRICS),
    samples: int = 32,
    seed: int = 0,
    progress: Progress = silent,
) -> Verdicts:
    """Every metric of every method, of ``maps`` computed elsewhere and of the controls; ranks; sanity checks.

    ``methods`` are names of ``core.attribution.METHODS``, or functions and ``OverParts`` by names of their own;
    ``maps`` are tensors or arrays (n, rows, columns), by names of their own. ``samples`` is the number of steps of
    each curve and of subsets of each size; four times as many squares measure infidelity. Cost: curves x methods x
    inputs x samples forward passes; the other metrics let all methods share theirs.

    Raises
    ------
    BadInput, UnknownName, NotFinite
        if inputs, target, methods, maps or metrics do not fit, in one sentence.

    >>> from core.targets import Output
    >>> from core.testing import lanterns
    >>> made = lanterns(seed=0)
    >>> found = judge(made.subject, made.inputs, Output("class", 1), methods=["integrated-gradients"], samples=8)
    >>> found.ranking[0], found.no_better_than_controls, found.failed
    ('integrated-gradients', {}, {})
    """
    _known(metrics)
    case = case_of(subject, inputs, target, torch.zeros(len(inputs), 1, 1), seed=seed)
    if inputs[0, 0].numel() < 2:
        raise BadInput(f"{subject.name} sees a list of numbers; maps can be judged where there are positions")
    asked = _asked(methods)
    given = _given(maps or {}, asked, case)
    told: dict[str, Explained] = {}
    for name, method in asked.items():
        progress(len(told), len(asked), "maps")
        told[name] = explain(method, subject, case.inputs, case.targets, seed=seed)
    told |= {name: Explained(one) for name, one in given.items()}
    found = _measured(case, told, asked, metrics, samples, progress)
    ways = {name: (METRICS[name].better, METRICS[name].ranked) for name in found}
    rows, by_metric, mean = compared(found, ways, CONTROLS, seed=seed)
    names = list(told)
    ranks = dict(zip(names, mean, strict=True))
    judged = tuple(name for name in names if name not in CONTROLS)
    return Verdicts(
        methods=judged,
        controls=CONTROLS,
        rows=rows,
        ranks={name: interval(own, seed=seed) for name, own in ranks.items()},
        metric_ranks=by_metric,
        leads={
            name: {
                other: interval(ranks[other] - ranks[name], seed=seed) for other in CONTROLS if other != name
            }
            for name in names
        },
        checks=_checks(case, asked, list(given), progress),
        provenance=case.provenance("verdicts", methods=list(judged), metrics=list(metrics), samples=samples),
    )


def _known(metrics: Sequence[str]) -> None:
    for name in metrics:
        if name not in METRICS:
            raise UnknownName("metric of faithfulness", name, METRICS)
    if not any(METRICS[name].ranked for name in metrics):
        ranked = [name for name, metric in METRICS.items() if metric.ranked]
        raise BadInput(f"none of {list(metrics)} says whether a map is true; add one of {', '.join(ranked)}")


def _asked(methods: Sequence[str] | Mapping[str, Asking]) -> dict[str, Asking]:
    """The methods by name, the controls after them."""
    named = dict(methods) if isinstance(methods, Mapping) else {name: name for name in methods}
    wrong = next((name for name in CONTROLS if named.get(name, name) != name), None)
    if wrong is not None:
        raise BadInput(f"{wrong!r} is a control; call the method that is to be judged otherwise")
    return {name: method for name, method in named.items() if name not in CONTROLS} | {
        name: name for name in CONTROLS
    }


def _given(maps: Mapping[str, Any], taken: Iterable[str], case: Case) -> dict[str, Tensor]:
    twice = [name for name in maps if name in set(taken)]
    if twice:
        raise BadInput(
            f"maps named {twice[0]!r} have the name of a method that is asked too; call them otherwise"
        )
    return {
        name: fitted(as_map(given, f"maps {name!r}"), case.inputs, name=f"maps {name!r}")
        for name, given in maps.items()
    }


def _measured(
    case: Case,
    told: Mapping[str, Explained],
    asked: Mapping[str, Asking],
    metrics: Sequence[str],
    samples: int,
    progress: Progress,
) -> dict[str, dict[str, NDArray]]:
    """By metric, then method, (n,); every metric of maps takes those of all methods in the same batches."""
    at_size = [fitted(one.maps, case.inputs, name=f"maps of {name}") for name, one in told.items()]
    of = torch.arange(len(case.inputs), device=case.inputs.device).repeat(len(told))
    every = with_maps(case, torch.cat(at_size), of)
    found: dict[str, dict[str, NDArray]] = {}
    for number, name in enumerate(metrics):
        progress(number, len(metrics), f"metrics: {name}")
        measure = METRICS[name].of_maps
        if measure is not None:
            values = measure(every, samples).cpu().double().view(len(told), -1).numpy()
            found[name] = dict(zip(told, values, strict=True))
        elif name == "completeness":
            gaps = {method: one.gaps for method, one in told.items() if one.gaps is not None}
            found[name] = {method: gap.double().numpy() for method, gap in gaps.items()}
        else:
            found[name] = {label: _moved(case, method) for label, method in asked.items()}
    progress(len(metrics), len(metrics), "metrics")
    return {name: values for name, values in found.items() if values}


def _moved(case: Case, method: Asking) -> NDArray:
    moved = max_sensitivity(case.subject, case.inputs, case.targets, method, samples=3, seed=case.seed)
    values: NDArray = moved.values.double().numpy()
    return values


def _checks(
    case: Case, asked: Mapping[str, Asking], given: Sequence[str], progress: Progress
) -> tuple[SanityCheck, ...]:
    made = []
    for number, (label, method) in enumerate(asked.items()):
        progress(number, len(asked), "sanity checks")
        made += [check(name, case, method, label=label) for name in CHECKS]
    progress(len(asked), len(asked), "sanity checks")
    elsewhere = "computed elsewhere: without the method there is no second map to compare with"
    return (
        *made,
        *(SanityCheck(name, kind, None, CHECKS[kind], None, elsewhere) for name in given for kind in CHECKS),
    )
