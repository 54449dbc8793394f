"""Every classifier of torchvision's can be wrapped, captured from and rendered, whatever its outputs look like."""

import pytest
import torch

from core.activations import capture
from core.layers import as_maps
from core.targets import Unit
from feature_viz.optimize import render
from vision import models
from vision.sources import torchvision

SIZES = {"maxvit_t": 224, "inception_v3": 96, "vit_h_14": 56}
"""Sides in pixels where 64 is not possible; maxvit_t takes no other."""

QUICK = ("resnet18", "swin_t", "convnext_tiny", "mobilenet_v3_small", "googlenet", "shufflenet_v2_x0_5")
"""Different from each other, and quick to build."""


def check(name):
    size = SIZES.get(name, 64)
    subject = models.load(name, size=size)
    assert len(subject.heads["class"]) == 1000
    names = list(subject.layers)
    layer = subject.layers[names[len(names) // 2]]
    images = torch.rand(2, 3, size, size)
    answers = capture(subject, images, [layer.name])[layer.name]
    assert as_maps(answers, layer).shape == (2, layer.channels, *layer.grid)
    (image,) = render(subject, [Unit(layer.name, layer.channels - 1)], steps=2, size=size)
    assert image.image.shape == (3, size, size)
    assert image.trace.shape == (2,)
    assert 0 <= float(image.image.min()) < float(image.image.max()) <= 1


@pytest.mark.parametrize("name", QUICK)
def test_some_of_every_kind(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in torchvision.names() if name not in QUICK])
def test_all_the_others(name):
    check(name)


def test_no_output_with_another_first_axis_than_the_inputs_is_a_layer():
    subject = models.load(
        "swin_v2_t", size=64
    )  # has windows, and tables of position that are the same for all
    answers = capture(subject, torch.rand(3, 3, 64, 64), list(subject.layers))
    assert {len(answer) for answer in answers.values()} == {3}


def test_a_vision_transformer_is_built_for_the_size_asked_for():
    subject = models.load("vit_b_32", size=64)
    block = subject.layers["encoder.layers.encoder_layer_3"]
    assert (block.grid, block.channels) == ((2, 2), 768)
