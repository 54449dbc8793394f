"""How far two ways of patching agree, which sites do most, and where a ReLU switches between the runs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from core.activations import capture
from core.errors import BadInput
from core.interventions.patching import PatchEffects
from core.subject import Subject, layer_named
from core.uncertainty import Interval, bootstrap_interval


@dataclass(frozen=True)
class Site:
    """A unit, a position (row, column), both, or the layer, with its mean effect over the pairs."""

    unit: int | None
    position: tuple[int, int] | None
    effect: Interval

    def __str__(self) -> str:
        where = [] if self.unit is None else [f"unit {self.unit}"]
        where += [] if self.position is None else [f"position {self.position[0]},{self.position[1]}"]
        return " at ".join(where) or "the layer"


def best(effects: PatchEffects, *, top: int = 10, seed: int = 0) -> tuple[Site, ...]:
    """The sites whose mean effect over the pairs is largest, either way, with bootstrap intervals over pairs.

    >>> import torch
    >>> from core.interventions.patching import patch_effects
    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> clean, corrupted = torch.ones(2, 3, 10, 10), torch.zeros(2, 3, 10, 10)
    >>> print(*best(patch_effects(spotlight(), clean, corrupted, Output("policy", 1), "relu"), top=1))
    unit 1
    """
    values = effects.effects
    mean = values.mean(0)
    order = mean.flatten().abs().argsort(descending=True, stable=True)[:top].tolist()
    found = []
    for index in order:
        place = tuple(int(axis) for axis in np.unravel_index(index, tuple(mean.shape)))
        interval = bootstrap_interval(values.flatten(1)[:, index].cpu().numpy(), seed=seed)
        unit = place[0] if "unit" in effects.by else None
        position = (place[-2], place[-1]) if "position" in effects.by else None
        found.append(Site(unit, position, interval))
    return tuple(found)


def agreement(exact: PatchEffects, approximate: PatchEffects, *, seed: int = 0) -> Interval:
    """The correlation over sites of two ways of patching, for each pair, its mean and bootstrap interval over pairs.

    Pairs in which either has the same effect at every site have no correlation and do not count; the interval's
    ``n`` says how many do.

    Raises
    ------
    BadInput
        if they are not effects of the same sites, or no pair has a correlation.

    >>> import torch
    >>> from core.interventions.attribution_patching import attribution_patching
    >>> from core.interventions.patching import patch_effects
    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> question = (spotlight(), torch.ones(2, 3, 10, 10), torch.zeros(2, 3, 10, 10), Output("policy", 1), "relu")
    >>> print(agreement(patch_effects(*question), attribution_patching(*question)))
    1.000 [1.000, 1.000]
    """
    return bootstrap_interval(correlations(exact, approximate), seed=seed)


def correlations(exact: PatchEffects, approximate: PatchEffects) -> Float[np.ndarray, "m"]:
    """The correlation over sites for every pair that has one."""
    mine, other = ((one.layer, one.target, one.by, one.into) for one in (exact, approximate))
    if mine != other or exact.effects.shape != approximate.effects.shape:
        raise BadInput(
            f"effects {mine} of shape {tuple(exact.effects.shape)} and {other} of shape "
            f"{tuple(approximate.effects.shape)} are not of the same sites and pairs"
        )
    if exact.effects.ndim == 1:
        raise BadInput("patching a layer as a whole has one site; a correlation needs several: by='unit'")
    a, b = (one.effects.flatten(1).double().cpu() for one in (exact, approximate))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    size = a.norm(dim=1) * b.norm(dim=1)
    there = size > 0
    if not there.any():
        raise BadInput(f"every site of {exact.layer!r} has the same effect in every pair: nothing correlates")
    found: np.ndarray = ((a * b).sum(1)[there] / size[there]).numpy()
    return found


def switches(
    subject: Subject, clean: Float[Tensor, "n c h w"], corrupted: Float[Tensor, "n c h w"], layer: str
) -> dict[str, Float[Tensor, "n"]]:
    """For every ReLU behind ``layer``: the share of its numbers that is on in one run and off in the other.

    There the gradient of one run says nothing about the way to the other, and attribution patching is wrong.

    Raises
    ------
    UnknownName
        if the subject lacks the layer.

    >>> import torch
    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> share = switches(subject, torch.ones(1, 3, 12, 12), torch.zeros(1, 3, 12, 12), "conv")["relu"]
    >>> 0 <= share.item() <= 1
    True
    """
    names = list(subject.layers)
    after = names[names.index(layer_named(subject, layer).name) + 1 :]
    relus = [name for name in after if isinstance(subject.module.get_submodule(name), nn.ReLU | nn.ReLU6)]
    if not relus:
        return {}
    runs = [capture(subject, inputs, relus) for inputs in (clean, corrupted)]
    return {
        name: ((runs[0][name] > 0) != (runs[1][name] > 0)).flatten(1).float().mean(1).cpu() for name in relus
    }
