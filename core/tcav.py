"""TCAV: does a target rise along a concept's direction, more than along those of random sets of images?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.gradient import gradients
from core.attribution.site import site_of
from core.concept_runs import Examples, Runs, TcavSettings, gathered, runs_of
from core.concept_vectors import enough
from core.errors import BadInput
from core.layers import as_maps
from core.multiplicity import holm
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, layer_named
from core.targets import Direction, Target, checked
from core.uncertainty import Interval, bootstrap_interval


@dataclass(frozen=True, eq=False)
class TcavResult:
    """One concept's part in a target at a layer.

    ``score`` is TCAV's: the share of inputs whose target rises along the vector, over runs. ``sensitivity`` is the
    mean slope along it, per unit of activation. ``chance_score`` and ``chance_sensitivity`` hold 95 % of what random
    concepts get. ``accuracy`` is the vectors' on held-out images, ``chance_accuracy`` random concepts' mean.
    ``p_value`` (two-sided) compares the sensitivity with the random concepts'; ``p_corrected`` is Holm's over all
    concepts asked about [holm1979].
    """

    concept: str
    layer: str
    target: str
    score: Interval
    chance_score: tuple[float, float]
    sensitivity: Interval
    chance_sensitivity: tuple[float, float]
    accuracy: Interval
    chance_accuracy: float
    p_value: float
    p_corrected: float
    significant: bool
    direction: Direction = field(repr=False)
    provenance: Provenance = field(repr=False)


def tcav(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    layer: str,
    *,
    concepts: Mapping[str, Float[Tensor, "_ c _ _"]],
    random: Float[Tensor, "m c _ _"],
    settings: TcavSettings = TcavSettings(),
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[TcavResult, ...]:
    """Testing with concept activation vectors [kim2018] for images of each concept, beside random images.

    A concept is significant if its mean slope is further from the random concepts' mean than all but a few of theirs:
    random concepts are as large, drawn from ``random``, and go through the same runs. (The published test compares
    scores over runs; the concept's own images are the same in all of them, which it takes for evidence. The slope
    tells more than its sign: behind a layer that the target reads linearly, every direction scores 0 or 1.)

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or the target comes before the layer; if there are too few
        images of a concept (ten), of random ones (twice the largest concept's), or too few random concepts for so
        many concepts to be told apart.
    NotFinite
        if an activation is NaN or infinite.

    >>> from core.testing import concept_reader
    >>> planted = concept_reader(seed=0)
    >>> quick = TcavSettings(runs=3, nulls=60)
    >>> rows = tcav(planted.subject, planted.inputs, planted.target, "mixed", concepts=planted.concepts,
    ...             random=planted.random, settings=quick)
    >>> {row.concept: row.significant for row in rows}
    {'used': True, 'ignored': False}
    """
    info = layer_named(subject, layer)
    _check(concepts, random, settings)
    site = site_of(subject, inputs, target, info.name)
    slopes = gradients(site, site.values)
    examples = gathered(subject, layer, slopes, concepts=concepts, random=random, over=settings.over)
    rng = np.random.default_rng(seed)
    sizes = sorted({len(place) for place in examples.places.values()})
    nulls: dict[int, list[Runs]] = {size: [] for size in sizes}
    count = settings.nulls or max(100, _least(len(concepts), settings.alpha))
    for number, size in enumerate(np.repeat(sizes, count).tolist()):
        drawn = rng.permutation(examples.pool)
        nulls[size].append(runs_of(examples, drawn[:size], drawn[size:], settings, rng))
        progress(number + 1, len(sizes) * count, "vectors of random concepts")
    found = {
        name: runs_of(examples, place, examples.pool, settings, rng)
        for name, place in examples.places.items()
    }
    chances = {name: nulls[len(place)] for name, place in examples.places.items()}
    p_values = [_p_value(runs, chances[name]) for name, runs in found.items()]
    about = provenance(
        subject=subject.fingerprint,
        data=fingerprint(inputs, random, *concepts.values()),
        seed=seed,
        **vars(settings),
    )
    return tuple(
        TcavResult(
            concept=name,
            layer=layer,
            target=str(target),
            score=bootstrap_interval(runs.score, seed=seed, expanded=True),
            chance_score=_middle(chances[name], "score"),
            sensitivity=bootstrap_interval(runs.sensitivity, seed=seed, expanded=True),
            chance_sensitivity=_middle(chances[name], "sensitivity"),
            accuracy=bootstrap_interval(runs.accuracy, seed=seed, expanded=True),
            chance_accuracy=float(np.mean([null.accuracy for null in chances[name]])),
            p_value=p_value,
            p_corrected=corrected,
            significant=corrected <= settings.alpha,
            direction=_direction(examples, runs, layer, name),
            provenance=about,
        )
        for (name, runs), p_value, corrected in zip(found.items(), p_values, holm(p_values), strict=True)
    )


def slopes_along(
    subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target, direction: Direction
) -> Float[Tensor, "n"]:
    """How fast the target rises when a layer's activations move along a direction; over channels, at every position.

    The share of inputs for which it is above zero is the TCAV score of the direction.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or the target comes before the layer.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> eye = Direction("eye", torch.tensor([1.0, 0.0]), "red")
    >>> slopes_along(spotlight(), torch.ones(2, 3, 10, 10), Output("policy", 0), eye).tolist()
    [4.0, 4.0]
    """
    checked(subject, direction)
    info = layer_named(subject, direction.layer)
    site = site_of(subject, inputs, target, direction.layer)
    found = gradients(site, site.values)
    if direction.vector.ndim == 1:
        found = as_maps(found, info).sum((2, 3))
    return (found * direction.vector.to(found)).flatten(1).sum(1)


def _check(concepts: Mapping[str, Tensor], random: Tensor, settings: TcavSettings) -> None:
    if not concepts:
        raise BadInput("no concepts to test; give each by name with at least 10 images of it")
    for name, images in concepts.items():
        enough(f"concept {name!r}", len(images))
    largest = max(concepts, key=lambda name: len(concepts[name]))
    needed = 2 * len(concepts[largest])
    if len(random) < needed:
        raise BadInput(
            f"concept {largest!r} has {len(concepts[largest])} images, so at least {needed} random images are "
            f"needed (a random concept as large, and as many to compare it with); given {len(random)}"
        )
    if settings.runs < 2 or settings.over not in ("whole", "channels"):
        raise BadInput(
            "a concept has at least two runs, over the 'whole' layer or its 'channels'; "
            f"got runs={settings.runs}, over={settings.over!r}"
        )
    least = _least(len(concepts), settings.alpha)
    if settings.nulls is not None and settings.nulls < least:
        raise BadInput(
            f"for {len(concepts)} concepts at alpha {settings.alpha} at least {least} random concepts are needed, "
            f"or none could be significant; got nulls={settings.nulls}"
        )


def _least(concepts: int, alpha: float) -> int:
    """Random concepts without which none of so many could be significant."""
    return math.ceil(concepts / alpha) - 1


def _p_value(runs: Runs, nulls: Sequence[Runs]) -> float:
    """Two-sided: how many random concepts lie as far from their mean as the concept does, itself among them."""
    chance = np.array([null.sensitivity.mean() for null in nulls])
    beyond = np.abs(chance - chance.mean()) >= abs(runs.sensitivity.mean() - chance.mean())
    return float((1 + beyond.sum()) / (1 + len(chance)))


def _middle(nulls: Sequence[Runs], what: str) -> tuple[float, float]:
    low, high = np.quantile([getattr(null, what).mean() for null in nulls], [0.025, 0.975])
    return float(low), float(high)


def _direction(examples: Examples, runs: Runs, layer: str, concept: str) -> Direction:
    """The mean of the runs' vectors, of length 1."""
    coefficients = torch.from_numpy(runs.coefficients).to(examples.activations)
    vector = (coefficients @ examples.activations).cpu().view(examples.shape)
    return Direction(layer, vector / vector.norm().clamp_min(1e-30), concept)


__all__ = ["TcavResult", "TcavSettings", "slopes_along", "tcav"]
