"""Moments: the engine's own steps, one instance, nothing overwritten."""

import itertools

import numpy as np
import pytest

from core.errors import BadInput
from envs import engine, registry
from envs.checks import same
from envs.pictures.moments import after, begin, chooser, held_out, moments


def test_a_level_is_the_engines_own():
    maze = registry.world("cheese", size=9, rand_region=63)
    level = held_out(5)
    played = list(moments(maze, chooser(maze, "random", seed=3), level=level))
    state = engine.reset(maze, [level])
    for before, now in itertools.pairwise(played):
        assert same(before.state, state)
        step = engine.step(maze, state, np.array([now.action]))
        assert now.reward == step.reward[0]
        assert now.ended == ("terminated" if step.terminated[0] else "truncated" if step.truncated[0] else "")
        assert sum(now.events.values()) == step.events.sum()
        if now.ended:
            assert same(now.state, step.final)
    assert played[-1].ended
    assert played[-1].total == sum(one.reward for one in played)


def test_a_moment_is_not_changed_by_what_comes_after():
    maze = registry.world("cheese", size=5)
    start = begin(maze, 1)
    one, other = after(maze, start, 3), after(maze, start, 3)
    assert start.step == 0
    assert same(one.state, other.state)


def test_what_is_over_is_over():
    maze = registry.world("cheese", limit=1)
    with pytest.raises(BadInput, match="over"):
        after(maze, after(maze, begin(maze, 0), 0), 0)
    with pytest.raises(BadInput, match="step"):
        list(moments(maze, chooser(maze, "random", seed=0), level=0, steps=0))
    with pytest.raises(BadInput, match="held-out"):
        held_out(-1)
