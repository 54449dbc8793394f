"""check_world must fail: worlds with one planted fault each."""

from dataclasses import replace

import numpy as np
import pytest

from envs import registry
from envs.checks import ContractBroken, check_world
from envs.spec import World
from envs.state import AGENT
from envs.worlds import cheese

DIALS = registry.world("cheese", size=7, rand_region=5, limit=25).dials


def world_with(act=cheese.act, place=cheese.place) -> World:
    return World(replace(cheese.SPEC, act=act, place=place), DIALS)


def depends_on_neighbours(state, actions, events, terminated, dials):
    cheese.act(state, np.full_like(actions, actions[0]), events, terminated, dials)


def remembers_outside(state, actions, events, terminated, dials):
    remembers_outside.calls += 1
    cheese.act(state, (actions + remembers_outside.calls // 300) % 4, events, terminated, dials)


remembers_outside.calls = 0


def leaves_a_trail(state, actions, events, terminated, dials):
    before = state.agent.copy()
    cheese.act(state, actions, events, terminated, dials)
    state.planes[np.arange(len(before)), AGENT, before[:, 0], before[:, 1]] = 1


def writes_two(state, actions, events, terminated, dials):
    cheese.act(state, actions, events, terminated, dials)
    state.planes[:, 2] *= 2


def counts_in_secret(state, actions, events, terminated, dials):
    cheese.act(state, actions, events, terminated, dials)
    state.tally[:, 1] += 1


@pytest.mark.parametrize(
    ("act", "check"),
    [
        (depends_on_neighbours, "alone or together"),
        (remembers_outside, "repeats"),
        (leaves_a_trail, "planes are binary"),
        (writes_two, "planes are binary"),
        (counts_in_secret, "rewards match events"),
    ],
)
def test_planted_faults_are_found(act, check):
    with pytest.raises(ContractBroken, match=check):
        check_world(world_with(act=act))


def test_the_real_world_passes():
    assert check_world(world_with())
