"""Adam for one tensor [kingma2015]: torch's own takes seconds of imports before its first step."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(eq=False)
class Adam:
    """Running means of a parameter's gradient and of its square, and the steps so far."""

    parameter: Tensor
    betas: tuple[float, float] = (0.9, 0.999)
    tiny: float = 1e-8
    steps: int = 0

    def __post_init__(self) -> None:
        self.mean = torch.zeros_like(self.parameter)
        self.square = torch.zeros_like(self.parameter)

    @torch.no_grad()
    def step(self, gradient: Tensor, rate: float) -> None:
        """Move the parameter downhill, in place.

        >>> parameter = torch.tensor([1.0])
        >>> Adam(parameter).step(torch.tensor([5.0]), 0.25)
        >>> parameter.tolist()
        [0.75]
        """
        first, second = self.betas
        self.steps += 1
        self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = self.square.sqrt().div_((1 - second**self.steps) ** 0.5).add_(self.tiny)
        self.parameter.addcdiv_(self.mean, size, value=-rate / (1 - first**self.steps))
