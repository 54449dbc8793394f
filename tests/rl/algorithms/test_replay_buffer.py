"""Our replay buffer gives the samples of stable-baselines3's own, from half the memory, and survives being stored."""

import gymnasium
import numpy as np
import pytest
from stable_baselines3.common.buffers import NStepReplayBuffer, ReplayBuffer

from rl.algorithms.replay_buffer import LeanReplayBuffer

SPACE = gymnasium.spaces.Box(0, 1, (2, 3, 3), np.uint8)
ACTIONS = gymnasium.spaces.Discrete(4)
ENVS = 3


def levels(steps):
    """Transitions of levels that end or are cut short at random, as SB3 hands them to a buffer."""
    rng = np.random.default_rng(0)
    seen = rng.integers(0, 2, (ENVS, 2, 3, 3), np.uint8)
    for _ in range(steps):
        new = rng.integers(0, 2, (ENVS, 2, 3, 3), np.uint8)
        done, cut = rng.random(ENVS) < 0.3, rng.random(ENVS) < 0.5
        following = new.copy()
        following[done] = 7  # the last of a level is not the first of the next
        infos = [{"TimeLimit.truncated": bool(one)} for one in done & cut]
        yield seen, following, rng.integers(0, 4, ENVS), rng.random(ENVS, np.float32), done, infos
        seen = new


def filled(buffer, steps):
    for transition in levels(steps):
        buffer.add(*transition)
    return buffer


def samples(buffer, count=400):
    np.random.seed(1)  # noqa: NPY002
    return buffer.sample(count)


@pytest.mark.parametrize("steps", [10, 20, 47])
def test_samples_are_those_of_sb3s_buffer(steps):
    mine = filled(LeanReplayBuffer(20 * ENVS, SPACE, ACTIONS, n_envs=ENVS, gamma=0.9), steps)
    theirs = filled(ReplayBuffer(20 * ENVS, SPACE, ACTIONS, n_envs=ENVS), steps)
    rows = np.arange(steps - 1 if steps <= 20 else 19)
    rows = rows if steps < 20 else (rows + 1 + theirs.pos) % 20  # one is given up for the newest observation
    np.random.seed(1)  # noqa: NPY002
    ours = mine._get_samples(rows)
    np.random.seed(1)  # noqa: NPY002
    other = theirs._get_samples(rows)
    for name in ("observations", "actions", "rewards", "dones"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(other, name), err_msg=name)
    going = ours.dones[:, 0] == 0  # what follows an end is not looked at
    np.testing.assert_array_equal(ours.next_observations[going], other.next_observations[going])
    np.testing.assert_allclose(ours.discounts, 0.9)


@pytest.mark.parametrize("steps", [17, 47])
def test_several_steps_are_added_up_as_by_sb3s_buffer(steps):
    options = {"n_envs": ENVS, "n_steps": 4, "gamma": 0.9}
    mine = filled(LeanReplayBuffer(20 * ENVS, SPACE, ACTIONS, **options), steps)
    theirs = filled(NStepReplayBuffer(20 * ENVS, SPACE, ACTIONS, **options), steps)
    rows = np.arange(16) if steps < 20 else (np.arange(19) + 1 + theirs.pos) % 20
    np.random.seed(1)  # noqa: NPY002
    ours = mine._get_samples(rows)
    np.random.seed(1)  # noqa: NPY002
    other = theirs._get_samples(rows)
    np.testing.assert_array_equal(ours.observations, other.observations)
    np.testing.assert_allclose(ours.rewards, other.rewards, rtol=1e-6)
    np.testing.assert_array_equal(ours.dones, other.dones)
    going = ours.dones[:, 0] == 0
    np.testing.assert_allclose(ours.discounts[going], other.discounts[going], rtol=1e-6)
    np.testing.assert_array_equal(ours.next_observations[going], other.next_observations[going])


def test_only_what_is_whole_is_drawn():
    mine = filled(LeanReplayBuffer(20 * ENVS, SPACE, ACTIONS, n_envs=ENVS, gamma=0.9), 31)
    np.random.seed(0)  # noqa: NPY002
    drawn = samples(mine, 3000)
    assert len(np.unique(drawn.rewards)) == 19 * ENVS


def test_stored_in_parts_and_filled_again_it_gives_the_same_samples():
    whole = filled(LeanReplayBuffer(20 * ENVS, SPACE, ACTIONS, n_envs=ENVS, gamma=0.9, n_steps=2), 47)
    again = LeanReplayBuffer(20 * ENVS, SPACE, ACTIONS, n_envs=ENVS, gamma=0.9, n_steps=2)
    for since, until in ((27, 30), (30, 41), (41, 47)):
        again.fill(since, whole.steps(since, until))
    again.observations[again.pos] = whole.observations[whole.pos]
    assert (again.pos, again.full, again.added) == (whole.pos, whole.full, 47)
    for one, other in zip(samples(again), samples(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rewards_are_kept_scaled():
    mine = filled(LeanReplayBuffer(60, SPACE, ACTIONS, n_envs=ENVS, gamma=0.9, reward_scale=0.1), 10)
    theirs = filled(ReplayBuffer(60, SPACE, ACTIONS, n_envs=ENVS), 10)
    np.testing.assert_allclose(mine.rewards, 0.1 * theirs.rewards, rtol=1e-6)
