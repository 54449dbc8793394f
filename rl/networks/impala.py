"""impala: three stacks of residual blocks [espeholt2018], as the Procgen agents had [langosco2022], for small grids."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rl.networks.heads import Outputs, answers, attach

POOLED_FROM = 7
"""Cells along the shorter side of the maps from which on a stack halves them, so that 4 at least are left."""


class Residual(nn.Module):
    """Two 3 x 3 convolutions, each after a ReLU, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        added: Tensor = self.conv2(self.relu2(self.conv1(self.relu1(maps))))
        return maps + added


class Impala(nn.Module):
    """Stacks of 16, 32 and 32 channels - a convolution, a pooling to half size, two residual blocks - then 256 wide.

    Made for pictures of 64 x 64, where all three stacks pool; here only while the maps have ``POOLED_FROM`` cells.
    """

    width = 256

    def __init__(self, shape: tuple[int, int, int], outputs: Outputs) -> None:
        super().__init__()
        channels, *sides = shape
        self.stacks = nn.Sequential()
        for wide in (16, 32, 32):
            pooled = min(sides) >= POOLED_FROM
            stack = nn.Sequential()
            stack.add_module("conv", nn.Conv2d(channels, wide, 3, padding=1))
            if pooled:
                stack.add_module("pool", nn.MaxPool2d(3, stride=2, padding=1))
            stack.add_module("res1", Residual(wide))
            stack.add_module("res2", Residual(wide))
            self.stacks.append(stack)
            channels, sides = wide, [math.ceil(side / 2) if pooled else side for side in sides]
        self.relu1 = nn.ReLU()
        self.hidden = nn.Linear(channels * math.prod(sides), self.width)
        self.relu2 = nn.ReLU()
        attach(self, self.width, outputs)

    def known(self, seen: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """The features that the heads read."""
        maps = self.stacks(seen.contiguous(memory_format=torch.channels_last))  # quicker on a CPU
        features: Tensor = self.relu2(self.hidden(self.relu1(maps).flatten(1)))
        return features

    def forward(self, seen: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        return answers(self, self.known(seen))
