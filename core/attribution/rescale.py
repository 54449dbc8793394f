"""DeepLift: differences to a baseline carried back through the network, each function's slope replaced by its chord."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.attribution.baselines import Baseline
from core.attribution.chords import ruled
from core.attribution.functions import linear, moves
from core.attribution.result import Attribution
from core.attribution.site import Site, about, batches, score_at, site_of, start_of
from core.errors import BadInput
from core.subject import Subject
from core.targets import Output, Target

GAP = 0.01
"""A completeness gap of more than this share of the change of score says that the rule missed something."""


def deeplift(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    baseline: Baseline = "black",
) -> Attribution:
    """DeepLIFT with the rescale rule [shrikumar2017]; the values sum to the change of score, or it is refused.

    Functions are met as they are called, so activations may be modules used again and again or functions, and
    products, attention and normalisation go by the rule of [lundberg2017]. Where captum answers rightly the answers
    are the same; where it is silently wrong (a ReLU before a pool, functions instead of modules) ours still add up.
    What no rule covers is refused by its name, and whatever does not add up, because of its completeness gap.

    It cannot show how what it hands out came about: along each product both sides are paid half the way. And like
    all that compare, it shows nothing of what looks like the baseline.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, cannot take the inputs or the baseline, or the network
        holds what the rule does not cover.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> found = deeplift(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1))
    >>> round(found.values.sum().item(), 3), round(found.completeness_gap.abs().max().item(), 3)
    (8.0, 0.0)
    """
    site = site_of(subject, inputs, target, at)
    start = start_of(site, baseline)
    parts, gaps = [], []
    for rows in batches(site):
        values, change = _carried(site, start, rows)
        gap = values.flatten(1).sum(1) - change
        allowed = GAP * change.abs() + 1e-4 * values.flatten(1).abs().sum(1) + 1e-6
        if not bool((gap.abs() <= allowed).all()):
            raise BadInput(_sentence(subject, {"a function that it does not see"}))
        parts.append(values)
        gaps.append(gap)
    return Attribution(
        values=torch.cat(parts),
        target=str(target),
        at=site.at,
        method="DeepLift",
        completeness_gap=torch.cat(gaps),
        provenance=about(site, baseline=baseline if isinstance(baseline, str) else "given"),
        layer=site.layer,
    )


def why_no_deeplift(subject: Subject) -> str | None:
    """Why DeepLift cannot be asked of a network, in one sentence; found by asking it of noise. None where it can."""
    noise = torch.rand(1, *subject.spec.shape, generator=torch.Generator().manual_seed(0))
    try:
        deeplift(subject, noise, Output(next(iter(subject.heads))), baseline="grey")
    except BadInput as error:
        return str(error)
    return None


def _sentence(subject: Subject, missed: set[str]) -> str:
    return (
        f"DeepLift cannot be asked of {subject.name}: its rules do not cover {', '.join(sorted(missed))}, so "
        "its values would not sum to the change of score; integrated-gradients and shapley promise the same sum"
    )


def _carried(site: Site, start: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Values, and the change of score that they should sum to; raises BadInput for functions that no rule covers.

    Inputs and their baselines go through the network as the two halves of one batch.
    """
    here, there = site.values[rows], start[rows]
    with torch.no_grad():
        change = site.score[rows] - score_at(site, there, rows)
    both = torch.cat([here, there]).requires_grad_()
    with torch.enable_grad():
        mode = _Rescaling()
        with mode:
            scores = score_at(site, both, torch.cat([rows, rows]))
        if mode.unruled:
            raise BadInput(_sentence(site.subject, mode.unruled))
        slopes = (
            torch.autograd.grad(scores[: len(rows)].sum(), both, allow_unused=True)[0]
            if scores.requires_grad
            else None
        )
    multipliers = torch.zeros_like(here) if slopes is None else slopes[: len(rows)]
    return multipliers * (here - there), change


class _Rescaling(TorchFunctionMode):
    """Inside, each covered function keeps its values and has its chord for a slope; nothing on the model changes."""

    def __init__(self) -> None:
        super().__init__()
        self.unruled: set[str] = set()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options, name = dict(kwargs or {}), getattr(func, "__name__", "")
        kept = ruled(name, func, args, options)
        if kept is not None:
            return kept
        out = func(*args, **options)
        if moves(out) and not linear(name, [*args, *options.values()]):
            self.unruled.add(name.strip("_"))
        return out
