"""small-conv: one convolution and two hidden layers; quick on a CPU, and has maps."""

import math

from jaxtyping import Float
from torch import Tensor, nn

from rl.networks.heads import Outputs, answers, attach


class SmallConv(nn.Module):
    """A 5 x 5 convolution of 16 channels, two cells a step like the mazes, then hidden layers of 128 and 64.

    One convolution only: on a CPU a second one costs more time than it saves steps.
    """

    width = 64

    def __init__(self, shape: tuple[int, int, int], outputs: Outputs) -> None:
        super().__init__()
        channels, height, width = shape
        self.conv = nn.Conv2d(channels, 16, 5, stride=2, padding=2)
        self.relu1 = nn.ReLU()
        self.hidden1 = nn.Linear(16 * math.ceil(height / 2) * math.ceil(width / 2), 128)
        self.relu2 = nn.ReLU()
        self.hidden2 = nn.Linear(128, 64)
        self.relu3 = nn.ReLU()
        attach(self, self.width, outputs)

    def known(self, seen: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """The features that the heads read."""
        maps = self.relu1(self.conv(seen))
        features: Tensor = self.relu3(self.hidden2(self.relu2(self.hidden1(maps.flatten(1)))))
        return features

    def forward(self, seen: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        return answers(self, self.known(seen))
