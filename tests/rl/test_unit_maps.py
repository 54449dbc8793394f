"""A unit's map is its kernel where it is linear; of a vector the whole view; strangers are one sentence."""

import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from envs.registry import world
from rl.agents import as_subject
from rl.unit_maps import unit_maps


class _Seeing(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(2, 3, 3, stride=2, padding=1)
        self.relu = nn.ReLU()
        self.dense = nn.Linear(2 * 9 * 9, 5)
        self.policy = nn.Linear(5, 4)
        self.value = nn.Linear(5, 1)

    def forward(self, seen):
        self.relu(self.conv(seen))
        known = self.dense(seen.flatten(1))
        return {"policy": self.policy(known), "value": self.value(known)}


@pytest.fixture(scope="module")
def agent():
    return as_subject(_Seeing(), world("cheese", size=7), view="window", name="seeing")


@pytest.fixture(scope="module")
def seen():
    return torch.rand(30, 2, 9, 9, generator=torch.Generator().manual_seed(1))


def test_of_a_convolution_it_is_the_kernel(agent, seen):
    assert torch.allclose(unit_maps(agent, "conv", [2, 0], seen), agent.module.conv.weight[[2, 0]], atol=1e-6)


def test_of_what_fires_at_times_it_is_that_share_of_the_kernel(agent, seen):
    shares = (agent.module.conv(seen)[:, :, 2, 2] > 0).float().mean(0)
    unit = int((0.5 - shares).abs().argmin())
    assert 0 < shares[unit] < 1
    made = unit_maps(agent, "relu", [unit], seen)[0]
    assert torch.allclose(made, shares[unit] * agent.module.conv.weight[unit], atol=1e-6)


def test_of_a_vector_it_is_the_whole_view(agent, seen):
    assert torch.allclose(unit_maps(agent, "dense", [4], seen)[0], agent.module.dense.weight[4].view(2, 9, 9))
    assert unit_maps(agent, "dense", [], seen).shape == (0, 2, 9, 9)


def test_strangers_are_one_sentence(agent, seen):
    with pytest.raises(BadInput, match="layer 'dense' has units 0 to 4; got 5"):
        unit_maps(agent, "dense", [5], seen)
    with pytest.raises(UnknownName, match="nearest valid one is 'dense'"):
        unit_maps(agent, "dens", [0], seen)
