"""survival(): how much of a picture's activation outlives transforms that its making never met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.subject import Subject
from core.targets import Target
from feature_viz.ascent import generator_of
from feature_viz.truth.held_out import HELD_OUT, NUMBERS, Transform
from feature_viz.truth.own_answers import own_answers


@dataclass(frozen=True, eq=False)
class Survival:
    """What is left of each picture's activation, as shares of that on the clean picture; may exceed 1.

    ``share`` is the mean over all transforms and draws, ``spread`` their standard deviation, ``families`` the means
    of each transform; ``clean`` the activation itself. NaN where the clean picture does not fire its target.
    """

    share: Float[Tensor, "n"]
    spread: Float[Tensor, "n"]
    families: Mapping[str, Float[Tensor, "n"]]
    clean: Float[Tensor, "n"]


def survival(
    subject: Subject,
    targets: Sequence[Target],
    pictures: Float[Tensor, "n c h w"],
    *,
    seed: int = 0,
    draws: int = 2,
    transforms: Mapping[str, Transform] = HELD_OUT,
) -> Survival:
    """The share of each picture's activation for its own target that outlives ``draws`` of each held-out transform.

    Pictures that only work at the exact pixels they were made of are adversarial noise; those of a feature live on
    [olah2017]. The draws come from the seed and the target's text alone, whatever else is in the batch.

    Raises
    ------
    BadInput
        if there are not as many pictures as targets, or no draws are asked for.

    >>> from core.targets import Unit
    >>> from core.testing import spotlight
    >>> grey = survival(spotlight(), [Unit("relu", 0)], torch.full((1, 3, 10, 10), 0.5))
    >>> round(float(grey.families["blur"]), 3), bool(grey.spread[0] > 0)
    (1.0, True)
    """
    if draws < 1:
        raise BadInput(f"{draws} draws of each transform were asked for; expected at least 1")
    clean = own_answers(subject, targets, pictures)
    generators = [generator_of(seed, f"held-out|{target}") for target in targets]
    kept: dict[str, Tensor] = {}
    for name, transform in transforms.items():
        drawn = torch.stack([2 * torch.rand((draws, NUMBERS), generator=g) - 1 for g in generators], 1)
        bent = [transform(pictures, numbers.to(pictures)) for numbers in drawn]
        left = own_answers(subject, [*targets] * draws, torch.cat(bent)).view(draws, -1)
        kept[name] = torch.where(clean > 0, left / clean, torch.nan)
    shares = torch.cat(list(kept.values()))
    families = {name: values.mean(0) for name, values in kept.items()}
    return Survival(shares.mean(0), shares.std(0, correction=0), families, clean)
