"""Chords: functions with their values kept and, for slopes, the straight lines from baseline to input.

Inputs and their baselines are the two halves of one batch. ``slope x difference`` then sums to the change of value,
whatever the function: DeepLIFT's rescale rule [shrikumar2017] for functions of one number, and for products the rule
of two players who share what they gain together [lundberg2017].
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.attribution.functions import OF_ONE_NUMBER, moving

NEAR = 1e-6
"""Where values and baseline are nearer than that, the slope is taken for the chord."""

Options = Mapping[str, Any]


def ruled(name: str, func: Callable[..., Any], args: tuple[Any, ...], options: Options) -> Tensor | None:
    """What a function gives, with chords for slopes; None if there is no rule for it, or none is needed."""
    given = args[0] if args else options.get("input")
    rest = {key: value for key, value in options.items() if key not in ("input", "inplace")}
    if name in _PRODUCTS or name in _QUOTIENTS:
        return _of_two(name, args)
    if not isinstance(given, Tensor) or not given.requires_grad or len(given) % 2:
        return None
    if name in OF_ONE_NUMBER or (name in _POWERS and not isinstance(args[-1], Tensor)):
        return chord(lambda values: func(values, *args[1:], **rest), given)
    rule = _RULES.get(name)
    return None if rule is None else rule(given, *args[1:], **rest)


def chord(func: Callable[[Tensor], Tensor], given: Tensor) -> Tensor:
    """A function of each value by itself."""
    here = given.detach()
    with torch.no_grad():
        out = func(here.clone())
        (x, x0), (y, y0) = here.chunk(2), out.chunk(2)
        apart = (x - x0).abs() > NEAR
    with torch.enable_grad():
        leaf = x.clone().requires_grad_()
        slope = torch.autograd.grad(func(leaf).sum(), leaf)[0]
    line = torch.where(apart, (y - y0) / torch.where(apart, x - x0, 1.0), slope)
    return out + torch.cat([line, line]) * (given - here)


def product(func: Callable[[Tensor, Tensor], Tensor], one: Tensor, other: Tensor) -> Tensor:
    """A function linear in each of two things, either of which may depend on the input: each pays half the way."""
    with torch.no_grad():
        out = func(one.detach(), other.detach())
    shared = func(one, _middle(other)) + func(_middle(one), other)
    return out + shared - shared.detach()


def _middle(values: Tensor) -> Tensor:
    half = values.detach().unflatten(0, (2, -1)).mean(0)
    return torch.cat([half, half])


_PRODUCTS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mul": torch.mul,
    "__mul__": torch.mul,
    "__rmul__": torch.mul,
    "matmul": torch.matmul,
    "__matmul__": torch.matmul,
    "bmm": torch.bmm,
}
_QUOTIENTS = ("div", "__truediv__", "__rdiv__", "__rtruediv__")
_POWERS = ("pow", "__pow__")


def _of_two(name: str, args: tuple[Any, ...]) -> Tensor | None:
    """Products of two things that both depend on the input, quotients whose lower side does."""
    if len(args) != 2 or not any(moving(args)):
        return None
    one, other = args if not name.startswith("__r") else args[::-1]
    if name in _QUOTIENTS:
        if not moving([other])[0] or len(other) % 2:
            return None
        below = chord(torch.reciprocal, other)
        return _of_two("mul", (one, below)) if moving([one])[0] else one * below
    if all(moving(args)) and one.ndim and other.ndim and len(one) == len(other) and len(one) % 2 == 0:
        return product(_PRODUCTS[name], one, other)
    return None  # of one that is fixed the slope is right as it is


def _pooled(given: Tensor, *args: Any, **options: Any) -> Tensor:
    """A maximum's gain over the baseline's is where the input has its own; its loss, where the baseline has."""
    here = given.detach()
    with torch.no_grad():
        out, index = functional.max_pool2d(here, *args, **{**options, "return_indices": True})
        own, base = index.flatten(2).chunk(2)
        (x, x0), (y, y0) = here.flatten(2).chunk(2), out.flatten(2).chunk(2)
        top = torch.maximum(y, y0)
        gain = _ratio(top - y0, x.gather(2, own) - x0.gather(2, own), 1.0)
        loss = _ratio(y - top, x.gather(2, base) - x0.gather(2, base), 0.0)
    moved = (given - here).flatten(2)[: len(x)]
    shift = gain * moved.gather(2, own) + loss * moved.gather(2, base)
    shifted: Tensor = out + torch.cat([shift, torch.zeros_like(shift)]).view(out.shape)
    return shifted


def _ratio(change: Tensor, moved: Tensor, otherwise: float) -> Tensor:
    far = moved.abs() > NEAR
    return torch.where(far, change / torch.where(far, moved, 1.0), otherwise)


def _neighbours(given: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Normalisation by neighbouring channels: a product with a power of a mean of squares."""
    squares = product(torch.mul, given, given).unsqueeze(1)
    padded = functional.pad(squares, (0, 0, 0, 0, size // 2, (size - 1) // 2))
    mean = functional.avg_pool3d(padded, (size, 1, 1), stride=1).squeeze(1)
    return product(torch.mul, given, chord(lambda values: values.pow(-beta), mean * alpha + k))


def _standardised(
    given: Tensor, shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Layer normalisation: a product with the reciprocal root of a variance."""
    axes = tuple(range(-len(shape), 0))
    centred = given - given.mean(axes, keepdim=True)
    variance = product(torch.mul, centred, centred).mean(axes, keepdim=True)
    out = product(torch.mul, centred, chord(torch.rsqrt, variance + eps))
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


def _softmax(given: Tensor, dim: int = -1, *_: Any, **__: Any) -> Tensor:
    """Exponentials, and their product with the reciprocal of their sum."""
    top = torch.maximum(*given.detach().chunk(2)).amax(dim, keepdim=True)
    risen = chord(torch.exp, given - torch.cat([top, top]))
    return product(torch.mul, risen, chord(torch.reciprocal, risen.sum(dim, keepdim=True)))


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    *rest: Any,
    is_causal: bool = False,
    scale: float | None = None,
    **_: Any,
) -> Tensor | None:
    """Attention: two products and a softmax between them; masks of numbers only."""
    if rest or is_causal or (attn_mask is not None and attn_mask.dtype == torch.bool):
        return None
    sharp = query.shape[-1] ** -0.5 if scale is None else scale
    alike = product(torch.matmul, query * sharp, key.transpose(-2, -1))
    weights = _softmax(alike if attn_mask is None else alike + attn_mask)
    return product(torch.matmul, weights, value)


_RULES: Mapping[str, Callable[..., Tensor | None]] = {
    "max_pool2d": _pooled,
    "local_response_norm": _neighbours,
    "layer_norm": _standardised,
    "softmax": _softmax,
    "scaled_dot_product_attention": _attention,
}
