"""The lattice of a layer agrees with arithmetic on kernels, strides, padding and pools, whatever the weights are."""

import pytest
import torch
from torch import nn

from core.errors import UnknownName
from core.lattice import lattice
from core.subject import InputSpec, wrap


def network(*layers, shape=(3, 24, 24), seed=0):
    net = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(2))
    net(torch.zeros(1, *shape))
    generator = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.5, generator=generator)
    spec = InputSpec(shape, (0.45 * (seed == 0),) * shape[0], (0.22,) * shape[0], tuple("abc"[: shape[0]]))
    return wrap(net, name="net", spec=spec, heads={"class": ("a", "b")})


def conv(width, k, s=1, p=0):
    return nn.Conv2d(width, 4, k, s, p)


def convs(width=3):
    """Each layer's arithmetic: start + ((k - 1) / 2 - p) x step, step x stride."""
    return {
        "padded": ([conv(width, 5, p=2)], 0.0, 1.0),
        "bare": ([conv(width, 5)], 2.0, 1.0),
        "strided": ([conv(width, 7, 2, 3), nn.ReLU()], 0.0, 2.0),
        "even": ([conv(width, 4, 4)], 1.5, 4.0),
        "pooled": ([conv(width, 3, p=1), nn.ReLU(), nn.MaxPool2d(2), conv(4, 3, p=1)], 0.5, 2.0),
        "rounded up": ([conv(width, 3, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True)], 2.0, 4.0),
        "without bias": ([nn.Conv2d(width, 4, 5, 2, 2, bias=False), nn.ReLU()], 0.0, 2.0),
        "normalised": ([conv(width, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), conv(4, 3, 2, 1)], 0.0, 4.0),
    }


@pytest.mark.parametrize("name", convs())
@pytest.mark.parametrize("seed", [0, 1])
def test_positions_lie_where_arithmetic_says(name, seed):
    layers, start, step = convs()[name]
    found = lattice(network(*layers, seed=seed), str(len(layers) - 1), size=(24, 24))
    assert (found.start, found.step) == ((start,) * 2, (step,) * 2)


def test_small_maps_that_see_everything_keep_to_the_middle():
    stacks = [nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3, padding=1)]
    stacks += [nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)]
    found = lattice(network(*stacks, shape=(2, 13, 13)), "5", size=(13, 13))
    assert (found.start, found.step) == ((0.0, 0.0), (4.0, 4.0))  # 0, 4, 8, 12 of 13


def test_oblong_images_vectors_and_strangers():
    net = network(conv(3, 3, 2, 1), nn.ReLU(), shape=(3, 24, 12))
    assert lattice(net, "1", size=(24, 12)).step == (2.0, 2.0)
    assert lattice(net, "3", size=(24, 12)).start == (11.5, 5.5)
    with pytest.raises(UnknownName):
        lattice(net, "relu", size=(24, 12))


def test_the_subject_stays_as_it_was():
    net = network(conv(3, 3, p=1), nn.BatchNorm2d(4), nn.MaxPool2d(2))
    before = {name: value.clone() for name, value in net.module.state_dict().items()}
    lattice(net, "2", size=(24, 24))
    assert all(torch.equal(value, before[name]) for name, value in net.module.state_dict().items())
    assert not any(inner._forward_hooks for inner in net.module.modules())
