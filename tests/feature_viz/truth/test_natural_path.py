"""Planted truth: a hidden circuit that answers what no natural image shows is found out; a plain one is not."""

import pytest
import torch
from torch import nn

from core.subject import InputSpec, wrap
from core.targets import Output, Unit
from core.testing import planted_classifier
from feature_viz.optimize import render
from feature_viz.truth.natural_path import layers_below, natural_path

SIDE = 24


class Circuits(nn.Module):
    """Channels 0 to 2 see red, green and blue areas; 3 sees horizontal edges.

    Unit k of ``out`` answers to channel k; with ``fooling`` far more to edges, which the natural images do not
    show: a silent path for what is rendered, as in Geirhos et al.
    """

    def __init__(self, fooling):
        super().__init__()
        self.see = nn.Conv2d(3, 4, 4, bias=False)
        self.see.weight.data.zero_()
        for channel in range(3):
            self.see.weight.data[channel] = -0.025
            self.see.weight.data[channel, channel] = 0.0625
        self.see.weight.data[3] = torch.tensor([1.0, 1.0, -1.0, -1.0])[:, None] / 24
        self.relu = nn.ReLU()
        self.out, self.head = nn.Identity(), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fooling = fooling

    def forward(self, inputs):
        seen = self.relu(self.see(inputs))
        hidden = (seen[:, 3:] - 0.05).relu() * (20.0 if self.fooling else 0.0)
        answers = seen[:, :3] * (0.02 if self.fooling else 1.0) + hidden
        return self.head(self.out(answers))


def subject(fooling):
    spec = InputSpec((3, SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3)
    return wrap(Circuits(fooling), name="circuits", spec=spec, heads={"class": ("red", "green", "blue")})


def natural(n=6, seed=0):
    """Smooth crops (3 units, n each): areas of each unit's colour, as its top images are."""
    generator = torch.Generator().manual_seed(seed)
    crops = 0.3 + 0.05 * torch.rand(3, n, 3, SIDE, SIDE, generator=generator)
    crops = crops + 0.1 * torch.rand(3, n, 3, 1, 1, generator=generator)
    for unit in range(3):
        crops[unit, :, unit] += 0.4
    return crops


@pytest.mark.parametrize("fooling", [False, True])
def test_rendered_pictures_take_the_path_that_the_network_has(fooling):
    net = subject(fooling)
    made = render(net, [Unit("out", k) for k in range(3)], steps=96, size=SIDE)
    found = natural_path(net, ["see", "relu"], torch.stack([each.image for each in made]), natural())
    assert all(each.fired for each in made)
    if fooling:
        assert (found.overall < 0.5).all()
    else:
        assert (found.overall > 0.65).all()


def test_natural_crops_go_the_whole_way_and_other_units_none():
    net, crops = subject(False), natural(7)
    own = natural_path(net, ["relu"], crops[:, 6], crops[:, :6])
    others = natural_path(net, ["relu"], crops[:, 6].roll(1, 0), crops[:, :6])
    assert own.overall.tolist() == pytest.approx([1.0] * 3, abs=0.1)
    assert others.overall.abs().max() < 0.5
    torch.testing.assert_close(own.layers["relu"], own.overall)


def test_where_crops_of_all_units_are_alike_nothing_can_be_said():
    same = natural()[:1].expand(3, -1, -1, -1, -1)
    assert torch.isnan(natural_path(subject(False), ["relu"], same[:, 0], same).overall).all()


@pytest.mark.parametrize(("n", "k"), [(1, 4), (3, 1)])
def test_one_unit_or_one_crop_is_not_enough(n, k):
    crops = natural(k)[:n]
    assert torch.isnan(natural_path(subject(False), ["relu"], crops[:, 0], crops).overall).all()


def test_layers_below_stop_before_the_unit_s_own():
    net = planted_classifier(seed=0)
    assert layers_below(net, Unit("conv", 0)) == ()
    assert layers_below(net, Unit("relu", 0)) == ("conv",)
    assert layers_below(net, Output("class", 0)) == ("conv", "relu", "pool")
