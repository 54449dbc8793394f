"""DeepLift: differences to a baseline carried back through the network, each function's slope replaced by its chord."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.attribution.baselines import Baseline
from core.attribution.functions import OF_ONE_NUMBER, linear, moves
from core.attribution.result import Attribution
from core.attribution.site import Site, about, batches, score_at, site_of, start_of
from core.errors import BadInput
from core.subject import Subject
from core.targets import Output, Target

NEAR = 1e-6
"""Where values and baseline are nearer than that, the slope is taken for the chord."""

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

    Functions are met as they are called, so activations may be modules used again and again or functions. Where
    captum answers rightly the answers are the same. What the rule does not cover (products of activations,
    attention, normalisation within an input) shows in the completeness gap, and the method refuses.

    It cannot show what counts by a product, and like all that compare, nothing that looks like the baseline.

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
        f"DeepLift cannot be asked of {subject.name}: its rescale rule does not cover {', '.join(sorted(missed))}, so "
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
        options = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        given = args[0] if args else options.get("input")
        if not isinstance(given, Tensor) or not given.requires_grad:
            return func(*args, **options)
        if name in OF_ONE_NUMBER or name == "max_pool2d":
            options.pop("input", None)
            options.pop("inplace", None)
            rule = _pooled if name == "max_pool2d" else _chord
            return rule(func, given, args[1:], options)
        out = func(*args, **options)
        if moves(out) and not linear(name, [*args, *options.values()]):
            self.unruled.add(name.strip("_"))
        return out


def _chord(func: Callable[..., Tensor], given: Tensor, args: tuple, options: Mapping[str, Any]) -> Tensor:
    here = given.detach()
    with torch.no_grad():
        out: Tensor = func(here.clone(), *args, **options)
        (x, x0), (y, y0) = here.chunk(2), out.chunk(2)
        apart = (x - x0).abs() > NEAR
    with torch.enable_grad():
        leaf = x.clone().requires_grad_()
        slope = torch.autograd.grad(func(leaf, *args, **options).sum(), leaf)[0]
    chord = torch.where(apart, (y - y0) / torch.where(apart, x - x0, torch.ones_like(x)), slope)
    return out + torch.cat([chord, chord]) * (given - here)


def _pooled(func: Callable[..., Any], given: Tensor, args: tuple, options: Mapping[str, Any]) -> Tensor:
    """A maximum's gain over the baseline's is where the input has its own; its loss, where the baseline has."""
    here = given.detach()
    with torch.no_grad():
        out: Tensor
        out, index = func(here, *args, **{**options, "return_indices": True})
        own, base = index.flatten(2).chunk(2)
        (x, x0), (y, y0) = here.flatten(2).chunk(2), out.flatten(2).chunk(2)
        top = torch.maximum(y, y0)
        gain = _over(top - y0, x.gather(2, own) - x0.gather(2, own), 1.0)
        loss = _over(y - top, x.gather(2, base) - x0.gather(2, base), 0.0)
    moving = (given - here).flatten(2)[: len(x)]
    shift = gain * moving.gather(2, own) + loss * moving.gather(2, base)
    return out + torch.cat([shift, torch.zeros_like(shift)]).view(out.shape)


def _over(change: Tensor, moved: Tensor, otherwise: float) -> Tensor:
    far = moved.abs() > NEAR
    return torch.where(far, change / torch.where(far, moved, 1.0), otherwise)
