"""The networks: shapes, the table, one seed one network."""

import pytest
import torch

from core.errors import UnknownName
from rl.networks import NETWORKS, build


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", [(2, 13, 13), (3, 7, 7), (3, 10, 6)])
def test_a_network_answers_with_a_policy_and_a_value(name, shape):
    answer = build(name, shape=shape, actions=5, seed=0)(torch.rand(3, *shape))
    assert answer["policy"].shape == (3, 5)
    assert answer["value"].shape == (3, 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_seed_makes_the_weights_and_the_first_policy_is_nearly_uniform(name):
    one, same, other = (build(name, shape=(2, 9, 9), actions=4, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))
    chances = one(torch.rand(50, 2, 9, 9))["policy"].softmax(1)
    assert (chances - 0.25).abs().max() < 0.05


def test_an_unknown_network_is_met_with_the_nearest():
    with pytest.raises(UnknownName, match="'small-cnv'; the nearest valid one is 'small-conv'"):
        build("small-cnv", shape=(2, 9, 9), actions=4)
