"""ReLU gradients for images that fire nothing: where all of a gradient is blocked, let the helpful part through."""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

RELUS = (
    torch.relu,
    torch.relu_,
    torch.nn.functional.relu,
    torch.nn.functional.relu_,
    Tensor.relu,
    Tensor.relu_,
)


class _Redirected(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, lost: Tensor) -> Tensor:
        ctx.save_for_backward(inputs, lost)
        return inputs.clamp_min(0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        inputs, lost = ctx.saved_tensors
        passed = gradient * (inputs > 0)
        blocked = lost & (passed.flatten(1).abs().amax(1) == 0)
        upward = gradient.clamp_max(0) * (inputs <= 0)  # the loss falls as the input rises
        return torch.where(blocked.view(-1, *[1] * (inputs.ndim - 1)), upward, passed), None


class redirected_relus(TorchFunctionMode):
    """Inside, the ReLUs of images marked ``lost`` (n,) pass gradients that raise a dead input.

    Only where an image's whole gradient is blocked at a ReLU, so an image that fires anything at all is
    treated exactly [olah2017]. Covers modules and functions alike, since no module is touched; tensors whose
    first axis is not the batch keep their plain ReLU.

    >>> dead = torch.full((1, 2), -1.0, requires_grad=True)
    >>> with redirected_relus(torch.tensor([True])):
    ...     (-torch.relu(dead)).sum().backward()
    >>> dead.grad.tolist()
    [[-1.0, -1.0]]
    """

    def __init__(self, lost: Tensor) -> None:
        super().__init__()
        self.lost = lost

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in RELUS and args[0].requires_grad and len(args[0]) == len(self.lost):
            return _Redirected.apply(args[0], self.lost)
        return func(*args, **(kwargs or {}))
