"""Local response normalisation with a short gradient: the same numbers as torch's, several times faster."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _ResponseNorm(torch.autograd.Function):
    """y = x / d^beta with d = k + alpha / size x the sum of squares over neighbouring channels."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
        divisor = _neighbours(inputs.square(), size).mul_(alpha / size).add_(k)
        power = _inverse_power(divisor, beta)
        outputs = inputs * power
        ctx.save_for_backward(inputs, divisor, outputs, power)
        ctx.size, ctx.factor = size, -2 * alpha * beta / size
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        inputs, divisor, outputs, power = ctx.saved_tensors
        pull = _neighbours((gradients[0] * outputs).div_(divisor), ctx.size)
        return torch.addcmul(gradients[0] * power, inputs, pull, value=ctx.factor), None, None, None, None


def _inverse_power(values: Tensor, beta: float) -> Tensor:
    """values^-beta; two roots for the usual 0.75, half the time of a power."""
    if beta != 0.75:
        return values.pow(-beta)
    root = values.rsqrt()
    return root.mul_(root.sqrt())


def _neighbours(values: Float[Tensor, "n c ..."], size: int) -> Float[Tensor, "n c ..."]:
    """The sum over the ``size`` (odd) channels around each; its own transpose."""
    total = values.clone()
    for distance in range(1, size // 2 + 1):
        total[:, distance:] += values[:, :-distance]
        total[:, :-distance] += values[:, distance:]
    return total


class quick_response_norm(TorchFunctionMode):
    """Inside, ``local_response_norm`` over an odd number of channels has a short gradient; no module is touched.

    >>> values = torch.rand(2, 8, 3, 3, requires_grad=True)
    >>> plain = F.local_response_norm(values, 5)
    >>> with quick_response_norm():
    ...     torch.allclose(F.local_response_norm(values, 5), plain)
    True
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.local_response_norm:
            return _normalised(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _normalised(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float | int = 1.0
) -> Tensor:
    if size % 2 == 0 or size // 2 >= input.shape[1]:
        return F.local_response_norm(input, size, alpha, beta, k)
    return _ResponseNorm.apply(input, size, alpha, beta, float(k))
