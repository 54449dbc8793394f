"""What the guesses of all layers are worth: each summed up by group at once, the intervals of all at the end."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.probing.result import MEASURES
from core.probing.scores import (
    accuracy_intervals,
    auc_interval,
    by_group,
    r2_intervals,
    redrawn,
    variation,
)
from core.probing.splits import Split
from core.probing.tasks import Task
from core.uncertainty import Interval

Mark = Interval | NDArray
"""An AUC with its interval; or what the score is made of, summed by group: squared errors, or hits."""


def mark(task: Task, guess: Float[np.ndarray, "h k"], samples: Split) -> Mark:
    """What has to be kept of a task's guesses for the samples that are scored."""
    held, index = ~samples.fitted, samples.held
    if task.kind == "binary":
        return auc_interval(task.labels[held].astype(bool), guess[:, 0], index)
    if task.kind == "categorical":
        right = (task.columns.classes[guess.argmax(1)] == task.labels[held]).astype(float)
        return by_group(right[:, None], index)[:, 0]
    missed = guess - task.columns.values[held]
    return by_group(np.einsum("hk,hk->h", missed, missed)[:, None], index)[:, 0]


def intervals(
    marks: Mapping[str, Sequence[Mark]], tasks: Sequence[Task], samples: Split, *, seed: int
) -> dict[tuple[str, int], Interval]:
    """The score of each task, by its number, at each layer; one set of bootstrap samples serves all."""
    index, held = samples.held, ~samples.fitted
    drawn = redrawn(int(index.max()) + 1, seed=seed)
    found = {
        (layer, i): one
        for layer, ones in marks.items()
        for i, one in enumerate(ones)
        if isinstance(one, Interval)
    }
    for measure in ("R²", "accuracy"):
        chosen = [i for i, task in enumerate(tasks) if MEASURES[task.kind] == measure]
        if not chosen:
            continue
        places = [(layer, i) for layer in marks for i in chosen]
        sums = np.stack([np.asarray(marks[layer][i]) for layer, i in places], 1)
        if measure == "R²":
            spread = [variation(tasks[i].columns.values[held], index, drawn) for i in chosen]
            made = r2_intervals(sums, np.tile(np.stack(spread, 1), len(marks)), drawn)
        else:
            made = accuracy_intervals(sums, np.bincount(index).astype(float), drawn)
        found.update(zip(places, made, strict=True))
    return found
