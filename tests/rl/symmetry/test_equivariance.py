"""Planted agents: one that wants the cheese turns with its world, one that wants the corner only with that corner."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput, NotFinite
from envs.registry import world
from rl.agents import as_subject
from rl.goals import parted
from rl.networks import build
from rl.symmetry import policy_equivariance, turned_states


@pytest.fixture(scope="module")
def anywhere(maze):
    return parted(maze)


@pytest.fixture(scope="module")
def states(anywhere):
    return turned_states(anywhere, "window", count=60)


def measured(agent, anywhere, states):
    return policy_equivariance(agent, anywhere, states, view="window")


def test_who_wants_the_cheese_turns_with_the_world(cheese_seeker, anywhere, states):
    found = measured(cheese_seeker, anywhere, states)
    assert [one.element for one in found.elements] == list(states.group.labels[1:])
    assert max(one.distance.high for one in found.elements) < 1e-6
    assert min(one.agreement.estimate for one in found.elements) == 1
    assert min(one.shuffled.low for one in found.elements) > 0.4
    assert max(one.value.high for one in found.elements) < 1e-6
    assert min(one.value_elsewhere.low for one in found.elements) > 0.5
    assert found.share.high < 1e-6
    assert "rand_region=63" in found.states
    assert found.provenance.subject == cheese_seeker.fingerprint


def test_who_wants_the_corner_turns_with_the_one_mirror_that_keeps_it(corner_runner, anywhere, states):
    found = {one.element: one for one in measured(corner_runner, anywhere, states).elements}
    keeps = found.pop("mirrored 270°")  # which exchanges up with right, down with left
    assert keeps.distance.high < 1e-6
    assert keeps.agreement.estimate == 1
    assert min(one.distance.low for one in found.values()) > 0.05


class Headstrong(nn.Module):
    """Goes up whatever it sees."""

    def __init__(self, logits):
        super().__init__()
        self.eye = nn.Identity()
        self.logits = torch.tensor(logits)

    def forward(self, seen):
        seen = self.eye(seen)
        return {"policy": self.logits.expand(len(seen), -1), "value": seen.mean((1, 2, 3))[:, None]}


def test_who_always_goes_up_is_as_far_off_as_can_be(anywhere, states):
    agent = as_subject(Headstrong([30.0, 0.0, 0.0, 0.0]), anywhere, view="window", name="up")
    found = measured(agent, anywhere, states)
    distances = {one.element: one.distance.estimate for one in found.elements}
    assert distances == pytest.approx(
        {name: float(name != "mirrored 0°") for name in states.group.labels[1:]}
    )
    assert found.share.estimate > 1
    assert max(one.value.high for one in found.elements) < 1e-6  # turning moves no wall away


def test_who_knows_no_moves_apart_has_no_share(anywhere, states):
    agent = as_subject(Headstrong([0.0] * 4), anywhere, view="window", name="idle")
    assert measured(agent, anywhere, states).share is None


def test_a_fresh_agent_turns_no_more_than_by_chance(anywhere, states):
    net = build("small-conv", shape=(2, 9, 9), actions=4, seed=0)
    found = measured(as_subject(net, anywhere, view="window", name="fresh"), anywhere, states)
    assert found.share.estimate > 0.8
    assert max(one.distance.high for one in found.elements) < 0.05


def test_q_networks_and_still_actions(anywhere):
    arena = world("tree")
    net = build("mlp", shape=(2, 19, 19), actions=5, seed=0, heads="q")
    found = measured(
        as_subject(net, arena, view="window", name="q"), arena, turned_states(arena, "window", count=40)
    )
    assert 0.3 < found.share.estimate < 1.7


def test_what_cannot_be_measured_is_one_sentence(cheese_seeker, anywhere, states):
    with pytest.raises(BadInput, match="at least 16 states; got 5"):
        measured(cheese_seeker, anywhere, dataclasses.replace(states, seen=states.seen[:5]))
    broken = as_subject(Headstrong([np.nan] * 4), anywhere, view="window", name="broken")
    with pytest.raises(NotFinite, match="turned states"):
        measured(broken, anywhere, states)
