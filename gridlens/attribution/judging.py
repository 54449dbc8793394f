"""Every map put to the tests, case by case, each result kept: metrics and curves of maps, sanity checks of methods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from core.attribution import METHODS, Attribution
from core.errors import GridlensError
from core.faithfulness.case import Case, case_of, with_maps
from core.faithfulness.curves import curve
from core.faithfulness.maps import fitted
from core.faithfulness.max_sensitivity import max_sensitivity
from core.faithfulness.metrics import METRICS
from core.faithfulness.random_logit import random_logit
from core.faithfulness.randomisation import randomisation
from core.provenance import fingerprint
from core.subject import Subject
from core.targets import Target
from gridlens.attribution.asked import Asked
from gridlens.attribution.kept import Piece, kept
from gridlens.attribution.maps import asking
from gridlens.attribution.trial import Trial

WAYS = ("deletion", "insertion")
BASELINES = ("blur", "mean")
SLOW = 5.0
"""Seconds a map above which a method is asked about two stages of randomisation instead of all, and not about its
sensitivity to small changes of the input, which takes many maps."""


FEW = 4
"""Values of parts below which their order is like another by chance too often."""
SANITY = ("randomisation", "random-logit")
"""The checks, as the piece that is kept calls them."""

Again = Callable[[Subject, Tensor, Target], Tensor]
"""A method asked about another network, input or target."""


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

    ``moved`` (cases,) is the max-sensitivity. None where a check applies to no case; ``why`` says why.
    """

    layers: Sequence[str]
    cascade: Tensor | None = field(repr=False)
    logit: Tensor | None = field(repr=False)
    moved: Tensor | None = field(repr=False)
    why: Mapping[str, str] = field(default_factory=dict)


def measured(trial: Trial, maps: Mapping[str, Sequence[Tensor]], *, samples: int) -> Measures:
    """Every metric of every map: all maps of a case go through the network in the same batches.

    Raises
    ------
    BadInput, NotFinite
        if a map does not fit its input, or a score is not finite.
    """
    cases = trial.cases
    names = [f"{way}-{baseline}" for way in WAYS for baseline in BASELINES]
    names += [
        name for name, metric in METRICS.items() if metric.of_maps and name.partition("-")[0] not in WAYS
    ]
    mark = fingerprint(*maps)  # a version that can take more methods measures anew
    pieces: dict[str, list[Piece]] = {name: [] for name in names}
    for number, asked in enumerate(cases):
        case = _case(trial, asked, [own[number] for own in maps.values()])
        for place, name in enumerate(names):
            trial.progress(number * len(names) + place, len(cases) * len(names), "metrics")
            path = trial.folder / "metrics" / name / f"{number:04d}-{mark}.safetensors"
            pieces[name].append(kept(path, partial(_measure, case, name, samples)))
    trial.progress(len(cases) * len(names), len(cases) * len(names), "metrics")
    values, curves = {}, {}
    for name, held in pieces.items():
        table = torch.stack([piece.tensors["values"] for piece in held], 1)
        values[name] = dict(zip(maps, table, strict=True))
        if "scores" in held[0].tensors:
            scores = torch.stack([piece.tensors["scores"] for piece in held], 1)
            way, _, baseline = name.partition("-")
            curves[way, baseline] = dict(zip(maps, scores, strict=True))
    return Measures(values, curves, pieces[names[0]][0].tensors["shares"])


def checked(trial: Trial, method: str, held: Sequence[Tensor], *, effort: Effort, seconds: float) -> Checked:
    """The sanity checks of one method on the first cases; what it said of them (``held``) is not asked again."""
    label = f"sanity checks · {method}"
    cases = trial.cases[: effort.checked]
    pieces = []
    for number, case in enumerate(cases):
        trial.progress(number, len(cases), label)
        ask = _asked_again(trial, case, method, held[number])
        path = trial.folder / "checks" / method / f"{number:04d}.safetensors"
        stages = min(2, effort.stages) if seconds > SLOW else effort.stages
        if held[number].numel() < FEW:
            few = f"it tells {held[number].numel()} parts apart, too few to be compared"
            pieces.append(Piece({}, {"layers": [], "why": dict.fromkeys(SANITY, few)}))
            continue
        pieces.append(kept(path, partial(_check, trial, case, ask, stages=stages, slow=seconds > SLOW)))
    trial.progress(len(cases), len(cases), label)
    layers: list[str] = next((piece.about["layers"] for piece in pieces if piece.about["layers"]), [])

    def all_of(name: str) -> Tensor | None:
        alike = [piece for piece in pieces if name != "cascade" or piece.about["layers"] == layers]
        found = [piece.tensors[name] for piece in alike if name in piece.tensors]
        return torch.cat(found) if found else None

    why = {check: told for piece in pieces for check, told in piece.about["why"].items()}
    return Checked(layers, all_of("cascade"), all_of("logit"), all_of("moved"), why)


def _case(trial: Trial, asked: Asked, maps: Sequence[Tensor]) -> Case:
    """The maps of one input, at its size."""
    one, _ = trial.of(asked)
    case = case_of(trial.subject, one, asked.target, torch.zeros(1, 1, 1), seed=trial.seed)
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


def _asked_again(trial: Trial, case: Asked, method: str, held: Tensor) -> Again:
    """The method as a function of network, input and target that knows what it said of this case before."""
    own, given = trial.of(case)

    def ask(subject: Subject, inputs: Tensor, target: Target) -> Tensor:
        if subject is trial.subject and target == case.target and torch.equal(inputs, own.to(inputs)):
            return held[None]
        return _seen(METHODS[method](subject, inputs, target, **asking(method, given)))

    return ask


def _seen(answer: Attribution) -> Tensor:
    """What is compared: the map; of a method that asks about parts their values, each once, however large it is."""
    return answer.heatmap() if answer.part_values is None else answer.part_values.float()[:, None]


def _check(trial: Trial, case: Asked, ask: Again, *, stages: int, slow: bool) -> Piece:
    tensors: dict[str, Tensor] = {}
    layers: Sequence[str] = ()
    why: dict[str, str] = {}
    inputs = trial.of(case)[0].to(trial.subject.device, torch.float32)
    asked = (trial.subject, inputs, case.target, ask)
    try:
        cascade = randomisation(*asked, stages=stages, seed=trial.seed)
        tensors["cascade"], layers = cascade.signed, cascade.layers
    except GridlensError as error:
        why["randomisation"] = str(error)
    try:
        tensors["logit"] = random_logit(*asked, seed=trial.seed).signed
    except GridlensError as error:
        why["random-logit"] = str(error)
    if slow:
        why["max-sensitivity"] = f"its maps take more than {SLOW:.0f} seconds each"
    else:
        tensors["moved"] = max_sensitivity(*asked, samples=3, seed=trial.seed).values
    return Piece(
        {name: value.float() for name, value in tensors.items()}, {"layers": list(layers), "why": why}
    )
