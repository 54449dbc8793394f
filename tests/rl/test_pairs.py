"""Pairs of states: one thing is edited, the agent's choice turns, and an agent that does not look finds none."""

import numpy as np
import pytest
import torch

from core.errors import BadInput, UnknownName
from core.pairs import turns
from core.subject import run
from envs.registry import WORLDS, world
from rl.agents import as_subject, info, load
from rl.networks import build
from rl.pairs import edits_of, pairs


@pytest.fixture(scope="module")
def monster():
    return load("monster-25"), info("monster-25")


def test_every_edit_of_an_agent_turns_its_choice(monster):
    subject, about = monster
    made = pairs(subject, about.world, view=about.view, each=3, seed=1)
    assert {pair.kind for pair in made} == set(edits_of(about.world))
    assert all(turns(subject, pair) for pair in made)


def test_only_the_edited_thing_differs(monster):
    subject, about = monster
    for pair in pairs(subject, about.world, view=about.view, each=3):
        differ = (pair.clean != pair.corrupted).flatten(1).any(1)
        channels = np.array(subject.spec.channels)[differ.numpy()].tolist()
        assert channels == [pair.kind.split()[0]]
        assert torch.equal((pair.clean != pair.corrupted).any(0), pair.changed)
        if pair.kind.endswith("gone"):
            assert not pair.corrupted[differ].any()


def test_the_unrelated_state_is_answered_with_a_third_action(monster):
    subject, about = monster
    made = pairs(subject, about.world, view=about.view, each=3)
    chosen = run(subject, torch.stack([pair.unrelated for pair in made]))["policy"].argmax(1).tolist()
    assert all(action not in (pair.plus, pair.minus) for action, pair in zip(chosen, made, strict=True))


def test_the_same_seed_draws_the_same_pairs(monster):
    subject, about = monster
    drawn = [pairs(subject, about.world, kinds=["apple gone"], each=2, seed=seed) for seed in (3, 3, 4)]
    marks = [[pair.fingerprint for pair in made] for made in drawn]
    assert marks[0] == marks[1] != marks[2]


def test_an_agent_that_does_not_look_at_a_thing_has_no_pairs_for_it():
    maze = world("cheese")
    network = build("mlp", shape=(2, 13, 13), actions=4, seed=0)
    with torch.no_grad():  # blind to the cheese: the first layer takes nothing of its channel
        first = next(layer for layer in network.modules() if isinstance(layer, torch.nn.Linear))
        first.weight[:, 169:] = 0
    blind = as_subject(network, maze, view="window", name="blind")
    with pytest.raises(BadInput, match="only 0 of 4096 states"):
        pairs(blind, maze, kinds=["cheese moved"], each=1)


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_has_edits(name):
    things = {edit.rsplit(" ", 1)[0] for edit in edits_of(world(name))}
    assert things
    assert things <= set(world(name).channels[2:])


def test_an_unknown_edit_is_answered_with_the_nearest(monster):
    subject, about = monster
    with pytest.raises(UnknownName, match="'apple gone'"):
        pairs(subject, about.world, kinds=["aple gone"])
