"""paper-conv: the two convolutions of the goal-misgeneralisation gridworlds [shah2022], and a hidden layer."""

from jaxtyping import Float
from torch import Tensor, nn

from rl.networks.heads import Outputs, answers, attach


class PaperConv(nn.Module):
    """Two 3 x 3 convolutions of 16 channels, one cell a step, as in [shah2022]; then a hidden layer of 128.

    Every cell keeps its place in the maps. How wide the layers behind the convolutions were is not known.
    """

    width = 128

    def __init__(self, shape: tuple[int, int, int], outputs: Outputs) -> None:
        super().__init__()
        channels, height, width = shape
        self.conv1 = nn.Conv2d(channels, 16, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.hidden = nn.Linear(16 * height * width, self.width)
        self.relu3 = nn.ReLU()
        attach(self, self.width, outputs)

    def known(self, seen: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """The features that the heads read."""
        maps = self.relu2(self.conv2(self.relu1(self.conv1(seen))))
        features: Tensor = self.relu3(self.hidden(maps.flatten(1)))
        return features

    def forward(self, seen: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        return answers(self, self.known(seen))
