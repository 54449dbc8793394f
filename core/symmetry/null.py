"""What chance gives: the same network with shuffled weights, and the likeness that pairs of its units reach."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from core.provenance import fingerprint
from core.subject import Subject
from core.symmetry.joining import Join
from core.symmetry.likeness import Likeness

LEAST = 0.5
"""The least likeness, however rare by chance: less than a quarter of what either says would be the other's."""

INVARIANT = 0.75
"""How alike a unit must be to itself under every element of a closed group to be called invariant.

A few steps of scale change little in most units: under those it must be as alike as copies are (``CEILING``).
"""

HEAPS = 0.3
"""How far apart, in Fisher's z, two heaps of likeness must lie for a threshold between them."""

CEILING = 0.95
"""From this likeness on two units are copies, and it does not matter how good ones."""

TAIL, FEW, MANY = 0.1, 10, 50
"""The uppermost share of pairs by chance whose tail is carried on; the fewest and the most that say how it runs."""

SHARE = 0.05
"""The share of a layer's units that must be joined above a gap for it to part families from the rest."""


@dataclass(frozen=True)
class Threshold:
    """The likeness from which units are joined, the share of false ones expected among such pairs, and why there.

    ``highest`` is the best that any pair reaches by chance.
    """

    least: float
    false_discovery: float
    why: str
    highest: float = LEAST


def shuffled(subject: Subject, *, seed: int) -> Subject:
    """The subject with the weights of every filter shuffled within it, so that only what they were learned for is lost.

    Convolutions and linear layers; each filter keeps its own weights, and biases stay.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> other = shuffled(subject, seed=0)
    >>> before, after = subject.module.conv.weight, other.module.conv.weight
    >>> torch.equal(before, after), torch.allclose(before.flatten(1).sum(1), after.flatten(1).sum(1))
    (False, True)
    """
    module = copy.deepcopy(subject.module)
    generator = torch.Generator().manual_seed(seed)
    for inner in module.modules():
        if isinstance(inner, nn.modules.conv._ConvNd | nn.Linear):
            flat = inner.weight.data.flatten(1)
            order = torch.rand(flat.shape, generator=generator).argsort(1).to(flat.device)
            inner.weight.data = flat.gather(1, order).view_as(inner.weight)
    return replace(
        subject,
        name=f"{subject.name}-shuffled",
        module=module,
        fingerprint=fingerprint(subject.fingerprint, "shuffled", str(seed)),
    )


def best_of(likeness: Likeness, *, level: float) -> Float[np.ndarray, "p"]:
    """The best likeness of every pair of living, varying units over the elements under which it stands out.

    The identity is left out: duplicates are no evidence of a family.
    """
    units = np.setdiff1d(np.flatnonzero(likeness.alive), invariant(likeness))
    standing = specific(likeness, level=level)[:, units][:, :, units]
    standing[likeness.group.identity] = 0
    rows, columns = np.triu_indices(len(units), 1)
    return np.asarray(standing.max(0)[rows, columns])


def invariant(likeness: Likeness, least: float = INVARIANT) -> Int[np.ndarray, "i"]:
    """Living units that answer alike, by ``least`` or more, under every element."""
    itself = np.diagonal(likeness.values, axis1=1, axis2=2).min(0)
    return np.flatnonzero(likeness.alive & (itself >= least))


def specific(likeness: Likeness, *, level: float) -> Float[np.ndarray, "g a b"]:
    """The likeness, and 0 where it does not stand out from what is left with labels of transforms shuffled.

    A pair stands out under g if it exceeds its own background (in Fisher's z) by more than one draw in ``level / |g|``
    exceeds the others: units that answer alike whatever the transform are no family.
    """
    drawn = _z(likeness.background)
    mean = drawn.mean(0)
    living = np.outer(likeness.alive, likeness.alive)
    noise = np.abs((drawn - mean)[:, living]) * len(drawn) / max(1, len(drawn) - 1)
    margin = float(np.quantile(noise, 1 - level / len(likeness.group))) if noise.size else 0.0
    out = (_z(likeness.values) - (mean + mean.T) / 2 > margin) | _same(likeness)
    return np.where(out, likeness.values, 0.0)


