"""Edited agents are played: on hundreds of levels, by several threads, with a memory of their own."""

import numpy as np
import pytest
import torch

from core.interventions.edits import ablate, clamp, steer
from core.interventions.intervened import edited, intervened
from core.interventions.patching import patch_effects
from core.subject import Subject
from core.targets import Direction, Output, Unit
from envs.registry import world
from rl.agents import as_subject
from rl.networks import build
from rl.rollouts import level_seeds, play

MAZE = world("cheese", size=7, limit=12)
LEVELS = level_seeds(40, split="test", seed=0)


def agent(name: str) -> Subject:
    return as_subject(build(name, shape=(2, 9, 9), actions=4, seed=0), MAZE, view="window", name=name)


@pytest.mark.parametrize("name", ["mlp", "impala", "mlp-lstm", "small-conv-lstm"])
def test_an_agent_steered_to_one_action_takes_it(name: str) -> None:
    subject = agent(name)
    up = steer(Direction("policy", torch.tensor([0.0, 0.0, 50.0, 0.0]), "third"))
    stubborn = play(edited(subject, up), MAZE, LEVELS)
    assert set(stubborn.actions[stubborn.actions >= 0]) == {2}
    with intervened(subject, up) as inside:
        same = play(inside, MAZE, LEVELS)
    assert np.array_equal(stubborn.positions, same.positions)
    assert stubborn.provenance.subject == same.provenance.subject
    free = play(subject, MAZE, LEVELS)
    assert len(set(free.actions[free.actions >= 0])) == 4
    assert free.provenance.subject != same.provenance.subject


def test_the_memory_of_an_edited_agent_is_its_own() -> None:
    """An edit before the memory changes what is remembered, and with it what is said later."""
    subject = agent("mlp-lstm")
    deaf = play(edited(subject, ablate("body.relu2")), MAZE, LEVELS, greedy=True)
    for row in range(len(LEVELS)):
        # without anything to see all episodes are one, but for their length
        shared = min(deaf.length[row], deaf.length[0])
        assert np.array_equal(deaf.actions[row, :shared], deaf.actions[0, :shared])


def test_units_of_an_agent_are_clamped_and_patched() -> None:
    subject = agent("paper-conv")
    held = edited(subject, clamp(Unit("relu2", 5, 3, 4), 5.6))
    assert play(held, MAZE, LEVELS).length.shape == (40,)
    seen = torch.rand(2, 2, 2, 9, 9, generator=torch.Generator().manual_seed(0))
    found = patch_effects(subject, *seen, Output("policy", 1), "relu2", by="position")
    assert found.effects.shape == (2, 9, 9)
    with intervened(subject, ablate("hidden")) as cut:  # nothing gets through to be patched
        with pytest.raises(Exception, match="nothing to patch"):
            patch_effects(cut, *seen, Output("policy", 1), "relu2")
