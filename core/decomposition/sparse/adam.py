"""Adam in place on named tensors, its state beside them, so that a checkpoint is nothing but tensors."""

import torch
from torch import Tensor

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8


def step(state: dict[str, Tensor], gradients: dict[str, Tensor], number: int, rate: float) -> None:
    """Step ``number`` (from 1) of Adam [kingma2015] at a learning rate, in place."""
    for name, gradient in gradients.items():
        first, second = state[f"first.{name}"], state[f"second.{name}"]
        first.lerp_(gradient, 1 - FIRST)
        second.mul_(SECOND).addcmul_(gradient, gradient, value=1 - SECOND)
        spread = second.sqrt().div_((1 - SECOND**number) ** 0.5).add_(TINY)
        state[name].addcdiv_(first, spread, value=-rate / (1 - FIRST**number))


def no_moments(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Moments before the first step."""
    pairs = [(order, name) for order in ("first", "second") for name in state]
    return {f"{order}.{name}": torch.zeros_like(state[name]) for order, name in pairs}
