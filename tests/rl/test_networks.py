"""The networks: shapes, heads, one seed one network, weights as they always were, memories that count."""

import math

import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from rl.networks import NETWORKS, build, has_memory
from rl.networks.impala import POOLED_FROM

SHAPES = [(2, 5, 5), (2, 13, 13), (3, 10, 6), (4, 19, 19)]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", SHAPES)
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


@pytest.mark.parametrize("name", [name for name in NETWORKS if not has_memory(name)])
def test_q_networks_score_every_action_and_quantiles_average_to_it(name):
    seen = torch.rand(3, 2, 9, 9)
    plain = build(name, shape=(2, 9, 9), actions=4, seed=0, heads="q")(seen)
    assert {head: tuple(out.shape) for head, out in plain.items()} == {"q": (3, 4)}
    spread = build(name, shape=(2, 9, 9), actions=4, seed=0, heads="q", quantiles=7)(seen)
    assert spread["quantiles"].shape == (3, 7, 4)
    torch.testing.assert_close(spread["q"], spread["quantiles"].mean(1))
    assert spread["q"].abs().max() < 0.2  # nothing is expected of any action yet


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("small-conv", {"conv": (16, 2, 5, 5), "hidden1": (128, 400), "hidden2": (64, 128)}),
        ("mlp", {"hidden1": (128, 162), "hidden2": (64, 128)}),
    ],
)
def test_first_weights_are_what_they_were_for_agents_trained_long_ago(name, layers):
    generator, found = (
        torch.Generator().manual_seed(3),
        dict(build(name, shape=(2, 9, 9), actions=4, seed=3).named_parameters()),
    )
    gains = [*((layer, shape, math.sqrt(2)) for layer, shape in layers.items())]
    for layer, shape, gain in [*gains, ("policy", (4, 64), 0.01), ("value", (1, 64), 1.0)]:
        wanted = nn.init.orthogonal_(torch.empty(shape), gain, generator=generator)
        torch.testing.assert_close(found.pop(f"{layer}.weight"), wanted, rtol=0, atol=0)
        assert not found.pop(f"{layer}.bias").any()
    assert not found


def test_the_papers_convolutions_are_the_papers():
    convolutions = [
        m for m in build("paper-conv", shape=(4, 14, 14), actions=5).modules() if isinstance(m, nn.Conv2d)
    ]
    assert [(m.out_channels, m.kernel_size, m.stride) for m in convolutions] == [(16, (3, 3), (1, 1))] * 2


@pytest.mark.parametrize(("side", "poolings"), [(5, 0), (7, 1), (9, 1), (13, 2), (19, 2), (27, 3), (64, 3)])
def test_impala_pools_only_while_cells_are_left(side, poolings):
    network = build("impala", shape=(3, side, side), actions=4, seed=0)
    assert sum(isinstance(module, nn.MaxPool2d) for module in network.modules()) == poolings
    cells = network.hidden.in_features / 32
    assert cells >= min(side, (POOLED_FROM + 1) // 2) ** 2
    assert (
        sum(isinstance(module, nn.Conv2d) for module in network.modules()) == 15
    )  # as in the Procgen agents


@pytest.mark.parametrize("name", [name for name in NETWORKS if has_memory(name)])
def test_steps_one_by_one_are_the_steps_at_once_and_memory_matters(name):
    network = build(name, shape=(2, 9, 9), actions=4, seed=0)
    seen = torch.rand(6, 3, 2, 9, 9)
    with torch.no_grad():
        whole, last = network.over(seen, torch.zeros(3, *network.memory))
        memory, steps = None, []
        for now in seen:
            said = network(now, memory)
            memory = said["memory"]
            steps.append(said["policy"])
        torch.testing.assert_close(torch.cat(steps), whole["policy"])
        torch.testing.assert_close(memory, last)
        torch.testing.assert_close(
            network(seen[0])["value"], network(seen[0], torch.zeros(3, 2, 64))["value"]
        )
        assert (network(seen[0], memory)["value"] - network(seen[0])["value"]).abs().max() > 1e-3


def test_an_unknown_network_is_met_with_the_nearest():
    with pytest.raises(UnknownName, match="'small-cnv'; the nearest valid one is 'small-conv'"):
        build("small-cnv", shape=(2, 9, 9), actions=4)


def test_heads_that_cannot_be_are_refused():
    with pytest.raises(UnknownName, match="actor-critic"):
        build("mlp", shape=(2, 9, 9), actions=4, heads="actor-critc")
    with pytest.raises(BadInput, match="cannot have 5 quantiles"):
        build("mlp", shape=(2, 9, 9), actions=4, quantiles=5)
    with pytest.raises(BadInput, match="cannot have 0 quantiles"):
        build("mlp", shape=(2, 9, 9), actions=4, heads="q", quantiles=0)
