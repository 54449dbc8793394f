"""Linear probes with control tasks: what can be read off a layer, and how much of that is the probe's own skill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.ridge import Ridge, ridge
from core.targets import Direction
from core.uncertainty import Interval, bootstrap_interval

Kind = Literal["continuous", "categorical"]
MIN_GROUPS = 40


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """How well a linear map of one layer tells one concept, on groups it was not fitted to.

    ``score`` is R2 (continuous) or accuracy (categorical); ``control`` the same for labels shuffled between
    groups, fitted with the same freedom [hewitt2019]; ``baseline`` what knowing the labels' distribution alone
    gives. ``direction`` is the probe's weight in the layer's units (None for categories: one a class).
    """

    concept: str
    layer: str
    kind: Kind
    score: Interval
    control: Interval
    baseline: float
    direction: Direction | None = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def selectivity(self) -> float:
        """Score minus control: what the layer holds beyond what the probe could memorise."""
        return self.score.estimate - self.control.estimate

    @property
    def measure(self) -> str:
        """The name of the score."""
        return "R²" if self.kind == "continuous" else "accuracy"


def probe(
    activations: Tensor | Mapping[str, Tensor],
    labels: ArrayLike,
    *,
    concept: str,
    kind: Kind,
    groups: ArrayLike | None = None,
    seed: int = 0,
    layer: str = "activations",
) -> tuple[ProbeResult, ...]:
    """A probe and its control for every layer given: ridge (continuous) or ridge classification (categorical).

    ``activations``: (n, ...) of one layer, or by layer name; flattened. ``groups`` (n,) says which samples
    belong together (one level, one image): a group is wholly among those that are fitted (seven tenths) or
    among those that are scored. The penalty is chosen by cross-validation over groups of the fitted ones.

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
    return probes(by_layer, {concept: labels}, kind=kind, groups=groups, seed=seed)


