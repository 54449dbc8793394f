"""A tiny random classifier: a stand-in where only shapes and contracts matter."""

import torch
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap


class _TinyConv(nn.Module):
    def __init__(self, seed: int, channels: int, size: int, classes: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.conv = nn.Conv2d(channels, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.head = nn.Linear(16, classes)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.pool(self.relu(self.conv(inputs))).flatten(1))
        return logits


def planted_classifier(*, seed: int, size: int = 12, classes: int = 3) -> Subject:
    """A tiny random classifier of RGB images: a stand-in where only shapes and contracts matter.

    >>> planted_classifier(seed=0).heads["class"]
    ('0', '1', '2')
    """
    spec = InputSpec((3, size, size), mean=(0.5,) * 3, std=(0.25,) * 3)
    labels = tuple(map(str, range(classes)))
    return wrap(_TinyConv(seed, 3, size, classes), name="planted", spec=spec, heads={"class": labels})
