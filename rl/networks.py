"""Actor-critic networks small enough to read, each returning {"policy": logits, "value": value}."""

import math
from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import UnknownName


class SmallConv(nn.Module):
    """A 5 x 5 convolution of 16 channels, two cells a step like the mazes, then hidden layers of 128 and 64.

    One convolution only: on a CPU a second one costs more time than it saves steps.
    """

    def __init__(self, shape: tuple[int, int, int], actions: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.conv = nn.Conv2d(channels, 16, 5, stride=2, padding=2)
        self.relu1 = nn.ReLU()
        self.hidden1 = nn.Linear(16 * math.ceil(height / 2) * math.ceil(width / 2), 128)
        self.relu2 = nn.ReLU()
        self.hidden2 = nn.Linear(128, 64)
        self.relu3 = nn.ReLU()
        self.policy = nn.Linear(64, actions)
        self.value = nn.Linear(64, 1)

    def forward(self, seen: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        maps = self.relu1(self.conv(seen))
        known = self.relu3(self.hidden2(self.relu2(self.hidden1(maps.flatten(1)))))
        return {"policy": self.policy(known), "value": self.value(known)}


class Mlp(nn.Module):
    """Two hidden layers, of 128 and 64, over the flattened input: quick to learn, but without maps."""

    def __init__(self, shape: tuple[int, int, int], actions: int) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(math.prod(shape), 128)
        self.relu1 = nn.ReLU()
        self.hidden2 = nn.Linear(128, 64)
        self.relu2 = nn.ReLU()
        self.policy = nn.Linear(64, actions)
        self.value = nn.Linear(64, 1)

    def forward(self, seen: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        known = self.relu2(self.hidden2(self.relu1(self.hidden1(seen.flatten(1)))))
        return {"policy": self.policy(known), "value": self.value(known)}


NETWORKS: Mapping[str, Callable[[tuple[int, int, int], int], nn.Module]] = {
    "small-conv": SmallConv,
    "mlp": Mlp,
}
"""Name to ``network(shape, actions)``; ``shape`` is an observation's (channels, height, width)."""


def build(name: str, *, shape: tuple[int, int, int], actions: int, seed: int | None = None) -> nn.Module:
    """The network of that name; with a ``seed``, orthogonally initialised as PPO likes it [schulman2017].

    Raises
    ------
    UnknownName
        if there is no such network; offers the nearest.

    >>> net = build("mlp", shape=(3, 5, 5), actions=4, seed=0)
    >>> {head: tuple(out.shape) for head, out in net(torch.zeros(2, 3, 5, 5)).items()}
    {'policy': (2, 4), 'value': (2, 1)}
    """
    if name not in NETWORKS:
        raise UnknownName("network", name, NETWORKS)
    network = NETWORKS[name](shape, actions)
    if seed is not None:
        _orthogonal(network, torch.Generator().manual_seed(seed))
    return network


def _orthogonal(network: nn.Module, generator: torch.Generator) -> None:
    """Gain sqrt(2) before a ReLU, 1 for the value; 0.01 for the policy, so that it starts nearly uniform."""
    gains = {"policy": 0.01, "value": 1.0}
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.orthogonal_(layer.weight, gains.get(name, math.sqrt(2)), generator=generator)
            layer.bias.data.zero_()  # type: ignore[union-attr]
