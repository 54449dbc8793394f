"""Checks of faithfulness: the true maps of a planted network come first; each sanity check fails whom it should."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from core.attribution import Attribution, edges, input_x_gradient, random
from core.faithfulness import METRICS, Case, case_of, random_logit, randomisation, randomised
from core.faithfulness.case import with_maps
from core.selftest.check import Check, Scores
from core.subject import Subject
from core.targets import Output, Target
from core.testing import Lanterns, lanterns

SAMPLES, NETWORKS = 12, 8
"""Steps of a curve; random networks whose mean is taken, since one may look at the right square by chance."""


def _wins(seed: int, metric: str) -> Scores:
    """The share of (input, rival map) pairs in which the true map is better; then with every weight random."""
    made = lanterns(seed=seed, n=4)
    strange = [randomised(made.subject, ["read", "eye"], seed=NETWORKS * seed + k) for k in range(NETWORKS)]
    nulls = [_share(metric, made, subject) for subject in strange]
    return Scores(_share(metric, made, made.subject), sum(nulls) / NETWORKS)


def _share(metric: str, made: Lanterns, subject: Subject) -> float:
    asked = (made.subject, made.inputs, Output("class", 0))
    rivals = [random(*asked, seed=1).heatmap(), edges(*asked).heatmap(), *made.truth[1:]]
    maps = torch.stack([made.truth[0], *rivals])
    one = case_of(subject, made.inputs, Output("class", 0), maps[0], seed=2)
    case = with_maps(one, maps.flatten(0, 1), torch.arange(len(made.inputs)).repeat(len(maps)))
    values = _values(metric, case).view(len(maps), -1)
    better = values[:1] > values[1:] if METRICS[metric].better == "higher" else values[:1] < values[1:]
    return float(better.double().mean())


def _values(metric: str, case: Case) -> Tensor:
    measure = METRICS[metric].of_maps
    if measure is None:
        raise ValueError(f"{metric} is not measured of maps")
    return measure(case, SAMPLES)


def _whole(subject: Subject, inputs: Tensor, target: Target) -> Tensor:
    """What all classes together look at, whichever is asked."""
    return torch.stack(
        [input_x_gradient(subject, inputs, Output("class", k)).heatmap() for k in range(4)]
    ).sum(0)


def _bright(subject: Subject, inputs: Tensor, target: Target) -> Attribution:
    """The edges of the input, whatever the network."""
    return edges(subject, inputs, target)


def _follows_weights(seed: int) -> Scores:
    made = lanterns(seed=seed)
    asked = (made.subject, made.inputs, Output("class", 0))
    alike = [
        float(randomisation(*asked, method, seed=seed).signed[:, -1].mean())
        for method in ("input-x-gradient", _bright)
    ]
    return Scores(*alike)


def _follows_answer(seed: int) -> Scores:
    made = lanterns(seed=seed)
    asked = (made.subject, made.inputs, Output("class", 0))
    alike = [
        float(random_logit(*asked, method, seed=seed).signed.mean())
        for method in ("input-x-gradient", _whole)
    ]
    return Scores(*alike)


def _ranked(metric: str) -> Check:
    run: Callable[[int], Scores] = partial(_wins, metric=metric)
    return Check(
        method=metric,
        truth="exact contributions in a linear network of 4 lit squares",
        measure="share of inputs where they beat noise, edges and the other classes' maps",
        run=run,
        bar=0.99,
        null_bar=0.92,
    )


CHECKS: tuple[Check, ...] = (
    *(_ranked(name) for name, metric in METRICS.items() if metric.ranked),
    Check(
        method="randomisation",
        truth="a map that follows the weights, and one that does not",
        measure="Spearman with the true map once all weights are random",
        run=_follows_weights,
        bar=0.5,
        sense="at most",
        null_bar=0.99,
    ),
    Check(
        method="random-logit",
        truth="a map that follows the class asked, and one that does not",
        measure="Spearman with the map of another class",
        run=_follows_answer,
        bar=0.5,
        sense="at most",
        null_bar=0.99,
    ),
)
"""Planted score, and what must not reach it: the same in a randomised network, or of a map that ignores it."""
