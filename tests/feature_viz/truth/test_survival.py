"""Planted truth: a broad feature outlives every transform, one that lives on single pixels does not."""

import pytest
import torch
from torch import nn

from core.errors import BadInput
from core.subject import InputSpec, wrap
from core.targets import Output, Unit
from feature_viz.truth.held_out import HELD_OUT, NUMBERS
from feature_viz.truth.survival import survival


def eyes():
    """Channel 0 answers to red areas, channel 1 to a checkerboard of single pixels."""
    conv = nn.Conv2d(3, 2, 2, bias=False)
    conv.weight.data.zero_()
    conv.weight.data[0, 0] = 0.25
    conv.weight.data[1, 1] = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    net = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return wrap(
        net, name="eyes", spec=InputSpec((3, 32, 32), (0.0,) * 3, (1.0,) * 3), heads={"class": ("a", "b")}
    )


@pytest.fixture(scope="module")
def pictures():
    board = (torch.arange(32)[:, None] + torch.arange(32)) % 2
    red, checks = torch.full((2, 3, 32, 32), 0.5)
    red[0] = 0.7
    checks[1] = board.float()
    return torch.stack([red, checks])


TARGETS = [Unit("1", 0), Unit("1", 1)]


def test_a_broad_feature_survives_and_one_of_single_pixels_does_not(pictures):
    found = survival(eyes(), TARGETS, pictures)
    assert found.share[0] > 0.95
    assert found.share[1] < 0.6
    assert found.families["blur"][1] < 0.2
    assert found.spread[1] > found.spread[0]


def test_what_a_transform_leaves_alone_survives_it_whole(pictures):
    found = survival(eyes(), TARGETS, pictures, transforms={"blur": HELD_OUT["blur"]})
    assert found.share[0] == pytest.approx(1, abs=1e-5)
    assert found.clean[0] == pytest.approx(0.7)


def test_the_draws_are_the_picture_s_own(pictures):
    both = survival(eyes(), TARGETS, pictures, seed=3)
    alone = survival(eyes(), TARGETS[1:], pictures[1:], seed=3)
    other = survival(eyes(), TARGETS[1:], pictures[1:], seed=4)
    assert both.share[1] == pytest.approx(float(alone.share[0]), abs=1e-6)
    assert float(other.share[0]) != pytest.approx(float(alone.share[0]), abs=1e-6)


def test_a_picture_that_does_not_fire_has_no_survival(pictures):
    found = survival(eyes(), [Unit("1", 1), Output("class", 0)], pictures[:1].repeat(2, 1, 1, 1))
    assert torch.isnan(found.share[0])
    assert found.share[1] > 0.95


def test_a_picture_for_every_target(pictures):
    with pytest.raises(BadInput, match="1 pictures were given for 2 targets"):
        survival(eyes(), TARGETS, pictures[:1])
    with pytest.raises(BadInput, match="0 draws"):
        survival(eyes(), TARGETS, pictures, draws=0)


@pytest.mark.parametrize("name", HELD_OUT)
@pytest.mark.parametrize("shape", [(3, 3, 20, 24), (2, 1, 30, 30)])
def test_transforms_keep_shape_and_range_and_change_each_picture_in_its_own_way(name, shape):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(1, *shape[1:], generator=generator).expand(shape)
    drawn = 2 * torch.rand(shape[0], NUMBERS, generator=generator) - 1
    bent = HELD_OUT[name](images, drawn)
    assert bent.shape == shape
    assert 0 <= bent.min() <= bent.max() <= 1
    assert not torch.allclose(bent[0], images[0], atol=1e-3)
    assert not torch.allclose(bent[0], bent[1], atol=1e-4)
    torch.testing.assert_close(HELD_OUT[name](images[1:], drawn[1:]), bent[1:])