def _z(correlation: Float[np.ndarray, "*k"]) -> Float[np.ndarray, "*k"]:
    """Fisher's z, in which correlations of any size are known about equally well."""
    return np.asarray(np.arctanh(correlation.clip(-0.999, 0.999)))


def _same(likeness: Likeness) -> np.ndarray:
    """The identity always counts: near-duplicates are found by it."""
    found = np.zeros((len(likeness.group), 1, 1), bool)
    found[likeness.group.identity] = True
    return found


def by_chance(likeness: Likeness, nulls: Sequence[Likeness], *, level: float) -> Threshold:
    """The least likeness such that of the pairs that reach it at most a share ``level`` is expected by chance.

    By the chance of that null which makes it largest.
    """
    real = np.sort(best_of(likeness, level=level))
    if not nulls or not len(real):
        return Threshold(LEAST, float("nan"), f"{LEAST}, as no shuffled network was compared")
    found = [_beside(real, null, level=level) for null in nulls]
    return max(found, key=lambda threshold: (threshold.least, threshold.highest))


def _beside(real: Float[np.ndarray, "p"], null: Likeness, *, level: float) -> Threshold:
    """What one shuffled network makes of pairs, sorted by likeness."""
    false = np.sort(best_of(null, level=level))
    highest = max(LEAST, float(false[-1]) if len(false) else 0.0)
    ratio = _expected(false, real) * len(real) / max(1, len(false)) / (len(real) - np.arange(len(real)))
    passing = np.flatnonzero((ratio <= level) & (real >= LEAST))
    if not len(passing):
        return Threshold(1.0, 0.0, "no pairs are more alike than the shuffled network's", highest)
    first = int(passing[0])
    why = f"{ratio[first]:.1%} of pairs so alike are expected by chance"
    return Threshold(float(real[first]), float(ratio[first]), why, highest)


def _expected(false: Float[np.ndarray, "f"], at: Float[np.ndarray, "p"]) -> Float[np.ndarray, "p"]:
    """How many of the pairs by chance are expected to reach each likeness: one more than did.

    Less, where an exponential tail in Fisher's z, laid through the uppermost pairs, says less: that far above the best
    of them hardly any would be, and few pairs there are telling even in a small layer.
    """
    reached = len(false) - np.searchsorted(false, at)
    z, count = _z(false), min(max(FEW, round(TAIL * len(false))), MANY)
    if len(false) <= count:
        return 1.0 + reached
    start = z[-count - 1]
    beyond = (_z(at) - start).clip(0) / max(float((z[-count:] - start).mean()), 1e-6)
    return np.asarray(np.clip(count * np.exp(-beyond), reached, 1 + reached))


def between_heaps(joins: Sequence[Join], units: int, chance: Threshold) -> Threshold:
    """The middle of the widest gap in the heights of joins, where likeness falls into two heaps; else chance's.

    Heights above ``CEILING`` are one: how nearly alike copies are is no gap between copies and strangers.
    """
    heights = np.sort([join.height for join in joins])[::-1]
    z = np.arctanh(np.clip(heights, -CEILING, CEILING))
    gaps = z[:-1] - z[1:]
    gaps[: max(2, int(np.ceil(SHARE * units))) - 1] = 0
    if not len(gaps) or gaps.max() < HEAPS:
        return chance
    at = int(gaps.argmax())
    middle = float(np.tanh((z[at] + z[at + 1]) / 2))
    if middle <= min(chance.least, chance.highest):
        return chance
    why = f"the middle of the gap between joins of {heights[at]:.2f} and of {heights[at + 1]:.2f}"
    return Threshold(middle, chance.false_discovery, why, chance.highest)
