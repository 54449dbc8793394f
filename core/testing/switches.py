"""Switches: a list of numbers of which two count only together, two stand in for each other, and one counts alone."""

import torch
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap

SHARES = (0.5, 0.5, 0.5, 0.5, 2.0)
"""The Shapley values of the first five switches when all are on; of all others 0."""


class _Switches(nn.Module):
    def __init__(self, count: int, weights: Tensor) -> None:
        super().__init__()
        self.gate = nn.Linear(count, len(weights))
        self.relu = nn.ReLU()
        self.head = nn.Linear(len(weights), 1, bias=False)
        self.gate.weight.data = weights
        self.gate.bias.data = torch.tensor([-1.0, 0.0, -1.0, 0.0])
        self.head.weight.data = torch.tensor([[1.0, 1.0, -1.0, 2.0]])

    def forward(self, inputs: Tensor) -> Tensor:
        value: Tensor = self.head(self.relu(self.gate(inputs.flatten(1))))
        return value


def switches(*, count: int = 8, randomised: bool = False, seed: int = 0) -> Subject:
    """An agent's value of ``count`` switches, 0 or 1: (a and b) + (c or d) + 2 e.

    With all on, taking a or b away loses 1, taking c or d away loses nothing, and their Shapley values are ``SHARES``.

    >>> from core.subject import run
    >>> run(switches(), torch.ones(1, 8, 1, 1))["value"].item()
    4.0
    """
    weights = torch.zeros(4, count)
    weights[0, :2], weights[1, 2:4], weights[2, 2:4], weights[3, 4] = 1.0, 1.0, 1.0, 1.0
    if randomised:
        weights = torch.randn(weights.shape, generator=torch.Generator().manual_seed(seed))
    names = tuple(f"switch {k}" for k in range(count))
    spec = InputSpec((count, 1, 1), mean=(0.0,) * count, std=(1.0,) * count, channels=names)
    return wrap(_Switches(count, weights), name="switches", spec=spec, heads={"value": ("value",)})
