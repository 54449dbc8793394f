"""convolutional(): a small network of given filters, layers conv1, relu1 (conv2, relu2), pool, head."""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from core.subject import InputSpec, Subject, wrap
from core.testing.families.waves import CONTRAST

POSITIONS = 19
"""Positions a side of the last layer's maps."""


def convolutional(
    layers: Sequence[tuple[np.ndarray, np.ndarray]], *, name: str, rng: np.random.Generator
) -> Subject:
    """A Subject of the layers' (weights (o, i, k, k), bias (o,)), without padding; two classes, read off at random."""
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    side = POSITIONS
    for number, (weights, bias) in enumerate(layers, 1):
        out, into, size, _ = weights.shape
        conv = nn.Conv2d(into, out, size)
        conv.weight.data = torch.from_numpy(weights).float()
        conv.bias.data = torch.from_numpy(bias).float()  # type: ignore[union-attr]
        modules |= {f"conv{number}": conv, f"relu{number}": nn.ReLU()}
        side += size - 1
    units = len(layers[-1][1])
    head = nn.Linear(units, 2)
    head.weight.data = torch.from_numpy(rng.normal(size=(2, units)) / units**0.5).float()
    head.bias.data.zero_()
    modules |= {"pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "head": head}
    spec = InputSpec((3, side, side), mean=(0.5,) * 3, std=(CONTRAST,) * 3)
    return wrap(nn.Sequential(modules), name=name, spec=spec, heads={"class": ("0", "1")})
