"""Families of the square planted in an agent are found, with places, in maps and vectors; none where there are none."""

import numpy as np
import pytest

from core.symmetry.families import find
from core.symmetry.likeness import likenesses
from core.symmetry.null import shuffled
from core.symmetry.scores import adjusted_rand, order_error, pair_scores
from envs.registry import world
from rl.agents import as_subject
from rl.networks import build
from rl.symmetry import turned_states
from rl.symmetry.square import SQUARE

LAYERS = ["relu", "dense"]


@pytest.fixture(scope="module")
def states():
    return turned_states(world("cheese", rand_region=63), "window", count=128)


def searched(agent, layers, states):
    like = likenesses(agent, layers, states, batch_size=128)
    null = likenesses(shuffled(agent, seed=1), layers, states, batch_size=128)
    return {layer: find(like[layer], null=null[layer]) for layer in layers}


def test_planted_families_and_places_are_found(planted, states):
    made = planted(3)
    for found in searched(made.subject, LAYERS, states).values():
        labels = np.asarray(found.labels)
        assert pair_scores(made.family, labels).f1 > 0.95
        assert adjusted_rand(made.family, labels) > 0.95
        assert set(found.invariant) <= set(np.flatnonzero(made.family == -2))
        assert (labels[made.family == -2] < 0).all()
        for number, stabiliser in enumerate(made.stabilisers):
            units = np.flatnonzero(made.family == number)
            family = max(found.families, key=lambda one: len({m.unit for m in one.members} & set(units)))
            place = {member.unit: member.place for member in family.members}
            common = [unit for unit in units if unit in place]
            truth, assigned = made.place[common], np.array([place[unit] for unit in common])
            assert order_error(SQUARE, truth, assigned, stabiliser=stabiliser).mean == 0
            assert len(family.stabiliser) == len(stabiliser)


def test_fresh_and_shuffled_agents_have_next_to_none(planted, states):
    net = build("paper-conv", shape=(2, 13, 13), actions=4, seed=1)
    fresh = as_subject(net, world("cheese", rand_region=63), view="window", name="fresh")
    found = searched(fresh, ["relu2", "relu3"], states)
    found |= searched(shuffled(planted(1).subject, seed=5), LAYERS, states)
    claimed = sum(int((np.asarray(one.labels) >= 0).sum()) for one in found.values())
    assert claimed <= 0.05 * sum(one.units for one in found.values())
    assert all(len(family.members) <= 3 for one in found.values() for family in one.families)


def test_pooled_maps_are_read_where_their_cells_are():
    """What one unit says at a place its mirror image says at the mirrored place, exactly."""
    net = build("impala", shape=(2, 13, 13), actions=4, seed=0)
    agent = as_subject(net, world("cheese", rand_region=63), view="window", name="fresh")
    weight = agent.module.stacks[0].conv.weight
    weight.data[1] = weight.data[0].flip(-1)
    views = turned_states(world("cheese", rand_region=63), "window", count=32)
    values = likenesses(agent, ["stacks.0.pool"], views)["stacks.0.pool"].values
    assert values[4, 0, 1] == pytest.approx(1, abs=1e-4)
