"""Judge: an independent network whose features say how alike two images look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.subject import Subject, layer_named
from feature_viz.truth.channel_statistics import channel_statistics

FEWEST = 0.1
"""No statistic counts as if it varied less than this share of what the others of its layer do on average."""


@dataclass(frozen=True, eq=False)
class Judge:
    """A subject, the layers it judges by, and how their statistics are spread over some natural images."""

    subject: Subject
    layers: tuple[str, ...]
    mean: Mapping[str, Float[Tensor, "d"]] = field(repr=False)
    sd: Mapping[str, Float[Tensor, "d"]] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.subject.name} by {', '.join(self.layers)}"


def judge_by(
    subject: Subject, natural: Float[Tensor, "n c h w"], *, layers: Sequence[str] | None = None
) -> Judge:
    """A judge that sees with ``subject``, to whom ``natural`` images (some 100 do) are the usual thing.

    It should share neither weights nor training with the network whose pictures it judges. Without ``layers``: four
    spread over its depth.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.
    BadInput
        if there are fewer than two natural images.

    >>> from core.testing import planted_classifier
    >>> print(judge_by(planted_classifier(seed=0), torch.rand(8, 3, 12, 12)))
    planted by conv, relu, pool
    """
    if len(natural) < 2:
        raise BadInput(f"{len(natural)} natural images were given to make a judge; expected at least 2")
    chosen = [layer_named(subject, name).name for name in layers or judging_layers(subject)]
    seen = channel_statistics(subject, chosen, _coloured(subject, natural), spread=True)
    mean = {name: values.mean(0) for name, values in seen.items()}
    sd = {name: _floored(values.std(0)) for name, values in seen.items()}
    return Judge(subject, tuple(chosen), mean, sd)


def judging_layers(subject: Subject) -> tuple[str, ...]:
    """Four layers spread evenly over the depth of those with maps, the last of them at the end."""
    maps = [name for name, layer in subject.layers.items() if layer.spatial and layer.calls == 1]
    names = maps or list(subject.layers)
    return tuple(dict.fromkeys(names[max(0, -(-len(names) * (i + 1) // 4) - 1)] for i in range(4)))


def described(judge: Judge, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
    """The judge's view of images as vectors of length 1: the cosine of two says how alike they look.

    Means and standard deviations of every channel, each in natural standard deviations from the natural mean; every
    layer counts the same. Images of any one size, grey or RGB, are seen at their own scale.

    Raises
    ------
    BadInput
        if the images have channels that the judge has no use for.

    >>> from core.testing import planted_classifier
    >>> judge = judge_by(planted_classifier(seed=0), torch.rand(8, 3, 12, 12))
    >>> described(judge, torch.rand(2, 1, 20, 20)).shape
    torch.Size([2, 24])
    """
    seen = channel_statistics(judge.subject, judge.layers, _coloured(judge.subject, images), spread=True)
    parts = [
        (values - judge.mean[name]) / judge.sd[name] / values.shape[1] ** 0.5 for name, values in seen.items()
    ]
    return F.normalize(torch.cat(parts, 1), dim=1)


def _floored(sd: Float[Tensor, "d"]) -> Float[Tensor, "d"]:
    """Statistics that never vary on natural images would otherwise outshout all others."""
    return torch.cat([half.clamp_min(max(FEWEST * float(half.mean()), 1e-12)) for half in sd.chunk(2)])


def _coloured(subject: Subject, images: Tensor) -> Tensor:
    """Grey images for a judge of colours and the other way round."""
    wanted, given = subject.spec.shape[0], images.shape[1]
    if given == wanted:
        return images
    if given == 1:
        return images.expand(-1, wanted, -1, -1)
    if (given, wanted) == (3, 1):
        return images.mean(1, keepdim=True)
    raise BadInput(f"{subject.name} takes {wanted} channels and cannot judge images of {given}")
