"""mlp: two hidden layers over the flattened input; the quickest, without maps."""

import math

from jaxtyping import Float
from torch import Tensor, nn

from rl.networks.heads import Outputs, answers, attach


class Mlp(nn.Module):
    """Two hidden layers, of 128 and 64, over the flattened input: quick to learn, but without maps."""

    width = 64

    def __init__(self, shape: tuple[int, int, int], outputs: Outputs) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(math.prod(shape), 128)
        self.relu1 = nn.ReLU()
        self.hidden2 = nn.Linear(128, 64)
        self.relu2 = nn.ReLU()
        attach(self, self.width, outputs)

    def known(self, seen: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """The features that the heads read."""
        features: Tensor = self.relu2(self.hidden2(self.relu1(self.hidden1(seen.flatten(1)))))
        return features

    def forward(self, seen: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        return answers(self, self.known(seen))
