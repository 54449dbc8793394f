"""Adam [kingma2015] for tensors: torch's own takes seconds of imports before its first step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(eq=False)
class Adam:
    """Running means of some parameters' gradients and of their squares, and the steps so far."""

    parameters: Sequence[Tensor]
    betas: tuple[float, float] = (0.9, 0.999)
    tiny: float = 1e-8
    steps: int = 0

    def __post_init__(self) -> None:
        self.means = [torch.zeros_like(each) for each in self.parameters]
        self.squares = [torch.zeros_like(each) for each in self.parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Move the parameters downhill, in place.

        >>> parameter = torch.tensor([1.0])
        >>> Adam([parameter]).step([torch.tensor([5.0])], 0.25)
        >>> parameter.tolist()
        [0.75]
        """
        first, second = self.betas
        self.steps += 1
        rest, scale = (1 - second**self.steps) ** 0.5, -rate / (1 - first**self.steps)
        for parameter, gradient, mean, square in zip(
            self.parameters, gradients, self.means, self.squares, strict=True
        ):
            mean.lerp_(gradient, 1 - first)
            square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
            parameter.addcdiv_(mean, square.sqrt().div_(rest).add_(self.tiny), value=scale)
