"""Linear probes with control tasks: what can be read off a layer, and how much of that is the probe's own skill."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from core.errors import BadInput
from core.probing.fitting import Fitted, fit_all
from core.probing.labelled import Labelled, check
from core.probing.result import Kind, ProbeResult
from core.probing.scores import majority
from core.probing.scoring import Mark, intervals, mark
from core.probing.splits import Split, split
from core.probing.tasks import Task, tasks_of
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.targets import Direction


def probe(
    activations: Tensor | Mapping[str, Tensor],
    labels: ArrayLike | Labelled,
    *,
    concept: str,
    kind: Kind | None = None,
    groups: ArrayLike | None = None,
    method: str = "ridge",
    seed: int = 0,
    layer: str = "activations",
) -> tuple[ProbeResult, ...]:
    """A probe and its control for every layer given, for one concept.

    ``activations``: (n, ...) of one layer, or by layer name; flattened. ``kind`` is that of bare labels. The rest as
    for ``probes``.

    Raises
    ------
    BadInput
        if there are too few groups, or the concept does not vary.

    >>> x = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    >>> (found,) = probe(x, x[:, 3] * 2 + 1, concept="third", kind="continuous")
    >>> found.score.low > 0.99, found.control.estimate < 0.2
    (True, True)
    """
    by_layer = activations if isinstance(activations, Mapping) else {layer: activations}
    if not isinstance(labels, Labelled):
        if kind is None:
            raise BadInput(f"bare labels of {concept!r} take a kind: binary, categorical, continuous or grid")
        labels = Labelled(kind, np.asarray(labels))
    return probes(by_layer, {concept: labels}, groups=groups, method=method, seed=seed)


def probes(
    activations: Mapping[str, Tensor],
    concepts: Mapping[str, Labelled],
    *,
    groups: ArrayLike | None = None,
    method: str = "ridge",
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """A probe and its control for each of several concepts, of any kinds, at every layer given: concept by concept.

    ``groups`` (n,) says which samples belong together (one level, image or episode): a group is wholly among those
    that are fitted (seven tenths) or among those that are scored. ``method`` is "ridge", or "logistic" for what is
    binary or categorical (numbers and grids are fitted by ridge all the same). The penalty is chosen by
    cross-validation over groups of the fitted ones. A layer is decomposed once for all concepts and controls, and
    all intervals come from the same bootstrap samples.

    Raises
    ------
    BadInput
        as ``probe``; names the first concept that cannot be probed.

    >>> x = torch.randn(100, 4, generator=torch.Generator().manual_seed(1))
    >>> wanted = {"a": Labelled("continuous", x[:, 0].numpy()), "b": Labelled("binary", (x[:, 1] > 0).numpy())}
    >>> [(result.concept, result.measure) for result in probes({"fc": x}, wanted)]
    [('a', 'R²'), ('b', 'AUC')]
    """
    counts = {len(value) for value in activations.values()}
    if len(counts) != 1:
        raise BadInput(f"activations are of {sorted(counts) or 'no'} samples; give the same of every layer")
    samples = split(counts.pop(), groups, seed=seed)
    check(concepts, samples.index)
    tasks = tasks_of(concepts, samples, seed=seed)
    marks: dict[str, list[Mark]] = {}
    fits: dict[str, list[Fitted]] = {}
    for index, (layer, value) in enumerate(activations.items()):
        progress(index, len(activations), "probing layers")
        features = value.detach().flatten(1).cpu().numpy()
        fits[layer] = fit_all(features, tasks, samples, method)
        marks[layer] = [mark(task, fit.guess, samples) for task, fit in zip(tasks, fits[layer], strict=True)]
    progress(len(activations), len(activations), "probing layers")
    scores = intervals(marks, tasks, samples, seed=seed)
    found = []
    for number, (name, labelled) in enumerate(concepts.items()):
        task, base = tasks[2 * number], _baseline(labelled, samples)
        about = _about(name, labelled, samples, seed)
        for layer, value in activations.items():
            fit = fits[layer][2 * number]
            found.append(
                ProbeResult(
                    name,
                    layer,
                    labelled.kind,
                    scores[layer, 2 * number],
                    scores[layer, 2 * number + 1],
                    base,
                    directions(task, fit.weights, layer, tuple(value.shape[1:])),
                    about,
                    fit.method,
                    tuple(str(one) for one in task.columns.classes),
                    fit.penalty,
                )
            )
    return tuple(found)


def directions(
    task: Task, weights: Float[np.ndarray, "d k"], layer: str, shape: tuple[int, ...]
) -> tuple[Direction, ...]:
    """A probe's weights as directions of its layer; of a cell that never varies, nothing."""
    columns, names = torch.as_tensor(weights.T, dtype=torch.float32), [task.concept]
    if task.kind == "categorical":
        names = [f"{task.concept} {one}" for one in task.columns.classes]
    if task.kind == "grid":
        every = torch.zeros(len(task.columns.cells), columns.shape[1])
        every[torch.as_tensor(task.columns.cells)] = columns
        columns, across = every, task.labels.shape[2]
        names = [f"{task.concept} {cell // across},{cell % across}" for cell in range(len(every))]
    return tuple(
        Direction(layer, column.view(shape), name) for column, name in zip(columns, names, strict=True)
    )


def _baseline(labelled: Labelled, samples: Split) -> float:
    if labelled.kind == "categorical":
        return majority(labelled.values, samples.fitted)
    return 0.5 if labelled.kind == "binary" else 0.0


def _about(concept: str, labelled: Labelled, samples: Split, seed: int) -> Provenance:
    values = labelled.values
    plain = values if values.dtype.kind in "biuf" else values.astype(str)
    data = fingerprint(plain, samples.index)
    return provenance(data=data, seed=seed, concept=concept, kind=labelled.kind, groups=samples.groups)
