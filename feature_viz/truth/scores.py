"""picture_scores(): what can be said of how far pictures may be believed, one plain row for each."""

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.subject import Subject
from core.targets import Difference, Output, Target
from feature_viz.truth.agreement import agreement
from feature_viz.truth.forced_choice import forced_choice, identification, natural_choice, others_choice
from feature_viz.truth.judge import Judge, described
from feature_viz.truth.natural_path import layers_below, natural_path
from feature_viz.truth.survival import survival

Scores = dict[str, float | None]

SCORES: Mapping[str, str] = {
    "survival": "share of the activation that outlives transforms which the making never met",
    "agreement": "share of other units' pictures that look less like this one than another seed's does",
    "forced_choice": "share of pairs in which the picture tells top from bottom crops, to an independent judge",
    "forced_choice_natural": "the same with a real top crop in the picture's place",
    "forced_choice_others": "the same with other units' pictures in the picture's place: the chance level",
    "identification": "share of pairs in which the picture tells its unit's top crops from other units'",
    "path": "how naturally the layers below are driven: 0 as by unrelated images, 1 as by the unit's own",
}
"""Every score with what it says; docs/truth.md has definitions, sources and what each cannot show."""


def picture_scores(
    subject: Subject,
    targets: Sequence[Target],
    pictures: Float[Tensor, "n c h w"],
    seconds: Float[Tensor, "m c h w"] | None,
    top: Float[Tensor, "t k c q q"] | None,
    bottom: Float[Tensor, "b j c q q"] | None,
    *,
    judge: Judge | None,
    seed: int = 0,
) -> list[Scores]:
    """A row of ``SCORES`` for each target's picture; None where a score cannot be said.

    ``seconds`` are other seeds' pictures; ``top`` and ``bottom`` each target's crops at the scale of the subject's
    input, best first. Agreement, identification, path and the choice by others compare the targets given with each
    other: give some 16 of a layer, and the same ones to get the same numbers.

    Raises
    ------
    BadInput
        if there are not as many of each as there are targets.

    >>> from core.targets import Unit
    >>> from core.testing import planted_classifier
    >>> row, _ = picture_scores(planted_classifier(seed=0), [Unit("relu", 0), Unit("relu", 1)],
    ...                         torch.rand(2, 3, 12, 12), None, None, None, judge=None)
    >>> [name for name, value in row.items() if value is not None]
    ['survival']
    """
    for name, given in {"pictures": pictures, "seconds": seconds, "top": top, "bottom": bottom}.items():
        if given is not None and len(given) != len(targets):
            raise BadInput(
                f"{name} holds {len(given)} entries; expected one for each of {len(targets)} targets"
            )
    if not targets:
        return []
    columns = dict.fromkeys(SCORES, torch.full((len(targets),), torch.nan))
    outlived = survival(subject, targets, pictures, seed=seed)
    columns["survival"] = outlived.share
    if judge is not None:
        columns |= _judged(judge, pictures, seconds, top, bottom)
    if top is not None:
        columns["path"] = _paths(subject, targets, pictures, top)
    fired = outlived.clean != 0
    return [
        {name: _number(values[i]) if fired[i] else None for name, values in columns.items()}
        for i in range(len(targets))
    ]


def _judged(
    judge: Judge, pictures: Tensor, seconds: Tensor | None, top: Tensor | None, bottom: Tensor | None
) -> dict[str, Tensor]:
    """The scores that need the judge's eye, as far as there is something to compare with."""
    seen = described(judge, pictures)
    found: dict[str, Tensor] = {}
    if seconds is not None:
        found["agreement"] = agreement(seen, described(judge, seconds))
    if top is None or bottom is None or not top.shape[1] or not bottom.shape[1]:
        return found
    high, low = (described(judge, crops.flatten(0, 1)).view(*crops.shape[:2], -1) for crops in (top, bottom))
    return found | {
        "forced_choice": forced_choice(seen, high, low),
        "forced_choice_natural": natural_choice(high, low),
        "forced_choice_others": others_choice(seen, high, low),
        "identification": identification(seen, high),
    }


def _paths(subject: Subject, targets: Sequence[Target], pictures: Tensor, top: Tensor) -> Float[Tensor, "n"]:
    """Targets of one layer are compared with each other."""
    groups: dict[str, list[int]] = {}
    for place, target in enumerate(targets):
        asked = target.first if isinstance(target, Difference) else target
        groups.setdefault(asked.head if isinstance(asked, Output) else asked.layer, []).append(place)
    overall = torch.full((len(targets),), torch.nan)
    for members in groups.values():
        layers = layers_below(subject, targets[members[0]])
        overall[members] = natural_path(subject, layers, pictures[members], top[members]).overall
    return overall


def _number(value: Tensor) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
