"""BVLC GoogLeNet: InceptionV1 without batch norm, in the original's layer names [szegedy2015]."""

import re
from collections import OrderedDict

import torch
from jaxtyping import Float
from torch import Tensor, nn

# name: 1x1, 3x3_reduce, 3x3, 5x5_reduce, 5x5, pool_proj
BLOCKS = {
    "inception_3a": (64, 96, 128, 16, 32, 32),
    "inception_3b": (128, 128, 192, 32, 96, 64),
    "inception_4a": (192, 96, 208, 16, 48, 64),
    "inception_4b": (160, 112, 224, 24, 64, 64),
    "inception_4c": (128, 128, 256, 24, 64, 64),
    "inception_4d": (112, 144, 288, 32, 64, 64),
    "inception_4e": (256, 160, 320, 32, 128, 128),
    "inception_5a": (256, 160, 320, 32, 128, 128),
    "inception_5b": (384, 192, 384, 48, 128, 128),
}


class Inception(nn.Module):
    """Four branches over the same input, side by side: 1x1, 3x3, 5x5 and pooled."""

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        one, three_reduce, three, five_reduce, five, pooled = widths
        self.branch_1x1 = _branch(("1x1", nn.Conv2d(inputs, one, 1)))
        self.branch_3x3 = _branch(
            ("3x3_reduce", nn.Conv2d(inputs, three_reduce, 1)),
            ("3x3", nn.Conv2d(three_reduce, three, 3, padding=1)),
        )
        self.branch_5x5 = _branch(
            ("5x5_reduce", nn.Conv2d(inputs, five_reduce, 1)),
            ("5x5", nn.Conv2d(five_reduce, five, 5, padding=2)),
        )
        self.branch_pool = _branch(("pool_proj", nn.Conv2d(inputs, pooled, 1)))
        self.pool = nn.MaxPool2d(3, 1, padding=1)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k h w"]:
        branches = (self.branch_1x1(x), self.branch_3x3(x), self.branch_5x5(x))
        return torch.cat([*branches, self.branch_pool(self.pool(x))], dim=1)


def googlenet_bvlc(classes: int = 1000) -> nn.Module:
    """The network for RGB images of 224 pixels (0..255 minus the mean); returns (n, classes) logits.

    >>> sum(p.numel() for p in googlenet_bvlc().parameters())
    6998552
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1_7x7_s2=nn.Conv2d(3, 64, 7, stride=2, padding=3),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
        norm1=nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1),
        conv2_3x3_reduce=nn.Conv2d(64, 64, 1),
        relu2_reduce=nn.ReLU(),
        conv2_3x3=nn.Conv2d(64, 192, 3, padding=1),
        relu2=nn.ReLU(),
        norm2=nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1),
        pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
    )
    inputs = 192
    for name, widths in BLOCKS.items():
        layers[name] = Inception(inputs, widths)
        inputs = widths[0] + widths[2] + widths[4] + widths[5]
        if name in ("inception_3b", "inception_4e"):
            layers[f"pool{name[10]}"] = nn.MaxPool2d(3, 2, ceil_mode=True)
    layers |= OrderedDict(
        pool5=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), loss3_classifier=nn.Linear(inputs, classes)
    )
    return nn.Sequential(layers)


def from_caffe_name(name: str) -> str:
    """Where a tensor of the original has its place in this module.

    >>> from_caffe_name("inception_3a_3x3_reduce.weight"), from_caffe_name("conv1_7x7_s2.bias")
    ('inception_3a.branch_3x3.3x3_reduce.weight', 'conv1_7x7_s2.bias')
    """
    found = re.match(r"^(inception_\d[a-e])_(1x1|3x3|5x5|pool)(.*)$", name)
    if found is None:
        return name
    block, branch, rest = found.groups()
    return f"{block}.branch_{branch}.{branch}{rest}"


def _branch(*convolutions: tuple[str, nn.Module]) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for name, convolution in convolutions:
        layers[name] = convolution
        layers[f"relu_{name}"] = nn.ReLU()
    return nn.Sequential(layers)
