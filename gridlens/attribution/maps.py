"""Every method's map of every case, each kept as soon as it is made; methods that cannot be run, and why."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from core.attribution import METHODS, Attribution
from core.errors import GridlensError
from gridlens.attribution.kept import SECONDS, Piece, kept
from gridlens.attribution.trial import Trial


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


def explained(trial: Trial, methods: Sequence[str]) -> Maps:
    """Ask every method about every case.

    >>> import pathlib, tempfile, torch
    >>> from core.testing import spotlight
    >>> from gridlens.attribution.asked import cases
    >>> inputs = torch.ones(1, 3, 10, 10)
    >>> asked = cases(spotlight(), inputs, ["policy:1"])
    >>> trial = Trial(spotlight(), inputs, asked, pathlib.Path(tempfile.mkdtemp()))
    >>> round(explained(trial, ["integrated-gradients"]).explained["integrated-gradients"][0].sum, 3)
    8.0
    """
    found: dict[str, list[Explained]] = {}
    left_out: dict[str, str] = {}
    total = len(methods) * len(trial.cases)
    for place, method in enumerate(methods):
        made: list[Explained] = []
        for number in range(len(trial.cases)):
            trial.progress(place * len(trial.cases) + number, total, "maps")
            try:
                made.append(_one(trial, number, method))
            except GridlensError as error:
                left_out[method] = str(error)
                break
        else:
            found[method] = made
    trial.progress(total, total, "maps")
    return Maps(found, left_out)


def asking(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of the options given, those that the method takes.

    >>> asking("integrated-gradients", {"no such option": 1})
    {}
    """
    taken = inspect.signature(METHODS[method]).parameters
    return {name: value for name, value in given.items() if name in taken}


def _one(trial: Trial, number: int, method: str) -> Explained:
    case = trial.cases[number]
    inputs, given = trial.of(case)

    def make() -> Piece:
        return _piece(METHODS[method](trial.subject, inputs, case.target, **asking(method, given)))

    return _read(kept(trial.folder / "maps" / method / f"{number:04d}.safetensors", make))


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
