"""Input scaling as the weights files state it."""

import pytest
import torch

from core.errors import BadInput
from core.subject import normalise
from vision.scaling import parse_scaling


def test_caffe_scaling_is_pixels_minus_the_mean():
    spec = parse_scaling("RGB 0..255 minus (122.679,116.669,104.007)", size=4)
    pixels = torch.full((1, 3, 4, 4), 200.0)
    expected = pixels[0, :, 0, 0] - torch.tensor([122.679, 116.669, 104.007])
    torch.testing.assert_close(normalise(spec, pixels / 255)[0, :, 0, 0], expected)


def test_torchvision_scaling_with_size():
    spec = parse_scaling("RGB 0..1, mean (.485,.456,.406) std (.229,.224,.225), 32x32")
    assert spec.shape == (3, 32, 32)
    assert spec.mean == (0.485, 0.456, 0.406)
    assert spec.std == (0.229, 0.224, 0.225)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("imagenet", "expected the form"),
        ("BGR 0..255 minus (1, 2, 3), 9x9", "expected RGB"),
        ("RGB 0..1 mean (1, 2), 9x9", "has 2 numbers"),
        ("RGB 0..1 mean (1, 2, 1e), 9x9", "not three numbers"),
        ("RGB 0..1 std (1, 1, 0), 9x9", "not above 0"),
        ("RGB 0..1", "says no size"),
    ],
)
def test_what_is_not_understood_is_said(text, match):
    with pytest.raises(BadInput, match=match):
        parse_scaling(text)
