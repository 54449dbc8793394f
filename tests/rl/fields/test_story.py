"""Stories: TD errors, bookmarks and attributions of planted agents are what was planted."""

import numpy as np
import pytest
import torch

from core.errors import BadInput
from envs.registry import world
from rl.agents import as_subject, load
from rl.fields import Discount, StoryConfig, field_of, peaks, stories_of, story_of, surprises
from rl.goals import parted, shifted
from rl.networks import build

PLANTED = StoryConfig(discount=Discount(1.0, 0.0), greedy=True, method="feature-ablation")


def test_a_planted_agent_is_never_surprised_where_its_value_counts_the_steps(maze, cheese_seeker):
    told = story_of(cheese_seeker, shifted(maze), 3, config=PLANTED)
    np.testing.assert_array_equal(told.values, -np.arange(len(told.values), 0, -1))
    np.testing.assert_allclose(
        told.errors, 1, atol=1e-5
    )  # each step brings the cheese one nearer, and pays nothing
    assert told.terminated
    assert told.happened[-1].startswith("cheese")


def test_td_errors_of_real_agents_are_what_the_values_say():
    agent, maze = load("cheese-corner"), world("cheese", size=9, rand_region=63, limit=12)
    told = story_of(agent, maze, 3, config=StoryConfig(discount=Discount(0.97)))
    by_hand = told.rewards[:-1] + 0.97 * told.values[1:] - told.values[:-1]
    np.testing.assert_allclose(told.errors[:-1], by_hand, atol=1e-6)
    np.testing.assert_allclose(
        told.reasons.sums.sum(1) - told.reasons.gaps, told.values - _at_nothing(agent), atol=1e-4
    )


def _at_nothing(agent):
    from core.subject import run

    with torch.no_grad():
        return float(run(agent, torch.zeros(1, *agent.spec.shape))["value"])


def test_a_bookmark_stands_where_a_planted_surprise_is():
    errors, changes = np.full(60, 0.01), np.zeros(60)
    errors[[20, 21, 45]] = [-3.0, -1.0, 2.0]
    changes[45] = 0.9
    assert peaks(surprises(errors, changes), 2) == (20, 45)
    assert peaks(surprises(errors, changes), 1) == (45,)
    assert peaks(np.zeros(10), 4) == ()
    assert len(peaks(np.random.default_rng(0).normal(size=200), 50, apart=10)) <= 20


def test_a_blind_agent_rests_on_walls_alone(maze, corner_runner):
    agent = as_subject(_OnlyWalls(), maze, view="window", name="wall counter")
    told = story_of(agent, shifted(maze), 3, config=StoryConfig(steps=6))
    assert told.reasons.channels == ("wall", "cheese")
    np.testing.assert_allclose(told.reasons.sums[:, 0], told.values, atol=1e-4)
    assert not told.reasons.sums[:, 1].any()


class _OnlyWalls(torch.nn.Module):
    """Values the number of walls around it, and goes up."""

    def __init__(self):
        super().__init__()
        self.eye = torch.nn.Identity()

    def forward(self, seen):
        walls = self.eye(seen)[:, 0].flatten(1).sum(1, keepdim=True)
        return {"policy": torch.cat([walls, -walls, -walls, -walls], 1), "value": walls}


@pytest.mark.parametrize(
    ("name", "world_name", "method"),
    [
        ("monster-200", "monster", "integrated-gradients"),
        ("cheese-corner-dqn", "cheese", "saliency"),
        ("keys-scarce", "keys-chests", "feature-ablation"),
    ],
)
def test_agents_of_all_kinds_are_told(name, world_name, method):
    from rl.agents import info

    about = info(name)
    config = StoryConfig(method=method, steps=12)
    (told,) = stories_of(load(name), parted(about.world), 1, view=about.view, config=config)
    t = len(told.actions)
    assert t == 12
    for array in (told.policy, told.values, told.errors, told.changes, told.surprise, told.reasons.sums):
        assert len(array) == t
        assert np.isfinite(array).all()
    for one in told.bookmarks:
        rows, columns = one.attribution.shape
        assert (
            one.seen.shape[0] * columns == one.seen.shape[1] * rows
        )  # the map lies on the picture, cell by cell


def test_a_memory_is_carried_through_and_held_fast(maze):
    agent = as_subject(
        build("mlp-lstm", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="remembers"
    )
    told = story_of(agent, maze, 3, config=StoryConfig(steps=5, method="saliency"))
    alone = field_of(agent, maze, 3)
    start = told.values[0]
    assert start == pytest.approx(float(alone.values[tuple(alone.path[0])]), abs=1e-5)
    assert told.reasons.sums.shape == (5, 2)


def test_pictures_are_told_by_the_things_in_them():
    maze = world("cheese", size=7, rand_region=63, limit=6)
    agent = as_subject(
        build("mlp", shape=(3, 56, 56), actions=4, seed=0), maze, view="rgb", name="sees pictures"
    )
    told = story_of(agent, maze, 3, view="rgb")
    assert {"agent", "wall", "cheese"} <= set(told.reasons.channels)


def test_an_unknown_method_is_refused(maze, cheese_seeker):
    from core.errors import UnknownName

    with pytest.raises(UnknownName, match="attribution method"):
        story_of(cheese_seeker, maze, 3, config=StoryConfig(method="guess"))
    with pytest.raises(BadInput, match="takes observations of shape"):
        story_of(cheese_seeker, world("cheese", size=9), 3)
