"""How actions are picked: by the right head, as often as said, and each episode with its own memory."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput
from core.testing import planted_classifier
from rl.acting import EPSILON, action_head, answering, chances
from rl.agents import as_subject, check_fits
from rl.goals import shifted
from rl.networks import build
from rl.rollouts import level_seeds, play


class Counting(nn.Module):
    """Remembers only how many steps it has taken, and plays them: up, down, left, right, up, ..."""

    memory = (1,)

    def __init__(self, view=(2, 9, 9)):
        super().__init__()
        self.eye = nn.Identity()

    def forward(self, seen, memory=None):
        taken = seen.new_zeros(len(self.eye(seen)), 1) if memory is None else memory
        turn = nn.functional.one_hot(taken[:, 0].long() % 4, 4).float()
        return {"policy": 50 * turn, "value": taken, "memory": taken + 1}


class Scoring(nn.Module):
    """A Q-network that finds going right best everywhere."""

    outputs = {"q": (4,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.scores = nn.Parameter(torch.tensor([0.1, 0.2, 0.3, 0.9]))

    def forward(self, seen):
        return {"q": self.scores.expand(len(seen), 4)}


def test_of_a_q_agent_the_best_action_is_likely_and_the_others_share_epsilon():
    likely = chances(torch.tensor([[0.0, 2.0, 1.0, -1.0]]), "q")[0]
    np.testing.assert_allclose(
        likely, [EPSILON / 4, 1 - EPSILON * 3 / 4, EPSILON / 4, EPSILON / 4], rtol=1e-5
    )


def test_a_policy_draws_by_its_softmax_which_no_epsilon_changes():
    logits = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(chances(logits, "policy"), logits.softmax(1))


def test_a_q_agent_plays_greedily_and_by_chance(maze):
    agent = as_subject(Scoring(), maze, view="window", name="right")
    assert agent.heads == {"q": maze.actions}
    levels = level_seeds(200, split="test", seed=0)
    greedy = play(agent, maze, levels, greedy=True).actions
    assert (greedy[greedy >= 0] == 3).all()
    sampled = play(agent, maze, levels, seed=1).actions
    others = (sampled[sampled >= 0] != 3).mean()
    assert abs(others - 0.75 * EPSILON) < 4 * np.sqrt(0.75 * EPSILON / (sampled >= 0).sum())


def test_each_episode_carries_its_own_memory_until_it_ends(maze):
    agent = as_subject(Counting(), maze, view="window", name="counting")
    episodes = play(agent, shifted(maze), level_seeds(300, split="test", seed=0), greedy=True)
    assert len(np.unique(episodes.length)) >= 3  # they end one after the other
    for actions, length in zip(episodes.actions, episodes.length, strict=True):
        np.testing.assert_array_equal(actions[:length], np.arange(length) % 4)


def test_only_the_episodes_that_are_named_go_on(maze):
    answer = answering(as_subject(Counting(), maze, view="window", name="counting"), 3)
    for which in ([0, 1, 2], [0, 2], [2]):
        answer(torch.zeros(len(which), 2, 9, 9), torch.tensor(which))
    assert answer(torch.zeros(3, 2, 9, 9), torch.arange(3))["value"][:, 0].tolist() == [2, 1, 3]


def test_who_has_neither_policy_nor_q_is_no_agent():
    with pytest.raises(
        BadInput, match="planted has head class; an agent picks its actions by head 'policy' or 'q'"
    ):
        action_head(planted_classifier(seed=0))


def test_a_q_agent_that_does_not_fit_is_refused_with_both_sides(maze):
    from envs.registry import world

    agent = as_subject(Scoring(), maze, view="window", name="right")
    with pytest.raises(BadInput, match=r"right takes observations of shape \(2, 9, 9\).* \(2, 17, 17\)"):
        check_fits(agent, world("cheese", size=11), "window")
    tree = world("tree", size=9)
    five = as_subject(
        build("mlp", shape=(2, 17, 17), actions=5, seed=0, heads="q"), tree, view="window", name="five"
    )
    with pytest.raises(BadInput, match=r"has 5 actions, .*but world 'cheese' has 4, up, down, left, right"):
        check_fits(five, world("cheese", size=11), "window")
