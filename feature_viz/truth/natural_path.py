"""natural_path(): does a picture drive the layers below its unit as natural images that fire the unit do?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.subject import Subject
from core.targets import Difference, Output, Target
from feature_viz.truth.channel_statistics import channel_statistics

MOST = 6
"""Layers below a unit that are looked at."""

INNER = 0.75
"""Share of a crop's side that counts: the middle, where what fired the unit is."""

LEAST = 0.05
"""How much more alike a unit's own crops must be than other units' for the question to have an answer."""


@dataclass(frozen=True, eq=False)
class Path:
    """Per layer and over all of them: 0 as unrelated natural images travel, 1 as the unit's own do; may pass either.

    NaN where the unit's own crops are no more alike than crops of other units.
    """

    layers: Mapping[str, Float[Tensor, "n"]]
    overall: Float[Tensor, "n"]


def natural_path(
    subject: Subject,
    layers: Sequence[str],
    pictures: Float[Tensor, "n c h w"],
    top: Float[Tensor, "n k c q r"],
) -> Path:
    """How naturally each picture travels through some layers, judged by its unit's top crops [geirhos2024].

    A picture may fire its unit by a way that no natural image takes, and then says nothing of what the unit does with
    natural images. In every layer images are compared by the cosine of their channel means, each channel in standard
    deviations over all crops given. ``overall`` is the sum over layers of what the picture's likeness exceeds that of
    other units' crops by, over the same sum for the unit's own crops: layers that tell units apart weigh more.

    >>> from core.testing import planted_classifier
    >>> crops = torch.rand(2, 3, 3, 12, 12)
    >>> natural_path(planted_classifier(seed=0), ["conv"], crops[:, 0], crops).overall.shape
    torch.Size([2])
    """
    n, k = top.shape[:2]
    unknown = torch.full((n,), torch.nan)
    if n < 2 or k < 2 or not layers:
        return Path(dict.fromkeys(layers, unknown), unknown)
    made = channel_statistics(subject, layers, pictures)
    found = channel_statistics(subject, layers, _middle(top.flatten(0, 1)))
    reached, span = {}, {}
    for layer in layers:
        reached[layer], span[layer] = _placed(made[layer], found[layer].view(n, k, -1))
    shares = {layer: _share(reached[layer], span[layer]) for layer in layers}
    together = [torch.stack(list(part.values())).mean(0) for part in (reached, span)]
    return Path(shares, _share(*together))


def layers_below(subject: Subject, target: Target) -> tuple[str, ...]:
    """At most six layers evenly spread over those with maps that are finished before the target's own begins.

    >>> from core.targets import Unit
    >>> from core.testing import planted_classifier
    >>> layers_below(planted_classifier(seed=0), Unit("pool", 0))
    ('conv', 'relu')
    """
    order = list(subject.layers)
    depth = len(order) if isinstance(target, Output | Difference) else order.index(target.layer)
    inside = "" if isinstance(target, Output | Difference) else f"{target.layer}."
    below = [
        name
        for name in order[:depth]
        if subject.layers[name].spatial
        and subject.layers[name].calls == 1
        and not (inside and name.startswith(inside))
    ]
    count = min(MOST, len(below))
    return tuple(below[(2 * i + 1) * len(below) // (2 * count)] for i in range(count))


def _placed(picture: Float[Tensor, "n d"], crops: Float[Tensor, "n k d"]) -> tuple[Tensor, Tensor]:
    """What the picture's and the own crops' likeness to the own crops exceed that of other units' crops by."""
    n, k, _ = crops.shape
    mean, sd = crops.mean((0, 1)), crops.std((0, 1))
    sd = sd.clamp_min(max(0.1 * float(sd.mean()), 1e-12))
    natural = F.normalize((crops - mean) / sd, dim=2)
    made = F.normalize((picture - mean) / sd, dim=1)
    centres = natural.mean(1)
    own = centres.square().sum(1) * k / (k - 1) - 1 / (k - 1)  # mean over pairs of different crops
    unrelated = (centres * (centres.sum(0) - centres)).sum(1) / (n - 1)
    return (made * centres).sum(1) - unrelated, own - unrelated


def _middle(crops: Float[Tensor, "n c q r"]) -> Float[Tensor, "n c a b"]:
    up, left = (round(side * (1 - INNER) / 2) for side in crops.shape[2:])
    return crops[:, :, up : crops.shape[2] - up, left : crops.shape[3] - left]


def _share(reached: Float[Tensor, "n"], span: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    return torch.where(span > LEAST, reached / span, torch.nan)
