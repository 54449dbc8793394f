"""Episodes: what is recorded is what happened."""

import threading

import numpy as np
import pytest
import torch

from core.errors import BadInput, NotFinite, UnknownName
from envs import engine
from envs.registry import WORLDS, world
from rl import rollouts
from rl.agents import as_subject
from rl.draws import drawn, episode_words, step_words
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


def actions_of(episodes):
    return [trajectory(episodes, i).actions.tolist() for i in range(len(episodes.levels))]


@pytest.mark.parametrize(("name", "greedy"), [("mlp", False), ("mlp", True), ("small-conv-lstm", False)])
def test_an_episode_depends_on_agent_level_and_seed_alone(maze, name, greedy, monkeypatch):
    agent = as_subject(build(name, shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh")
    levels = level_seeds(50, split="test", seed=0)

    def played(some):
        return actions_of(play(agent, maze, some, seed=1, greedy=greedy))

    whole = played(levels)
    assert played(levels[::-1])[::-1] == whole
    assert played(levels[:3]) + played(levels[3:]) == whole
    monkeypatch.setattr(rollouts, "BLOCK", 7)
    torch.set_num_threads(3)
    assert played(levels) == whole
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("name", WORLDS)
def test_nor_does_a_policy_of_a_world_play_otherwise_in_other_company(name):
    there, levels = world(name), level_seeds(6, split="test", seed=0)
    for policy in ("intended", "proxy", "random"):
        whole, *parts = (
            actions_of(play_policy(there, some, policy, steps=30))
            for some in (levels, levels[:1], levels[1:])
        )
        assert whole == parts[0] + parts[1], policy


def test_a_level_that_is_played_twice_is_drawn_anew(maze):
    one, other = play_policy(maze, np.array([7, 7]), "random").actions
    assert one.tolist() != other.tolist()


def test_actions_are_drawn_by_their_chances():
    chances = np.tile([0.05, 0.0, 0.65, 0.3], (20_000, 1))
    words = step_words(episode_words(3, np.arange(20_000)), 11)
    often = np.bincount(drawn(chances, words), minlength=4) / 20_000
    assert often[1] == 0
    assert np.abs(often - chances[0]).max() < 0.015


def test_broken_off_no_thread_plays_on(maze, cheese_seeker, monkeypatch):
    monkeypatch.setattr(rollouts, "BLOCK", 2)
    torch.set_num_threads(2)

    def stop(done, total, label):
        if done:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        play(cheese_seeker, maze, level_seeds(400, split="test", seed=0), progress=stop)
    assert threading.active_count() == before
    assert torch.get_num_threads() == 2


def test_an_agent_that_is_no_number_is_refused(maze):
    network = build("mlp", shape=(2, 9, 9), actions=4, seed=0)
    agent = as_subject(network, maze, view="window", name="broken")
    agent.module.policy.bias[:] = np.nan
    with pytest.raises(NotFinite, match="broken"):
        play(agent, maze, level_seeds(2, split="test", seed=0))
