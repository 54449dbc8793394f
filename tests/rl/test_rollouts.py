"""Episodes: what is recorded is what happened."""

import numpy as np
import pytest

from core.errors import BadInput, UnknownName
from envs import engine
from envs.registry import world
from rl.agents import as_subject
from rl.episodes import replay, trajectory
from rl.goals import shifted, ways
from rl.networks import build
from rl.rollouts import level_seeds, play, play_policy


def test_a_planted_agent_walks_the_shortest_way_in_every_level(maze, cheese_seeker):
    levels = level_seeds(200, split="test", seed=1)
    broken = shifted(maze)
    episodes = play(cheese_seeker, broken, levels, seed=0)
    np.testing.assert_array_equal(episodes.length, ways(broken, engine.reset(broken, levels)).to_goal)
    np.testing.assert_array_equal(episodes.first("cheese"), episodes.length)
    assert episodes.terminated.all()
    assert (episodes.returns == 1).all()


def test_a_trajectory_replays_to_the_states_that_it_recorded(maze):
    broken = shifted(maze)
    episodes = play_policy(broken, level_seeds(30, split="train", seed=0), "random", seed=3)
    assert not episodes.terminated.all()
    assert episodes.terminated.any()
    for i in range(30):
        one = trajectory(episodes, i)
        states = replay(broken, one)
        np.testing.assert_array_equal(states.agent, one.positions[:-1])
        np.testing.assert_array_equal(states.clock, np.arange(len(one.actions)))
        assert one.truncated != one.terminated
        assert one.truncated == (len(one.actions) == 40 and not one.events[-1, 0])
        last = engine.take(states, [-1])
        result = engine.step(broken, last, one.actions[-1:].astype(int))
        assert result.final is not None
        np.testing.assert_array_equal(result.final.agent[0], one.positions[-1])
        np.testing.assert_array_equal(result.events[0], one.events[-1])


def test_the_seed_alone_decides_and_greedy_needs_none(maze):
    agent = as_subject(build("mlp", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh")
    levels = level_seeds(20, split="test", seed=0)
    one, same, other = (play(agent, maze, levels, seed=seed).actions for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    greedy = [play(agent, maze, levels, greedy=True, seed=seed).actions for seed in (1, 2)]
    np.testing.assert_array_equal(*greedy)


def test_a_world_that_does_not_fit_is_refused_with_both_shapes(cheese_seeker):
    with pytest.raises(BadInput, match=r"\(2, 9, 9\).*11 x 11 cells gives \(2, 17, 17\)"):
        play(cheese_seeker, world("cheese", size=11), level_seeds(2, split="test", seed=0))


def test_unknown_events_and_episodes_are_refused(maze):
    episodes = play_policy(maze, level_seeds(2, split="test", seed=0), "random")
    with pytest.raises(UnknownName, match="'cheese'"):
        episodes.first("chese")
    with pytest.raises(BadInput, match="episodes 0 to 1; 2 is not"):
        trajectory(episodes, 2)
