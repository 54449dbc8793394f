"""LRP: the score handed back layer by layer, each unit paying the units that it was made of."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.attribution.functions import ACTIVATIONS, CHOOSING, WEIGHTED, linear, moves
from core.attribution.result import Attribution
from core.attribution.site import Site, about, batches, score_at, site_of
from core.errors import BadInput, UnknownName
from core.subject import Subject
from core.targets import Output, Target

RULES = ("gamma", "epsilon")

GAMMA = 0.25
EPSILON = 1e-9

_PAID_ON = ACTIVATIONS | {"local_response_norm"}
"""Activations, and normalisation by neighbouring channels [binder2016], that hand on all that they get, as ReLU's own
slope does."""


def lrp(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    rule: str = "gamma",
) -> Attribution:
    """Layer-wise relevance propagation [bach2015], at the input (default) or at a layer.

    "gamma" pays what speaks for a unit more than what speaks against it wherever a layer sees nothing negative,
    and goes by epsilon elsewhere [montavon2019]; "epsilon" alone, in a network of ReLUs, is no more than input x
    gradient [ancona2018]. Residual sums and concatenations share as they should. The completeness gap is what the
    biases kept for themselves, so it does not vanish; inputs are counted from the mean that the network subtracts.

    It cannot show why one class rather than another (what both need is paid twice over), and its map depends on
    the rules as much as on the network. Networks with attention, products of activations or normalisation within
    an input are refused: no rule here says who is paid there.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, cannot take the inputs, or the rule is none, or the network
        holds what no rule covers.

    >>> from core.testing import spotlight
    >>> found = lrp(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1))
    >>> round(found.values.sum().item(), 3), round(found.completeness_gap.abs().max().item(), 3)
    (8.0, 0.0)
    """
    if rule not in RULES:
        raise UnknownName("rule of LRP", rule, RULES)
    site = site_of(subject, inputs, target, at)
    values = torch.cat([_paid(site, rows, rule) for rows in batches(site)])
    return Attribution(
        values=values,
        target=str(target),
        at=site.at,
        method="LRP",
        completeness_gap=values.flatten(1).sum(1) - site.score,
        provenance=about(site, rule=rule),
        layer=site.layer,
    )


def why_no_lrp(subject: Subject) -> str | None:
    """Why LRP cannot be asked of a network, in one sentence; found by asking it of grey. None where it can."""
    try:
        lrp(subject, torch.full((1, *subject.spec.shape), 0.5), Output(next(iter(subject.heads))))
    except BadInput as error:
        return str(error)
    return None


def _paid(site: Site, rows: Tensor, rule: str) -> Tensor:
    """Relevance is value x slope once each function's slope says whom it pays."""
    here = site.values[rows].requires_grad_()
    with torch.enable_grad():
        mode = _Paying(rule)
        with mode:
            scores = score_at(site, here, rows)
        if mode.unruled:
            raise BadInput(
                f"LRP cannot be asked of {site.subject.name}: no rule says whom {', '.join(sorted(mode.unruled))} "
                "pays; integrated-gradients, occlusion and shapley can be asked of every network"
            )
        if not scores.requires_grad:
            return torch.zeros_like(here)
        slope = torch.autograd.grad(scores.sum(), here, allow_unused=True)[0]
    return torch.zeros_like(here) if slope is None else slope * (here.detach() - _zero(site))


def _zero(site: Site) -> Tensor | float:
    """What the network sees as 0: at the input, the mean that it subtracts."""
    if site.layer is not None:
        return 0.0
    return site.values.new_tensor(site.subject.spec.mean).view(1, -1, 1, 1)


class _Paying(TorchFunctionMode):
    """Inside, each function keeps its values and has the slope by which it pays; nothing on the model changes."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule
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
        if isinstance(given, Tensor) and given.requires_grad and name in WEIGHTED:
            return _weighted(func, args, options, self.rule)
        if isinstance(given, Tensor) and given.requires_grad and name in _PAID_ON:
            return _paid_on(func(*args, **options), given)
        out = func(*args, **options)
        if moves(out) and not (name in CHOOSING or linear(name, [*args, *options.values()])):
            self.unruled.add(name.strip("_"))
        return out


def _weighted(func: Callable[..., Tensor], args: tuple, options: Mapping[str, Any], rule: str) -> Tensor:
    """A layer of weights: pays each input by what it brought, in the gamma rule the bringers of good more."""
    out = func(*args, **options)
    named = dict(zip(("input", "weight", "bias"), args[:3], strict=False)) | dict(options)
    given, weight, bias = named["input"], named["weight"], named.get("bias")
    if rule == "epsilon" or bool((given.detach() < 0).any()):
        made = out
    else:
        rest = {name: value for name, value in options.items() if name not in ("input", "weight", "bias")}
        made = func(given, weight + GAMMA * weight.clamp(min=0), bias, *args[3:], **rest)
    base = made.detach()
    share = out.detach() / (base + EPSILON * torch.where(base < 0, -1.0, 1.0))
    return out.detach() + share * (made - base)


def _paid_on(out: Tensor, given: Tensor) -> Tensor:
    """A function of one number hands on what it gets: its slope is value by input."""
    here, there = given.detach(), out.detach()
    return there + torch.where(here.abs() > 1e-6, there / torch.where(here == 0, 1.0, here), 1.0) * (
        given - here
    )
