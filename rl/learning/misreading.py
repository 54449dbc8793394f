"""Which states a probe misreads most: the largest residuals among states it was not fitted to, to be looked at."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from core.probing import Labelled
from core.probing.fitting import fit_all
from core.probing.splits import Split, split
from core.probing.tasks import Task, tasks_of
from envs.editing.notation import to_text
from envs.pictures.rendering import frame
from envs.spec import World
from envs.state import State, take
from rl.learning.result import Misread

SHOWN = 3
"""States of a concept that are kept."""
CELL = 12
"""Pixels of a cell in their pictures."""


def misread(
    activations: Mapping[str, Tensor],
    concepts: Mapping[str, tuple[str, Labelled]],
    world: World,
    state: State,
    *,
    steps: int,
    seed: int = 0,
) -> tuple[Misread, ...]:
    """For each concept the states that its probe at one layer misreads most.

    ``concepts``: by name the layer at which it is probed, and its values. ``state`` holds the n states of the
    activations. Fitted and split as ``core.probing.probes`` does, so that these are the residuals of its scores.
    """
    found = []
    for name, (layer, labelled) in concepts.items():
        samples = split(len(labelled.values), None, seed=seed)
        task = tasks_of({name: labelled}, samples, seed=seed)[0]
        features = activations[layer].detach().flatten(1).cpu().numpy()
        (fit,) = fit_all(features, [task], samples, "ridge")
        rows, order = np.flatnonzero(~samples.fitted), _worst_first(task, fit.guess, samples)
        shown = take(state, rows[order])
        found.append(
            Misread(
                name,
                layer,
                steps,
                tuple(_said(task, task.columns.values[rows[one]]) for one in order),
                tuple(_said(task, fit.guess[one]) for one in order),
                tuple(to_text(world, shown, i) for i in range(len(order))),
                shown.agent.astype(np.int64),
                np.stack([frame(world, shown, i, cell=CELL) for i in range(len(order))]),
            )
        )
    return tuple(found)


def _worst_first(task: Task, guess: Float[np.ndarray, "h k"], samples: Split) -> NDArray:
    residual = ((guess - task.columns.values[~samples.fitted]) ** 2).sum(1)
    return np.argsort(-residual, kind="stable")[:SHOWN]


def _said(task: Task, columns: Float[np.ndarray, "k"]) -> str:
    """A concept's value in words, or a reading of it."""
    if task.kind == "categorical":
        return str(task.columns.classes[columns.argmax()])
    if task.kind == "binary":
        return "yes" if columns[0] > 0 else "no"
    if task.kind == "grid":
        return f"{(columns > 0.5).sum()} cells"
    return f"{columns[0]:.3g}"
