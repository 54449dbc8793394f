"""Grey copies of sources: Pillow's grey, the same order and classes, unreadable pictures still left out."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import BadInput
from core.subject import InputSpec
from vision.datasets import open_images
from vision.grey import suited
from vision.scaling import parse_scaling

GREY = parse_scaling("grey 0..1, 16x16")


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(0)
    for k in range(3):
        Image.fromarray(generator.integers(0, 256, (16, 16, 3), np.uint8)).save(tmp_path / f"{k}.png")
    (tmp_path / "1b.png").write_bytes(b"no picture")
    return tmp_path


def test_grey_is_pillows_grey(folder):
    source = suited(open_images(folder, size=(16, 16)), GREY)
    images = torch.cat(list(source.batches(2)))
    expected = [np.asarray(Image.open(folder / f"{k}.png").convert("L")) for k in range(3)]
    assert images.shape == (3, 1, 16, 16)
    assert np.abs(images[:, 0].numpy() * 255 - expected).max() <= 1
    assert list(source.skipped) == ["1b.png"]


def test_it_is_another_source_with_the_same_classes():
    colour = open_images("shapes", size=(16, 16), count=4)
    grey = suited(colour, GREY)
    assert grey.fingerprint != colour.fingerprint
    assert grey.labels == colour.labels
    assert suited(colour, InputSpec((3, 16, 16), (0.0,) * 3, (1.0,) * 3)) is colour


def test_other_numbers_of_channels_have_no_pictures():
    spec = InputSpec((2, 16, 16), (0.0,) * 2, (1.0,) * 2, ("a", "b"))
    with pytest.raises(BadInput, match="3 channels or 1; a network that takes 2"):
        suited(open_images("shapes", size=(16, 16), count=4), spec)
