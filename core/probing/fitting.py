"""fit_all(): the linear maps of one layer to all tasks, and what they guess of the samples they were not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.errors import UnknownName
from core.probing.logistic import logistic
from core.probing.ridge import ridge
from core.probing.splits import Split
from core.probing.tasks import Task

METHODS = ("ridge", "logistic")
"""How a linear map can be fitted; by "logistic" only what is binary or categorical, the rest by ridge."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A map's ``weights`` in the layer's units, a column each of the task's, and its ``guess`` of what is scored."""

    guess: Float[np.ndarray, "h k"] = field(repr=False)
    weights: Float[np.ndarray, "d k"] = field(repr=False)
    method: str
    penalty: float


def fit_all(
    features: Float[np.ndarray, "n d"], tasks: Sequence[Task], samples: Split, method: str
) -> list[Fitted]:
    """One map a task; the layer is decomposed once.

    Raises
    ------
    UnknownName
        if there is no such method.
    """
    if method not in METHODS:
        raise UnknownName("method of probes", method, METHODS)
    groups = None if samples.alone else samples.index[samples.fitted]
    known, held = features[samples.fitted], features[~samples.fitted]
    chosen = [method == "logistic" and task.kind in ("binary", "categorical") for task in tasks]
    found: dict[int, Fitted] = {}
    for by, fit in ((True, _by_logistic), (False, _by_ridge)):
        places = [i for i, one in enumerate(chosen) if one == by]
        if places:
            made = fit(known, held, [tasks[i] for i in places], samples, groups)
            found.update(zip(places, made, strict=True))
    return [found[i] for i in range(len(tasks))]


def _by_logistic(
    known: NDArray, held: NDArray, tasks: Sequence[Task], samples: Split, groups: NDArray | None
) -> list[Fitted]:
    labels = [_numbered(task)[samples.fitted] for task in tasks]
    found = []
    for model, task in zip(logistic(known, labels, groups=groups), tasks, strict=True):
        guess = _a_column_a_class(model.predict(held), task)
        slopes = _a_column_a_class(model.weights / model.scale, task)
        found.append(Fitted(guess, slopes, "logistic", float(model.penalty)))
    return found


def _numbered(task: Task) -> NDArray:
    if task.kind == "binary":
        return task.labels.astype(np.int64)
    return np.searchsorted(task.columns.classes, task.labels)


def _a_column_a_class(values: NDArray, task: Task) -> NDArray:
    """Two classes share one column of weights."""
    two = task.kind == "categorical" and values.shape[1] == 1
    return np.concatenate([-values, values], 1) if two else values


def _by_ridge(
    known: NDArray, held: NDArray, tasks: Sequence[Task], samples: Split, groups: NDArray | None
) -> list[Fitted]:
    widths = [task.columns.values.shape[1] for task in tasks]
    wanted = np.concatenate([task.columns.values[samples.fitted] for task in tasks], 1)
    model = ridge(known, wanted, groups=groups, together=widths)
    guesses, slopes = model.predict(held), model.weights / model.scale
    ends = np.cumsum(widths)
    places = [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]
    return [
        Fitted(guesses[:, place], slopes[:, place], "ridge", float(model.penalty[place.start]))
        for place in places
    ]
