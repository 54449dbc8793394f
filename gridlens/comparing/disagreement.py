"""The images that two classifiers part over most, and what each hung its answer on, by a method that was checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.artifacts import read_json, read_tensors, write_json, write_tensors
from core.attribution import METHODS
from core.attribution.methods import why_not
from core.errors import BadInput, UnknownName
from core.faithfulness.case import case_of
from core.faithfulness.explaining import explain
from core.faithfulness.sanity import CHECKS, check
from core.progress import Progress
from core.subject import Subject
from core.targets import Output
from gridlens.comparing.answers import Answers
from gridlens.comparing.behaviour import Agreement
from gridlens.comparing.lineup import Lineup, folder_of

ORDER = ("integrated-gradients", "grad-cam", "input-x-gradient", "occlusion")
"""Methods that are tried, until one passes both sanity checks in every subject."""

CHECKED = 4
"""Images on which a method is checked."""

SHOWN, SHOWN_OF_MANY = 6, 3
"""Images shown of the only pair, and of each of several."""

MOST_PAIRS = 6
"""Pairs of which images are shown: those that part most."""


@dataclass(frozen=True, eq=False)
class Parting:
    """An image that two classifiers part over: its number, each one's answer, how sure, and its map (rows, cols)."""

    image: int
    distance: float
    truth: str | None
    answers: tuple[str, str]
    confidences: tuple[float, float]
    pictures: tuple[NDArray, NDArray] = field(repr=False)
    maps: tuple[NDArray, NDArray] = field(repr=False)


@dataclass(frozen=True)
class Method:
    """The attribution method of this page; ``failed``: subject to the check that it fails there."""

    name: str
    failed: dict[str, str]
    tried: dict[str, str]


def refuse_method(name: str | None) -> None:
    """Raise where there is no such method.

    Raises
    ------
    UnknownName
        with the nearest.
    """
    if name is not None and name not in METHODS:
        raise UnknownName("attribution method", name, METHODS)


def shown_pairs(every: Sequence[Agreement]) -> list[tuple[Agreement, list[int]]]:
    """The pairs of which images are shown, with their numbers, those of the largest total variation first.

    Images on which two softmaxes are as good as the same are no disagreement, and not shown.
    """
    ordered = sorted(every, key=lambda one: -float(one.distance.mean()))[:MOST_PAIRS]
    count = SHOWN if len(every) == 1 else SHOWN_OF_MANY
    found = []
    for one in ordered:
        rows = np.argsort(-one.distance, kind="stable")[:count]
        kept = [int(row) for row in rows if one.distance[row] > 1e-3]
        if kept:
            found.append((one, kept))
    return found


def chosen_method(
    found: Lineup,
    given: dict[str, Answers],
    asked: str | None,
    folder: Path,
    *,
    seed: int,
    progress: Progress,
) -> Method:
    """The method asked for, or the first that passes both sanity checks in all subjects; checked on the first images.

    Raises
    ------
    BadInput
        if a subject cannot take the method asked for.
    """
    path = folder / "found" / "method.json"
    if path.exists():
        return Method(**read_json(path))
    if asked is not None:
        for subject in found.subjects.values():
            if reason := why_not(subject, asked):
                raise BadInput(reason)
    methods = (
        [asked] if asked else [m for m in ORDER if not any(why_not(s, m) for s in found.subjects.values())]
    )
    results: dict[str, dict[str, str]] = {}
    for place, method in enumerate(methods):
        progress(place, len(methods), f"sanity checks of {method}")
        results[method] = _failures(found, given, method, seed=seed)
        if not results[method]:
            break
    name = min(results, key=lambda method: len(results[method]))
    tried = {m: next(iter(failed.values())) for m, failed in results.items() if failed and m != name}
    write_json(path, {"name": name, "failed": results[name], "tried": tried})
    return Method(name, results[name], tried)


def _failures(found: Lineup, given: dict[str, Answers], method: str, *, seed: int) -> dict[str, str]:
    """Subject to why the method fails there."""
    failed = {}
    for name, subject in found.subjects.items():
        rows = list(range(CHECKED))
        inputs = torch.stack(list(found.images[name].at(rows)))
        targets = targets_of(found, given, name, rows)
        case = case_of(subject, inputs, targets, torch.zeros(len(rows), *inputs.shape[2:]), seed=seed)
        for kind in CHECKS:
            verdict = check(kind, case, method, label=method)
            if verdict.passes is False:
                failed[name] = verdict.reason
                break
    return failed


def targets_of(found: Lineup, given: dict[str, Answers], name: str, rows: Sequence[int]) -> list[Output]:
    """What the subject answered to each of some images."""
    columns, choice = found.columns[name], given[name].choice
    return [Output("class", int(columns[choice[row]])) for row in rows]


def partings(
    found: Lineup,
    given: dict[str, Answers],
    pairs: Sequence[tuple[Agreement, list[int]]],
    method: str,
    folder: Path,
    *,
    seed: int,
    progress: Progress,
) -> list[tuple[Agreement, list[Parting]]]:
    """The images shown of every pair with both attributions, each for its own answer."""
    wanted = {
        name: sorted({row for one, rows in pairs if name in (one.one, one.other) for row in rows})
        for name in found.names
    }
    maps: dict[str, dict[int, NDArray]] = {}
    images: dict[str, dict[int, NDArray]] = {}
    for number, (name, rows) in enumerate(wanted.items()):
        progress(number, len(wanted), f"attributions by {method}")
        path = folder_of(folder, name, number) / "attributions.safetensors"
        inputs = list(found.images[name].at(rows))
        if rows and not path.exists():
            targets = targets_of(found, given, name, rows)
            write_tensors(path, {"maps": _explained(found.subjects[name], inputs, targets, method, seed)})
        kept = read_tensors(path)["maps"] if rows else torch.zeros(0)
        maps[name] = dict(zip(rows, kept.numpy(), strict=True))
        images[name] = {row: _pixels(image) for row, image in zip(rows, inputs, strict=True)}
    return [
        (one, [_parting(found, given, one, row, images=images, maps=maps) for row in rows])
        for one, rows in pairs
    ]


def _explained(
    subject: Subject, inputs: list[Tensor], targets: list[Output], method: str, seed: int
) -> Tensor:
    return explain(method, subject, torch.stack(inputs), targets, seed=seed).maps.float().contiguous()


def _pixels(image: Tensor) -> NDArray:
    shown: NDArray = image.expand(3, -1, -1).permute(1, 2, 0).numpy()
    return shown


def _parting(
    found: Lineup,
    given: dict[str, Answers],
    pair: Agreement,
    row: int,
    *,
    images: dict[str, dict[int, NDArray]],
    maps: dict[str, dict[int, NDArray]],
) -> Parting:
    names = (pair.one, pair.other)
    choices = [int(given[name].choice[row]) for name in names]
    known = found.truth is not None and found.truth[row] >= 0
    return Parting(
        image=row,
        distance=float(pair.distance[row]),
        truth=found.classes[int(found.truth[row])] if known and found.truth is not None else None,
        answers=(found.classes[choices[0]], found.classes[choices[1]]),
        confidences=(float(given[names[0]].confidence[row]), float(given[names[1]].confidence[row])),
        pictures=(images[names[0]][row], images[names[1]][row]),
        maps=(maps[names[0]][row], maps[names[1]][row]),
    )
