"""Every method's map of every case, each kept as soon as it is made; methods that cannot be run, and why."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from core.attribution import METHODS, Attribution
from core.errors import GridlensError
from core.progress import Progress, silent
from core.subject import Subject
from gridlens.attribution.asked import Asked
from gridlens.attribution.kept import SECONDS, Piece, kept


@dataclass(frozen=True, eq=False)
class Explained:
    """One method's answer to one case: its map (rows, cols), what it sums to and by how much that misses a promise.

    ``parts``: names, values and standard errors of the parts, where the method asked about parts; ``numbers`` the
    share of each channel.
    """

    map: Tensor = field(repr=False)
    at: str
    seconds: float
    sum: float
    gap: float | None
    numbers: Tensor = field(repr=False)
    parts: tuple[Sequence[str], Tensor, Tensor | None] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Maps:
    """By method, one answer a case; methods that could not be run are in ``left_out`` with the reason."""

    explained: Mapping[str, Sequence[Explained]]
    left_out: Mapping[str, str]


def explained(
    subject: Subject,
    inputs: Tensor,
    cases: Sequence[Asked],
    methods: Sequence[str],
    *,
    folder: Path,
    options: Sequence[Mapping[str, Any]] = (),
    progress: Progress = silent,
) -> Maps:
    """Ask every method about every case; ``options`` of each input are given to the methods that take them.

    >>> import tempfile
    >>> import torch
    >>> from core.testing import spotlight
    >>> from gridlens.attribution.asked import cases
    >>> inputs = torch.ones(1, 3, 10, 10)
    >>> asked = cases(spotlight(), inputs, ["policy:1"])
    >>> made = explained(spotlight(), inputs, asked, ["integrated-gradients"], folder=Path(tempfile.mkdtemp()))
    >>> round(made.explained["integrated-gradients"][0].sum, 3)
    8.0
    """
    found: dict[str, list[Explained]] = {}
    left_out: dict[str, str] = {}
    for place, method in enumerate(methods):
        made: list[Explained] = []
        for number, case in enumerate(cases):
            progress(place * len(cases) + number, len(methods) * len(cases), "maps")
            given = options[case.source] if options else {}
            one = inputs[case.source : case.source + 1]
            try:
                made.append(
                    _one(subject, one, case, method, folder / "maps" / method / f"{number:04d}", given)
                )
            except GridlensError as error:
                left_out[method] = str(error)
                break
        else:
            found[method] = made
    progress(len(methods) * len(cases), len(methods) * len(cases), "maps")
    return Maps(found, left_out)


def asking(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of the options given, those that the method takes.

    >>> asking("integrated-gradients", {"no such option": 1})
    {}
    """
    taken = inspect.signature(METHODS[method]).parameters
    return {name: value for name, value in given.items() if name in taken}


def _one(
    subject: Subject, inputs: Tensor, case: Asked, method: str, path: Path, given: Mapping[str, Any]
) -> Explained:
    def make() -> Piece:
        return _piece(METHODS[method](subject, inputs, case.target, **asking(method, given)))

    return _read(kept(path.with_suffix(".safetensors"), make))


def _piece(answer: Attribution) -> Piece:
    tensors = {"map": answer.heatmap()[0], "numbers": answer.maps()[0].flatten(1).sum(1)}
    about: dict[str, Any] = {"at": answer.at, "sum": float(answer.values.sum())}
    about["gap"] = None if answer.completeness_gap is None else float(answer.completeness_gap[0])
    about["parameters"] = {name: str(value) for name, value in answer.parameters.items()}
    if answer.parts is not None and answer.part_values is not None:
        names = answer.parts.names[0]
        about["parts"] = list(names)
        tensors["part values"] = answer.part_values[0, : len(names)].float()
        if answer.part_errors is not None:
            tensors["part errors"] = answer.part_errors[0, : len(names)].float()
    return Piece(tensors, about)


def _read(piece: Piece) -> Explained:
    about, tensors = piece.about, piece.tensors
    parts = None
    if "parts" in about:
        parts = (about["parts"], tensors["part values"], tensors.get("part errors"))
    return Explained(
        tensors["map"],
        about["at"],
        about[SECONDS],
        about["sum"],
        about["gap"],
        tensors["numbers"],
        parts,
        about["parameters"],
    )
