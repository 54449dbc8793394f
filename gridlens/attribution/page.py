"""What was found, as the evidence of the attribution page; the page and its exports written beside the run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.attribution import CONTROLS
from core.attribution.factors import Factors as Taken
from core.provenance import Provenance, provenance
from core.runs import command_line, read_manifest
from core.subject import Subject
from gridlens.attribution.asked import Asked
from gridlens.attribution.making import BY, Found, Request
from gridlens.attribution.maps import Explained
from gridlens.attribution.verdict import Verdict, checks, traces, verdict
from gridlens.opened import Opened
from reports.attribution.evidence import AttributionEvidence, Case, Factor, Factors, Judged, Objects
from reports.attribution.page import attribution_report
from reports.exports import export
from reports.html import write
from reports.sections import Report

NOTHING = np.zeros((0, 0, 3))
"""The picture of a list of numbers."""


def write_page(opened: Opened, found: Found, request: Request, *, folder: Path, page: Path) -> Report:
    """Compose the page, write it and, into the folder's ``data``, every figure and table."""
    report = attribution_report(evidence(opened, found, request, command=_command(folder)))
    export(report, folder / "data")
    write(report, page)
    return report


def _command(folder: Path) -> str:
    manifest = read_manifest(folder)
    return str(manifest.get("command") or command_line())


def evidence(opened: Opened, found: Found, request: Request, *, command: str) -> AttributionEvidence:
    """All that the page shows."""
    subject, made = opened.subject, found.maps.explained
    methods = [_judged(name, own) for name, own in made.items()]
    methods += [Judged(name, "given", elsewhere=True) for name in found.elsewhere]
    plain = AttributionEvidence(
        subject=subject.name,
        command=command,
        methods=methods,
        cases=[_case(subject, found, number, asked) for number, asked in enumerate(found.cases)],
        factors=_factors(found.factors) if found.factors else None,
        left_out=_left_out(found),
        notes=[*opened.notes, *_notes(found)],
        seconds=found.seconds,
        provenance={subject.name: _origin(subject, found, request)},
    )
    if found.measures is None:
        return plain
    told = _verdict(found, request.seed)
    return replace(
        plain,
        scores=told.scores,
        ranks=told.ranks,
        leads=told.leads,
        behind=told.behind,
        agreement=told.agreement,
        checks=checks(found.checked, request.seed),
        traces=traces(found.measures, found.checked),
    )


def _notes(found: Found) -> list[str]:
    """What is particular to these inputs."""
    if found.shown.state is None or not any(
        one.parts for own in found.maps.explained.values() for one in own
    ):
        return []
    return [
        "Shapley and feature ablation give a share to each thing of a level, spread evenly over its cells, and removal "
        "goes cell by cell: on a large thing, such as the wall, that tells against them."
    ]


def _verdict(found: Found, seed: int) -> Verdict:
    assert found.measures is not None, "only what was measured is judged"
    values = {
        metric: {method: one.double().numpy() for method, one in own.items()}
        for metric, own in found.measures.values.items()
    }
    values["max-sensitivity"] = {
        method: one.moved.double().numpy() for method, one in found.checked.items() if one.moved is not None
    }
    values["completeness"] = {
        method: np.array([_share(one) for one in own])
        for method, own in found.maps.explained.items()
        if all(one.gap is not None for one in own)
    }
    held = {metric: own for metric, own in values.items() if own}
    return verdict(held, [case.source for case in found.cases], controls=CONTROLS, seed=seed)


def _share(one: Explained) -> float:
    """The completeness gap beside what the map should sum to."""
    gap = one.gap or 0.0
    return abs(gap) / max(abs(one.sum - gap), 1e-6)


def _judged(name: str, own: Sequence[Explained]) -> Judged:
    seconds = float(np.median([one.seconds for one in own]))
    return Judged(name, own[0].at, name in CONTROLS, seconds=seconds)


def _case(subject: Subject, found: Found, number: int, asked: Asked) -> Case:
    seen, source = found.shown, asked.source
    made = {name: own[number] for name, own in found.maps.explained.items()}
    maps = {name: one.map.double().numpy() for name, one in made.items()}
    maps |= {name: own[source].double().numpy() for name, own in found.elsewhere.items()}
    return Case(
        name=f"{source + 1}: {seen.names[source]}",
        source=source,
        target=asked.said,
        score=asked.scored,
        image=seen.pictures[source] if seen.pictures else NOTHING,
        maps=maps,
        sums={name: one.sum for name, one in made.items()},
        gaps={name: one.gap for name, one in made.items() if one.gap is not None},
        objects=_objects(subject, found, source, made),
    )


def _objects(subject: Subject, found: Found, source: int, made: Mapping[str, Explained]) -> list[Objects]:
    """Objects of a level by the methods that ask about them; the numbers of a list by all."""
    if found.shown.pictures:
        if found.shown.state is None:
            return []
        asked = {name: made[name].parts for name in ("shapley", "feature-ablation") if name in made}
        return [
            Objects(
                name,
                parts[0],
                parts[1].double().numpy(),
                None if parts[2] is None else parts[2].double().numpy(),
            )
            for name, parts in asked.items()
            if parts is not None
        ]
    given = found.shown.inputs[source].flatten().tolist()
    names = [f"{name} {value:.3g}" for name, value in zip(subject.spec.channels, given, strict=True)]
    first = [name for name in ("shapley", *made) if name in made and name not in CONTROLS]
    return [
        Objects(name, names, made[name].numbers.double().numpy())
        for name in list(dict.fromkeys(first))[:4]
        if len(made[name].numbers) == len(names)
    ]


def _factors(taken: Taken) -> Factors:
    weights = taken.maps.abs().sum((0, 2, 3)).double().numpy()
    shares = taken.explained * weights / (weights.sum() or 1.0)
    made = [
        Factor(float(shares[i]), taken.maps[:, i].double().numpy(), _strongest(atom))
        for i, atom in enumerate(taken.atoms)
    ]
    return Factors(taken.layer, BY, made, 1 - taken.explained, taken.residual.double().numpy())


def _strongest(atom: torch.Tensor) -> list[tuple[int, float]]:
    best = atom.topk(min(8, len(atom)))
    return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def _left_out(found: Found) -> dict[str, str]:
    """What could not be run, and why: methods, then checks that do not apply."""
    told = dict(found.maps.left_out)
    for method, one in found.checked.items():
        made = {"randomisation": one.cascade, "random-logit": one.logit, "max-sensitivity": one.moved}
        for check, why in one.why.items():
            if made[check] is None:
                told[f"{check} of {method}"] = why
    if found.measures is None:
        told["judging the maps"] = (
            "the inputs are lists of numbers, without places that could be taken out in order"
        )
    for name in found.elsewhere:
        told[f"sanity checks of {name}"] = (
            "computed elsewhere: without the method there is no second map to compare"
        )
    return told


def _origin(subject: Subject, found: Found, request: Request) -> Provenance:
    parameters = {
        f"{name}: {key}": value
        for name, own in found.maps.explained.items()
        for key, value in own[0].parameters.items()
    }
    return provenance(
        subject=subject.fingerprint,
        data=found.shown.fingerprint,
        seed=request.seed,
        samples=request.samples,
        stages=request.stages,
        checked=request.checked,
        **parameters,
    )
