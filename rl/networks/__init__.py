"""Agents' networks, small enough to read: NETWORKS is the table of them, build() makes one, its seed its weights."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import nn

from core.errors import UnknownName
from rl.networks.heads import Outputs, outputs_of
from rl.networks.impala import Impala
from rl.networks.lstm import Remembering
from rl.networks.mlp import Mlp
from rl.networks.paper_conv import PaperConv
from rl.networks.small_conv import SmallConv

NETWORKS: Mapping[str, Callable[[tuple[int, int, int], Outputs], nn.Module]] = {
    "small-conv": SmallConv,
    "mlp": Mlp,
    "paper-conv": PaperConv,
    "impala": Impala,
    "mlp-lstm": partial(Remembering, Mlp),
    "small-conv-lstm": partial(Remembering, SmallConv),
    "paper-conv-lstm": partial(Remembering, PaperConv),
    "impala-lstm": partial(Remembering, Impala),
}
"""Name to ``network(shape, outputs)``; ``shape`` is an observation's (channels, height, width)."""

GAINS = {"policy": 0.01, "value": 1.0, "q": 0.01, "quantiles": 0.01}
"""A policy starts nearly uniform, and every action worth nearly nothing."""


def build(
    name: str,
    *,
    shape: tuple[int, int, int],
    actions: int,
    seed: int | None = None,
    heads: str = "actor-critic",
    quantiles: int | None = None,
) -> nn.Module:
    """The network of that name; with a ``seed``, orthogonally initialised as PPO likes it [schulman2017].

    ``heads`` are "actor-critic" (answers "policy", "value") or "q" (answers "q"; with ``quantiles`` also those,
    (n, quantiles, actions), "q" being their mean). Networks with a memory are called with it and answer with the
    next one: see ``rl.networks.lstm``.

    Raises
    ------
    UnknownName
        if there is no such network, or no such heads; offers the nearest.

    >>> net = build("mlp", shape=(3, 5, 5), actions=4, seed=0)
    >>> {head: tuple(out.shape) for head, out in net(torch.zeros(2, 3, 5, 5)).items()}
    {'policy': (2, 4), 'value': (2, 1)}
    >>> net = build("impala", shape=(3, 5, 5), actions=4, seed=0, heads="q", quantiles=50)
    >>> {head: tuple(out.shape) for head, out in net(torch.zeros(2, 3, 5, 5)).items()}
    {'quantiles': (2, 50, 4), 'q': (2, 4)}
    """
    if name not in NETWORKS:
        raise UnknownName("network", name, NETWORKS)
    network = NETWORKS[name](shape, outputs_of(heads, actions=actions, quantiles=quantiles))
    if seed is not None:
        _orthogonal(network, torch.Generator().manual_seed(seed))
    return network


def has_memory(name: str) -> bool:
    """Whether the network of that name carries a memory through an episode; only recurrent-ppo trains such.

    >>> has_memory("mlp-lstm"), has_memory("mlp")
    (True, False)
    """
    return isinstance(NETWORKS.get(name), partial)


def fitting(name: str, *, memory: bool) -> str:
    """The network that is as the one of that name, but with or without a memory.

    >>> fitting("mlp", memory=True), fitting("mlp-lstm", memory=False)
    ('mlp-lstm', 'mlp')
    """
    return name.removesuffix("-lstm") + "-lstm" * memory


def _orthogonal(network: nn.Module, generator: torch.Generator) -> None:
    """Gain sqrt(2) before a ReLU, 1 for the value and inside an LSTM; ``GAINS`` for the heads."""
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.orthogonal_(layer.weight, GAINS.get(name, math.sqrt(2)), generator=generator)
            layer.bias.data.zero_()  # type: ignore[union-attr]
        elif isinstance(layer, nn.LSTM):
            for part, value in layer.named_parameters():
                if "weight" in part:
                    nn.init.orthogonal_(value, generator=generator)
                else:
                    value.data.zero_()
