"""judge(): methods and maps ranked on one subject, beside controls that know nothing of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BadInput, UnknownName
from core.faithfulness.case import Case, case_of, with_maps
from core.faithfulness.explaining import Explained, explain
from core.faithfulness.maps import as_map, fitted
from core.faithfulness.max_sensitivity import max_sensitivity
from core.faithfulness.metrics import METRICS
from core.faithfulness.sanity import CHECKS, check
from core.faithfulness.scoring import Asked
from core.faithfulness.verdicts import SanityCheck, Verdicts, compared, interval
from core.progress import Progress, silent
from core.subject import Subject

CONTROLS = ("random", "edges")
"""Maps that know nothing of the network: noise, and the edges of the input. They stand beside every method."""


def judge(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    *,
    methods: Sequence[str],
    maps: Mapping[str, Any] | None = None,
    metrics: Sequence[str] = tuple(METRICS),
    samples: int = 32,
    seed: int = 0,
    progress: Progress = silent,
) -> Verdicts:
    """Every metric of every method, of ``maps`` computed elsewhere and of the controls; ranks; sanity checks.

    ``methods`` are names of ``core.attribution.METHODS``; ``maps`` (tensors or arrays, (n, rows, columns)) by a name
    of their own. ``samples`` is the number of steps of each curve and of subsets of each size; twice as many squares
    measure infidelity. Cost: metrics x methods x inputs x samples forward passes for curves, far less for the rest.

    Raises
    ------
    BadInput, UnknownName, NotFinite
        if inputs, target, methods, maps or metrics do not fit, in one sentence.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> inputs = torch.rand(4, 3, 10, 10, generator=torch.Generator().manual_seed(0))
    >>> made = judge(spotlight(), inputs, Output("policy", 1), methods=["integrated-gradients"])
    >>> made.ranking[0], made.no_better_than_controls
    ('integrated-gradients', {})
    """
    _known(metrics)
    case = case_of(subject, inputs, target, torch.zeros(len(inputs), 1, 1), seed=seed)
    asked = tuple(dict.fromkeys(name for name in methods if name not in CONTROLS))
    given = _given(maps or {}, [*asked, *CONTROLS], case)
    told: dict[str, Explained] = {}
    for name in (*asked, *CONTROLS):
        progress(len(told), len(asked) + len(CONTROLS), "maps")
        told[name] = explain(name, subject, case.inputs, case.targets, seed=seed)
    told |= {name: Explained(one) for name, one in given.items()}
    found = _measured(case, told, given, metrics, samples, progress)
    ways = {name: (METRICS[name].better, METRICS[name].ranked) for name in found}
    rows, by_metric, mean = compared(found, ways, CONTROLS, seed=seed)
    names = list(told)
    ranks = dict(zip(names, mean, strict=True))
    return Verdicts(
        methods=(*asked, *given),
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
        checks=_checks(case, [*asked, *CONTROLS], list(given), progress),
        provenance=case.provenance(
            "verdicts", methods=[*asked, *given], metrics=list(metrics), samples=samples
        ),
    )


def _known(metrics: Sequence[str]) -> None:
    for name in metrics:
        if name not in METRICS:
            raise UnknownName("metric of faithfulness", name, METRICS)
    if not any(METRICS[name].ranked for name in metrics):
        ranked = [name for name, metric in METRICS.items() if metric.ranked]
        raise BadInput(f"none of {list(metrics)} says whether a map is true; add one of {', '.join(ranked)}")


def _given(maps: Mapping[str, Any], taken: Sequence[str], case: Case) -> dict[str, Tensor]:
    twice = [name for name in maps if name in taken]
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
    given: Mapping[str, Tensor],
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
            found[name] = {method: _moved(case, method) for method in told if method not in given}
    progress(len(metrics), len(metrics), "metrics")
    return {name: values for name, values in found.items() if values}


def _moved(case: Case, method: str) -> NDArray:
    moved = max_sensitivity(case.subject, case.inputs, case.targets, method, samples=5, seed=case.seed)
    values: NDArray = moved.values.double().numpy()
    return values


def _checks(
    case: Case, methods: Sequence[str], given: Sequence[str], progress: Progress
) -> tuple[SanityCheck, ...]:
    made = []
    for number, method in enumerate(methods):
        progress(number, len(methods), "sanity checks")
        made += [check(name, case, method) for name in CHECKS]
    progress(len(methods), len(methods), "sanity checks")
    elsewhere = "computed elsewhere: without the method there is no second map to compare with"
    return (
        *made,
        *(SanityCheck(name, kind, None, CHECKS[kind], None, elsewhere) for name in given for kind in CHECKS),
    )
