"""Labelled: a concept's values for every sample; what a linear map is fitted to for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.errors import BadInput, UnknownName
from core.probing.result import Kind

MIN_GROUPS = 40
"""Independent groups (levels, images) that a probe takes."""
MIN_EACH = 10
"""Groups in which a yes-or-no concept must be met, and in which its contrary."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """What a concept is in each of n samples: ``values`` (n,), of a grid (n, h, w) of numbers or truth values."""

    kind: Kind
    values: NDArray = field(repr=False)


@dataclass(frozen=True, eq=False)
class Columns:
    """A concept as numbers (n, k) to be regressed on: itself, 1 for the class and -1 for others, or its cells.

    ``classes`` are those of the columns of a categorical concept; ``cells`` says which cells of a grid vary, and so
    have a column.
    """

    values: Float[np.ndarray, "n k"]
    classes: NDArray = field(default_factory=lambda: np.empty(0))
    cells: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))


def columns(labelled: Labelled) -> Columns:
    """What is regressed on for a concept.

    >>> columns(Labelled("categorical", np.array(["a", "b", "a"]))).values.tolist()
    [[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0]]
    >>> columns(Labelled("grid", np.array([[[0, 1]], [[0, 3]]]))).values.tolist()
    [[1.0], [3.0]]
    """
    values = labelled.values
    if labelled.kind == "categorical":
        classes = np.unique(values)
        return Columns(np.where(values[:, None] == classes, 1.0, -1.0), classes)
    if labelled.kind == "binary":
        return Columns(np.where(values.astype(bool), 1.0, -1.0)[:, None])
    flat = values.reshape(len(values), -1).astype(np.float64)
    cells = (flat != flat[:1]).any(0)
    return Columns(flat[:, cells], cells=cells)


def check(concepts: Mapping[str, Labelled], group: NDArray) -> None:
    """Nothing, if every concept can be probed on samples of these groups (n,).

    Raises
    ------
    BadInput
        with the first concept that cannot, and why.
    """
    if not concepts:
        raise BadInput("no concept is given; a probe needs one")
    for name, labelled in concepts.items():
        problem = unfit(name, labelled, group)
        if problem:
            raise BadInput(problem)


def unfit(concept: str, labelled: Labelled, group: NDArray) -> str | None:
    """Why a concept cannot be probed on samples of these groups (n,), in one sentence; None if it can.

    >>> unfit("here", Labelled("binary", np.zeros(50, bool)), np.arange(50))
    "concept 'here' is False in all 50 samples; a probe needs it to vary"
    """
    kind, values = labelled.kind, labelled.values
    if kind not in get_args(Kind):
        raise UnknownName(f"kind of concept {concept!r}", str(kind), get_args(Kind))
    if values.ndim != (3 if kind == "grid" else 1):
        wanted = "(n, rows, columns)" if kind == "grid" else "(n,)"
        return f"concept {concept!r} is {kind} and takes values of shape {wanted}; given {values.shape}"
    if len(values) != len(group):
        return f"concept {concept!r} has {len(values)} values for {len(group)} samples; give one for each"
    count = len(np.unique(group))
    if count < MIN_GROUPS:
        return (
            f"a probe of {concept!r} needs at least {MIN_GROUPS} independent groups (levels, images); "
            f"given {count}"
        )
    return _values_unfit(concept, labelled, group)


def _values_unfit(concept: str, labelled: Labelled, group: NDArray) -> str | None:
    kind, values = labelled.kind, labelled.values
    if values.dtype.kind in "fc" or kind in ("continuous", "grid"):
        wrong = ~np.isfinite(values.astype(float)).reshape(len(values), -1).all(1)
        if wrong.any():
            return f"concept {concept!r} is not finite for {wrong.sum()} of {len(values)} samples"
    if (values == values[:1]).all():
        shown = "the same" if kind == "grid" else repr(values[0].item())
        return f"concept {concept!r} is {shown} in all {len(values)} samples; a probe needs it to vary"
    if kind != "binary":
        return None
    if not np.isin(values, (0, 1)).all():
        return f"concept {concept!r} is binary and takes True and False (1 and 0); given {values[0].item()!r}"
    for truth in (True, False):
        met = len(np.unique(group[values.astype(bool) == truth]))
        if met < MIN_EACH:
            return (
                f"concept {concept!r} is {truth} in only {met} groups (levels, images); "
                f"a probe needs at least {MIN_EACH}"
            )
    return None
