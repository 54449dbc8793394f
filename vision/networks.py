"""The embedded classifier: four convolutions, small enough to read and to train in minutes."""

from collections import OrderedDict

from torch import nn

from core.subject import InputSpec

SHAPES_INPUT = InputSpec((3, 48, 48), mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def shapes_cnn(classes: int = 16) -> nn.Module:
    """A network for RGB images of 48 pixels; returns (n, classes) logits.

    Every activation is a module of its own, so it can be named, captured and attributed to. The first filters are
    7 pixels wide, so that they can be looked at.

    >>> import torch
    >>> shapes_cnn()(torch.zeros(2, 3, 48, 48)).shape
    torch.Size([2, 16])
    """
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, 24, 7, stride=2, padding=3, bias=False),
            norm1=nn.BatchNorm2d(24),
            relu1=nn.ReLU(),  # 24 maps of 24 x 24
            conv2=nn.Conv2d(24, 40, 3, padding=1, bias=False),
            norm2=nn.BatchNorm2d(40),
            relu2=nn.ReLU(),  # 40 maps of 24 x 24
            pool2=nn.MaxPool2d(2),
            conv3=nn.Conv2d(40, 64, 3, padding=1, bias=False),
            norm3=nn.BatchNorm2d(64),
            relu3=nn.ReLU(),  # 64 maps of 12 x 12
            pool3=nn.MaxPool2d(2),
            conv4=nn.Conv2d(64, 96, 3, padding=1, bias=False),
            norm4=nn.BatchNorm2d(96),
            relu4=nn.ReLU(),  # 96 maps of 6 x 6
            pool4=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            logits=nn.Linear(96, classes),
        )
    )
