"""fit_all(): the linear maps of one layer to all tasks, and what they guess of the samples they were not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.errors import UnknownName
from core.probing.ridge import ridge
from core.probing.splits import Split
from core.probing.tasks import Task

METHODS = ("ridge",)
"""How a linear map can be fitted."""


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
    return _by_ridge(features[samples.fitted], features[~samples.fitted], tasks, samples, groups)


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
