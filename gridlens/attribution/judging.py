"""Every map put to the tests, case by case, each result kept: metrics and curves of maps, sanity checks of methods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.attribution import METHODS
from core.errors import GridlensError
from core.faithfulness.case import Case, case_of, with_maps
from core.faithfulness.curves import curve
from core.faithfulness.maps import fitted
from core.faithfulness.max_sensitivity import max_sensitivity
from core.faithfulness.metrics import METRICS
from core.faithfulness.random_logit import random_logit
from core.faithfulness.randomisation import randomisation
from core.progress import Progress, silent
from core.subject import Subject
from core.targets import Target
from gridlens.attribution.asked import Asked
from gridlens.attribution.kept import Piece, kept
from gridlens.attribution.maps import asking

WAYS = ("deletion", "insertion")
BASELINES = ("blur", "mean")
SLOW = 5.0
"""Seconds a map above which a method is asked about two stages of randomisation instead of all, and not about its
sensitivity to small changes of the input, which takes many maps."""


@dataclass(frozen=True)
class Effort:
    """How much the sanity checks may cost: stages of randomisation, cases that are checked."""

    stages: int = 5
    checked: int = 4


@dataclass(frozen=True, eq=False)
class Measures:
    """``values``: metric to method to a number a case; ``curves``: (way, baseline) to method to (cases, steps)."""

    values: Mapping[str, Mapping[str, Tensor]] = field(repr=False)
    curves: Mapping[tuple[str, str], Mapping[str, Tensor]] = field(repr=False)
    shares: Tensor = field(repr=False)


@dataclass(frozen=True, eq=False)
class Checked:
    """One method's likeness to itself: by stage of randomisation (cases, stages), and for another answer (cases,).

    ``moved`` (cases,) is the max-sensitivity. None where a check does not apply; ``why`` says why.
    """

    layers: Sequence[str]
    cascade: Tensor | None = field(repr=False)
    logit: Tensor | None = field(repr=False)
    moved: Tensor | None = field(repr=False)
    why: Mapping[str, str] = field(default_factory=dict)


def measured(
    subject: Subject,
    inputs: Tensor,
    cases: Sequence[Asked],
    maps: Mapping[str, Sequence[Tensor]],
    *,
    folder: Path,
    samples: int,
    seed: int,
    progress: Progress = silent,
) -> Measures:
    """Every metric of every map: all maps of a case go through the network in the same batches.

    Raises
    ------
    BadInput, NotFinite
        if a map does not fit its input, or a score is not finite.
    """
    names = [f"{way}-{baseline}" for way in WAYS for baseline in BASELINES]
    names += [
        name for name, metric in METRICS.items() if metric.of_maps and name.partition("-")[0] not in WAYS
    ]
    pieces: dict[str, list[Piece]] = {name: [] for name in names}
    for number, asked in enumerate(cases):
        case = _case(subject, inputs, asked, [own[number] for own in maps.values()], seed)
        for place, name in enumerate(names):
            progress(number * len(names) + place, len(cases) * len(names), "metrics")
            path = folder / "metrics" / name / f"{number:04d}.safetensors"
            pieces[name].append(kept(path, partial(_measure, case, name, samples)))
    progress(len(cases) * len(names), len(cases) * len(names), "metrics")
    values, curves = {}, {}
    for name, held in pieces.items():
        table = torch.stack([piece.tensors["values"] for piece in held], 1)
        values[name] = dict(zip(maps, table, strict=True))
        if "scores" in held[0].tensors:
            scores = torch.stack([piece.tensors["scores"] for piece in held], 1)
            way, _, baseline = name.partition("-")
            curves[way, baseline] = dict(zip(maps, scores, strict=True))
    return Measures(values, curves, pieces[names[0]][0].tensors["shares"])


def checked(
    subject: Subject,
    inputs: Tensor,
    cases: Sequence[Asked],
    method: str,
    maps: Sequence[Tensor],
    *,
    folder: Path,
    effort: Effort,
    seconds: float,
    seed: int,
    options: Sequence[Mapping[str, Any]] = (),
    progress: Progress = silent,
) -> Checked:
    """The sanity checks of one method on the first cases; its maps of them are not made again."""
    slow = seconds > SLOW
    pieces = []
    for number, asked in enumerate(cases[: effort.checked]):
        progress(number, min(effort.checked, len(cases)), f"sanity checks · {method}")
        given = asking(method, options[asked.source] if options else {})
        ask = _asked_again(subject, asked.target, method, maps[number], given)
        one = inputs[asked.source : asked.source + 1]
        path = folder / "checks" / method / f"{number:04d}.safetensors"
        stages = min(2, effort.stages) if slow else effort.stages
        make = partial(_check, subject, one, asked, ask, stages=stages, slow=slow, seed=seed)
        pieces.append(kept(path, make))
    progress(len(pieces), len(pieces), f"sanity checks · {method}")

    def all_of(name: str) -> Tensor | None:
        found = [piece.tensors[name] for piece in pieces if name in piece.tensors]
        return torch.cat(found) if len(found) == len(pieces) and found else None

    about = pieces[0].about
    return Checked(about["layers"], all_of("cascade"), all_of("logit"), all_of("moved"), about["why"])


def _case(subject: Subject, inputs: Tensor, asked: Asked, maps: Sequence[Tensor], seed: int) -> Case:
    """The maps of one input, at its size."""
    one = inputs[asked.source : asked.source + 1]
    case = case_of(subject, one, asked.target, torch.zeros(1, 1, 1), seed=seed)
    at_size = torch.cat([fitted(each[None], case.inputs) for each in maps])
    return with_maps(case, at_size, torch.zeros(len(maps), dtype=torch.int64, device=case.inputs.device))


def _measure(case: Case, name: str, samples: int) -> Piece:
    way, _, baseline = name.partition("-")
    if way in WAYS:
        made = curve(way, case, baseline=baseline, steps=samples)  # type: ignore[arg-type]
        return Piece({"values": made.area, "scores": made.scores, "shares": made.shares})
    measure = METRICS[name].of_maps
    assert measure is not None, "only metrics of maps are asked"
    return Piece({"values": measure(case, samples)})


def _asked_again(
    subject: Subject, target: Target, method: str, held: Tensor, given: Mapping[str, Any]
) -> Callable[[Subject, Tensor, Target], Tensor]:
    """The method as a function of network, input and target that knows the map it made before."""
    mark: list[Tensor] = []

    def ask(other: Subject, inputs: Tensor, wanted: Target) -> Tensor:
        same = other is subject and wanted == target
        if same and (not mark or torch.equal(mark[0], inputs)):
            mark[:] = [inputs]
            return held[None]
        return METHODS[method](other, inputs, wanted, **given).heatmap()

    return ask


def _check(
    subject: Subject,
    inputs: Tensor,
    asked: Asked,
    ask: Callable[[Subject, Tensor, Target], Tensor],
    *,
    stages: int,
    slow: bool,
    seed: int,
) -> Piece:
    tensors: dict[str, Tensor] = {}
    layers: Sequence[str] = ()
    why: dict[str, str] = {}
    inputs = inputs.to(subject.device, torch.float32)
    try:
        cascade = randomisation(subject, inputs, asked.target, ask, stages=stages, seed=seed)
        tensors["cascade"], layers = cascade.signed, cascade.layers
    except GridlensError as error:
        why["randomisation"] = str(error)
    try:
        tensors["logit"] = random_logit(subject, inputs, asked.target, ask, seed=seed).signed
    except GridlensError as error:
        why["random-logit"] = str(error)
    if slow:
        why["max-sensitivity"] = f"its maps take more than {SLOW:.0f} seconds each"
    else:
        moved = max_sensitivity(subject, inputs, asked.target, ask, samples=3, seed=seed)
        tensors["moved"] = moved.values
    return Piece(
        {name: value.float() for name, value in tensors.items()}, {"layers": list(layers), "why": why}
    )
