"""Receptive fields agree with arithmetic on kernels, strides and padding."""

import pytest
import torch
from torch import nn

from core.receptive import receptive_fields
from core.subject import InputSpec, wrap


def convnet(*layers):
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    generator = torch.Generator().manual_seed(0)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.3, generator=generator)
    return wrap(
        net, name="net", spec=InputSpec((3, 64, 48), (0.5,) * 3, (0.25,) * 3), heads={"class": ("a", "b")}
    )


CASES = {
    "conv": ([nn.Conv2d(3, 2, 5, padding=2)], (-2, 1, 5)),
    "strided": ([nn.Conv2d(3, 2, 7, stride=2, padding=3)], (-3, 2, 7)),
    "two": ([nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 2, 3, stride=2, padding=1)], (-2, 4, 7)),
    "pool": ([nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 2, 3, padding=1)], (-3, 2, 8)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_theoretical_field_is_found(name):
    layers, (origin, stride, extent) = CASES[name]
    layer = str(len(layers) - 1)
    field = receptive_fields(convnet(*layers), [layer], size=(64, 48), coverage=1.0)[layer]
    assert (field.origin, field.stride, field.extent) == ((origin,) * 2, (stride,) * 2, (extent,) * 2)


def test_the_effective_field_lies_within_the_theoretical_one():
    subject = convnet(*CASES["two"][0])
    whole, core = (receptive_fields(subject, ["2"], size=(64, 48), coverage=c)["2"] for c in (1.0, 0.5))
    assert core.extent[0] < whole.extent[0]
    top, left, height, width = core.box(5, 5)
    outer = whole.box(5, 5)
    assert outer[0] <= top
    assert outer[1] <= left
    assert top + height <= outer[0] + outer[2]
    assert left + width <= outer[1] + outer[3]


def test_boxes_stay_within_the_image_and_vectors_see_all_of_it():
    subject = convnet(*CASES["conv"][0])
    fields = receptive_fields(subject, ["0", "2"], size=(64, 48), coverage=1.0)
    assert fields["0"].box(0, 47) == (0, 45, 3, 3)
    assert fields["2"].box(0, 0) == (0, 0, 64, 48)
