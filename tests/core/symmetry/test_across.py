"""Two networks under one group: each as it is alone, the one beside the other as one network beside itself."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch.nn.functional as F

from core.errors import BadInput
from core.symmetry.across import Side, across
from core.symmetry.likeness import likenesses
from core.symmetry.views import Views
from core.testing import planted_families, planted_views


@pytest.fixture(scope="module")
def planted():
    return planted_families("rotation", seed=3, alone=4, families=2)


@pytest.fixture(scope="module")
def views(planted):
    return planted_views(planted, count=20, seed=1)


def test_each_layer_is_what_it_is_alone(planted, views):
    side = Side(planted.subject, "relu1", views)
    both = across(side, Side(planted.subject, "conv1", views), seed=5)
    alone = likenesses(planted.subject, ["relu1"], views, seed=5)["relu1"]
    assert np.allclose(both.one.values, alone.values, atol=1e-5)
    assert np.allclose(both.one.halves[0], alone.halves[0], atol=1e-5)
    assert (both.one.alive == alone.alive).all()
    assert both.other.units == both.one.units == both.values.shape[1]


def test_one_beside_the_other_turns_around(planted, views):
    one, other = Side(planted.subject, "relu1", views), Side(planted.subject, "conv1", views)
    there, back = across(one, other, seed=5), across(other, one, seed=5)
    group = planted.group
    assert np.allclose(there.values[group.inverse].transpose(0, 2, 1), back.values, atol=1e-5)


@dataclass(frozen=True)
class Larger:
    """The same views, twice the size."""

    views: Views

    def __getattr__(self, name):
        return getattr(self.views, name)

    def __len__(self):
        return len(self.views)

    @property
    def size(self):
        return tuple(2 * side for side in self.views.size)

    def batches(self, batch_size):
        for view in self.views.batches(batch_size):
            yield lambda element, view=view: F.interpolate(view(element), scale_factor=2, mode="nearest")


def test_networks_that_take_other_sizes_are_read_at_the_same_places(planted, views):
    """A network that first halves what it is shown, beside the network itself."""
    from collections import OrderedDict

    from torch import nn

    from core.subject import InputSpec, wrap

    module = nn.Sequential(
        OrderedDict(halve=nn.AvgPool2d(2), **dict(planted.subject.module.named_children()))
    )
    spec = planted.subject.spec
    twice = InputSpec((3, 2 * spec.shape[1], 2 * spec.shape[2]), spec.mean, spec.std)
    other = wrap(module, name="halving", spec=twice, heads=planted.subject.heads)
    both = across(Side(planted.subject, "relu1", views), Side(other, "relu1", Larger(views)))
    alive = both.one.alive
    own = np.diagonal(both.values[planted.group.identity])[alive]
    assert own.min() > 0.97
    assert np.allclose(both.values[:, alive][:, :, alive], both.one.values[:, alive][:, :, alive], atol=0.1)


def test_a_vector_beside_maps_is_read_as_means(planted, views):
    both = across(Side(planted.subject, "relu1", views), Side(planted.subject, "flat", views))
    own = np.diagonal(both.values[planted.group.identity])[both.one.alive]
    assert both.one.positions == 1
    assert own.min() > 0.8


def test_other_inputs_or_groups_are_refused(planted, views):
    side = Side(planted.subject, "relu1", views)
    with pytest.raises(BadInput, match="at least 16 inputs; given 9"):
        few = planted_views(planted, count=9, seed=1)
        across(Side(planted.subject, "relu1", few), side)
    with pytest.raises(BadInput, match=r"given 20 under rotation .* and 17"):
        across(side, Side(planted.subject, "relu1", planted_views(planted, count=17, seed=1)))
    mirrored = planted_families("reflection", seed=0)
    with pytest.raises(BadInput, match=r"under reflection \(2 elements\)"):
        across(side, Side(mirrored.subject, "relu1", planted_views(mirrored, count=20, seed=1)))