def probes(
    activations: Mapping[str, Tensor],
    concepts: Mapping[str, ArrayLike],
    *,
    kind: Kind,
    groups: ArrayLike | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """What ``probe`` gives for each of several concepts, by name, of one kind; each layer is decomposed once.

    Raises
    ------
    BadInput
        as ``probe``.

    >>> x = torch.randn(100, 4, generator=torch.Generator().manual_seed(1))
    >>> [result.concept for result in probes({"fc": x}, {"a": x[:, 0], "b": x[:, 1]}, kind="continuous")]
    ['a', 'b']
    """
    values = {name: np.asarray(labels) for name, labels in concepts.items()}
    count = len(next(iter(values.values())))
    group = np.arange(count) if groups is None else np.asarray(groups)
    for name, target in values.items():
        _check(target, group, name, kind)
    fitted = _to_fit(group, np.random.default_rng(seed))
    labellings = [one for target in values.values() for one in (target, _shuffled(target, group, seed))]
    about = {name: _about(name, target, group, kind, seed) for name, target in values.items()}
    found: dict[tuple[str, str], ProbeResult] = {}
    for index, (layer, value) in enumerate(activations.items()):
        progress(index, len(activations), "probing layers")
        features = value.detach().flatten(1).cpu().numpy().astype(np.float64)
        scores, model, columns = _fit(features, labellings, group, fitted, kind, seed)
        for number, (name, target) in enumerate(values.items()):
            column = columns[2 * number]
            direction = _direction(model, column, value, layer, name) if kind == "continuous" else None
            score, control = scores[2 * number : 2 * number + 2]
            base = _baseline(target, fitted, kind)
            found[name, layer] = ProbeResult(name, layer, kind, score, control, base, direction, about[name])
    progress(len(activations), len(activations), "probing layers")
    return tuple(found[name, layer] for name in values for layer in activations)


def _about(concept: str, target: NDArray, group: NDArray, kind: Kind, seed: int) -> Provenance:
    data = fingerprint(repr(target.astype(str).tolist()), group)
    return provenance(data=data, seed=seed, concept=concept, kind=kind, groups=len(np.unique(group)))


def _check(target: NDArray, group: NDArray, concept: str, kind: Kind) -> None:
    count = len(np.unique(group))
    if count < MIN_GROUPS:
        raise BadInput(
            f"a probe of {concept!r} needs at least {MIN_GROUPS} independent groups (levels, images); given {count}"
        )
    if len(np.unique(target)) < 2:
        raise BadInput(
            f"concept {concept!r} is {target.flat[0]!r} in all {len(target)} samples; a probe needs it to vary"
        )
    if kind == "continuous" and not np.isfinite(target.astype(float)).all():
        raise BadInput(
            f"concept {concept!r} is not finite for {(~np.isfinite(target.astype(float))).sum()} samples"
        )


def _to_fit(group: NDArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The samples of seven tenths of the groups; the rest are scored."""
    names = rng.permutation(np.unique(group))
    return np.isin(group, names[: round(len(names) * 0.7)])


def _shuffled(target: NDArray, group: NDArray, seed: int) -> NDArray:
    """Labels moved between groups: every group keeps its own consistent, wrong labels where sizes allow."""
    rng = np.random.default_rng((seed, 1))
    names, first, index = np.unique(group, return_index=True, return_inverse=True)
    if len(names) == len(target):
        return rng.permutation(target)
    donors = rng.permutation(len(names))
    return target[first[donors][index]]


def _fit(
    features: NDArray,
    labellings: Sequence[NDArray],
    group: NDArray,
    fitted: NDArray[np.bool_],
    kind: Kind,
    seed: int,
) -> tuple[list[Interval], Ridge, list[slice]]:
    """The held-out score of each labelling, the map of all of them, and which of its columns are whose."""
    classes = [np.unique(labels) if kind == "categorical" else np.empty(0) for labels in labellings]
    blocks = [_columns(labels, names) for labels, names in zip(labellings, classes, strict=True)]
    alone = len(np.unique(group)) == len(group)
    model = ridge(
        features[fitted],
        np.concatenate([block[fitted] for block in blocks], 1),
        groups=None if alone else group[fitted],
        together=[block.shape[1] for block in blocks],
    )
    ends = np.cumsum([block.shape[1] for block in blocks])
    columns = [slice(end - block.shape[1], end) for end, block in zip(ends, blocks, strict=True)]
    guesses, held = model.predict(features[~fitted]), group[~fitted]
    scores = []
    for labels, names, column in zip(labellings, classes, columns, strict=True):
        guess, truth = guesses[:, column], labels[~fitted]
        if kind == "categorical":
            scores.append(bootstrap_interval(names[guess.argmax(1)] == truth, groups=held, seed=seed))
        else:
            scores.append(_r2_interval(truth.astype(float), guess[:, 0], held, seed))
    return scores, model, columns


def _columns(labels: NDArray, classes: NDArray) -> NDArray:
    """What is regressed on: the number itself, or 1 for the sample's class and -1 for the others."""
    if not len(classes):
        return labels.astype(float)[:, None]
    return np.where(labels[:, None] == classes, 1.0, -1.0)


def _r2_interval(truth: NDArray, guess: NDArray, groups: NDArray, seed: int, draws: int = 1000) -> Interval:
    _, index = np.unique(groups, return_inverse=True)
    sums = [
        np.bincount(index, values) for values in ((truth - guess) ** 2, truth**2, truth, np.ones_like(truth))
    ]
    drawn = np.random.default_rng(seed).integers(0, len(sums[0]), (draws, len(sums[0])))
    drawn = np.concatenate([np.arange(len(sums[0]))[None], drawn])
    error, square, total, count = (values[drawn].sum(1) for values in sums)
    scores = 1 - error / np.maximum(square - total**2 / count, 1e-12)
    low, high = np.quantile(scores[1:], [0.025, 0.975])
    return Interval(float(scores[0]), float(low), float(high), len(sums[0]))


def _baseline(target: NDArray, fitted: NDArray[np.bool_], kind: Kind) -> float:
    if kind == "continuous":
        return 0.0
    names, counts = np.unique(target[fitted], return_counts=True)
    return float((target[~fitted] == names[counts.argmax()]).mean())


def _direction(model: Ridge, column: slice, values: Tensor, layer: str, concept: str) -> Direction:
    weight = torch.as_tensor(model.weights[:, column.start] / model.scale, dtype=torch.float32)
    return Direction(layer, weight.view(values.shape[1:]), concept)


def best_layer(results: Sequence[ProbeResult]) -> ProbeResult:
    """The result with the highest selectivity.

    >>> x = torch.randn(100, 4, generator=torch.Generator().manual_seed(1))
    >>> rows = probe({"good": x, "bad": x[:, 1:]}, x[:, 0], concept="first", kind="continuous")
    >>> best_layer(rows).layer
    'good'
    """
    return max(results, key=lambda result: result.selectivity)
