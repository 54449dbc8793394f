"""attributed(): inputs explained by every method, the methods judged, all of it in a run folder with a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.attribution import CONTROLS, METHODS, Attribution, Parts, attribute, factored, why_not
from core.attribution.factors import Factors
from core.errors import BadInput, UnknownName
from core.faithfulness.maps import read_maps
from core.progress import Progress, silent
from core.provenance import fingerprint, provenance
from core.runs import running
from core.subject import Subject, layer_named
from gridlens.attribution.asked import Asked, cases
from gridlens.attribution.inputs import Shown, shown
from gridlens.attribution.judging import Checked, Effort, Measures, checked, measured
from gridlens.attribution.kept import Piece, kept, spent
from gridlens.attribution.maps import Explained, Maps, explained
from gridlens.attribution.trial import Trial
from gridlens.opened import Opened
from rl import objects

ALL = "all"
BY = "integrated-gradients"
"""The method whose attributions of a hidden layer are taken apart into factors: it gives every unit its share."""


@dataclass(frozen=True)
class Request:
    """What is explained and by whom: targets as text (none: what the network chose), methods by name or ``all``.

    ``images``, ``levels``, ``count``: which inputs. ``at``: a hidden layer to be looked into, as ``factors`` factors.
    ``maps``: a file of maps computed elsewhere. ``orders``: random orders of Shapley values; ``samples``: steps of a
    curve and subsets of each size; ``stages`` of randomisation on the first ``checked`` cases.
    """

    targets: tuple[str, ...] = ()
    methods: tuple[str, ...] = (ALL,)
    images: Path | None = None
    levels: tuple[int, ...] = ()
    count: int = 4
    at: str | None = None
    factors: int = 5
    maps: Path | None = None
    orders: int = 16
    samples: int = 16
    stages: int = 5
    checked: int = 4
    seed: int = 0

    @property
    def effort(self) -> Effort:
        """How much the sanity checks may cost."""
        return Effort(self.stages, self.checked)


@dataclass(frozen=True, eq=False)
class Found:
    """All that was computed; ``judged`` and ``checked`` are empty where inputs are lists of numbers."""

    shown: Shown
    cases: Sequence[Asked]
    maps: Maps
    elsewhere: Mapping[str, Tensor]
    measures: Measures | None
    checked: Mapping[str, Checked]
    factors: Factors | None
    seconds: float


def attributed(opened: Opened, request: Request, *, out: Path, progress: Progress = silent) -> Found:
    """Ask, judge and keep; given again for the same folder, go on where it was broken off.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        if targets, methods, inputs, layer or maps do not fit the subject: before anything is computed or written.
    RunConflict
        if the folder holds a different run.
    """
    subject = opened.subject
    if request.at is not None:
        layer_named(subject, request.at)
    seen = shown(
        opened,
        images=request.images,
        count=request.count,
        levels=request.levels,
        seed=request.seed,
        progress=progress,
    )
    seen = replace(seen, inputs=seen.inputs.to(subject.device))
    asked = cases(subject, seen.inputs, request.targets)
    names, left_out = wanted(subject, request.methods, asked)
    given = _elsewhere(request.maps, seen)
    parameters = _parameters(request, given)
    with running(
        out,
        kind="attribution",
        parameters=parameters,
        seeds={"attribution": request.seed},
        subject=subject.fingerprint,
        data=seen.fingerprint,
    ) as run:
        options = _options(seen, request)
        trial = Trial(subject, seen.inputs, asked, run.folder, request.seed, options, progress)
        found = _found(trial, seen, names, given, request)
    maps = replace(found.maps, left_out=left_out | dict(found.maps.left_out))
    return replace(found, maps=maps, seconds=spent(out))


def wanted(
    subject: Subject, methods: Sequence[str], asked: Sequence[Asked]
) -> tuple[list[str], dict[str, str]]:
    """The methods to run, the controls always among them, and those that the network cannot take, with the reason.

    Raises
    ------
    UnknownName
        if there is no such method.
    BadInput
        if none of those asked for by name can be taken.

    >>> from core.testing import spotlight
    >>> wanted(spotlight(), ["saliency"], cases(spotlight(), torch.ones(1, 3, 10, 10), ["value"]))[0]
    ['saliency', 'random', 'edges']
    """
    names = list(METHODS) if ALL in methods else list(dict.fromkeys([*methods, *CONTROLS]))
    for name in names:
        if name not in METHODS:
            raise UnknownName("attribution method", name, [*METHODS, ALL])
    reasons = {name: why_not(subject, name, asked[0].target) for name in names}
    left_out = {name: why for name, why in reasons.items() if why}
    able = [name for name in names if name not in left_out]
    if all(name in CONTROLS for name in able) and not set(methods) <= set(CONTROLS):
        raise BadInput("; ".join(why for name, why in left_out.items() if name not in CONTROLS))
    return able, left_out


def _elsewhere(path: Path | None, seen: Shown) -> dict[str, Tensor]:
    """Maps computed elsewhere, one an input, under names that no method of ours has."""
    given = read_maps(path) if path else {}
    for name, maps in given.items():
        if name in METHODS:
            raise BadInput(
                f"maps {name!r} in {str(path)!r} have the name of a method of ours; call them otherwise"
            )
        if len(maps) != len(seen.inputs):
            raise BadInput(
                f"maps {name!r} in {str(path)!r} are {len(maps)}, but {len(seen.inputs)} inputs are explained; "
                f"expected one map an input, in the same order"
            )
    return given


def _parameters(request: Request, given: Mapping[str, Tensor]) -> dict[str, Any]:
    """What makes another run."""
    return {
        "targets": request.targets,
        "methods": request.methods,
        "images": request.images,
        "levels": request.levels,
        "count": request.count,
        "at": request.at,
        "factors": request.factors,
        "maps": fingerprint(*(part for name, maps in given.items() for part in (name, maps)))
        if given
        else None,
        "orders": request.orders,
        "samples": request.samples,
        "stages": request.stages,
        "checked": request.checked,
    }


def _options(seen: Shown, request: Request) -> list[dict[str, Any]]:
    """What methods are given for each input, where they take it: the seed, the objects of a level."""
    common: dict[str, Any] = {"seed": request.seed, "permutations": request.orders}
    if seen.world is None or seen.state is None:
        return [common] * len(seen.inputs)
    gone = objects.baseline(seen.world, seen.state, seen.view)
    found = objects.parts(seen.world, seen.state, seen.view)
    return [
        common
        | {
            "parts": Parts(found.labels[i : i + 1], found.names[i : i + 1]),
            "baseline": gone[i : i + 1],
        }
        for i in range(len(seen.inputs))
    ]


def _found(
    trial: Trial, seen: Shown, names: Sequence[str], given: Mapping[str, Tensor], request: Request
) -> Found:
    maps = explained(trial, names)
    measures, reports = None, {}
    if seen.pictures:
        every = {name: [one.map for one in own] for name, own in maps.explained.items()}
        every |= {name: [own[case.source] for case in trial.cases] for name, own in given.items()}
        measures = measured(trial, every, samples=request.samples)
        for place, (name, own) in enumerate(maps.explained.items()):

            def told(done: int, total: int, label: str, place: int = place) -> None:
                trial.progress(place * total + done, len(maps.explained) * total, label)

            reports[name] = checked(
                replace(trial, progress=told),
                name,
                [_compared(one) for one in own],
                effort=request.effort,
                seconds=max(one.seconds for one in own),
            )
    factors = _inside(trial, request)
    return Found(seen, trial.cases, maps, given, measures, reports, factors, 0.0)


def _inside(trial: Trial, request: Request) -> Factors | None:
    """The attributions of a hidden layer for the first target of every input, as factors."""
    if request.at is None:
        return None
    layer, subject = request.at, trial.subject
    first = [next(case for case in trial.cases if case.source == i) for i in range(len(trial.inputs))]
    values = []
    for number, case in enumerate(first):
        trial.progress(number, len(first), f"inside {layer}")

        def make(case: Asked = case) -> Piece:
            made = attribute(subject, trial.of(case)[0], case.target, method=BY, at=layer)
            return Piece({"values": made.values})

        values.append(kept(trial.folder / "layer" / f"{number:04d}.safetensors", make).tensors["values"])
    trial.progress(len(first), len(first), f"inside {layer}")
    together = Attribution(
        values=torch.cat(values),
        target=", ".join(dict.fromkeys(case.said for case in first)),
        at=layer,
        method=BY,
        completeness_gap=None,
        provenance=provenance(subject=subject.fingerprint, data=fingerprint(trial.inputs)),
        layer=subject.layers[layer],
    )
    return factored(together, k=min(request.factors, subject.layers[layer].channels), seed=request.seed)


def _compared(one: Explained) -> Tensor:
    """What the sanity checks compare: values of parts, or the map."""
    return one.map if one.parts is None else one.parts[1][None]
