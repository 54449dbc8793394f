"""Spotlight: a subject each of whose actions looks at one patch of known place, channel and weight."""

import torch
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap


class _Spotlight(nn.Module):
    """Two heads that look at one patch each, through one conv channel each."""

    def __init__(self, rows: tuple[int, int], size: int) -> None:
        super().__init__()
        self.eye = nn.Conv2d(3, 2, 1, bias=False)
        self.relu = nn.ReLU()
        self.eye.weight.data = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])[:, :, None, None]
        mask = torch.zeros(2, size, size)
        for channel, row in enumerate(rows):
            mask[channel, row : row + 2, row : row + 2] = 1.0 + channel
        self.register_buffer("mask", mask)

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        seen = (self.relu(self.eye(inputs)) * self.mask).sum((2, 3))
        return {"policy": seen, "value": seen.sum(1, keepdim=True)}


def spotlight(*, rows: tuple[int, int] = (1, 6), size: int = 10) -> Subject:
    """A subject whose action k depends only on the 2 x 2 patch at (rows[k], rows[k]), in channel k.

    Linear for inputs in [0, 1]: action k's logit is (1 + k) x the patch's sum, so integrated gradients from
    black are known exactly: (1 + k) x input there and 0 elsewhere.

    >>> from core.subject import run
    >>> run(spotlight(), torch.ones(1, 3, 10, 10))["policy"].tolist()
    [[4.0, 8.0]]
    """
    spec = InputSpec((3, size, size), mean=(0.0,) * 3, std=(1.0,) * 3)
    heads = {"policy": ("first", "second"), "value": ("value",)}
    return wrap(_Spotlight(rows, size), name="spotlight", spec=spec, heads=heads)
