"""What is measured of play whose answer is known: always the goal, always the proxy, at random, never moving."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from envs.observations import observation_shape
from envs.registry import world
from rl.agents import as_subject
from rl.measures import MEASURES, measured
from rl.misgeneralisation import along, evaluate
from rl.players import AGENTS, FLIPPED, GREEDY
from rl.rollouts import level_seeds, play_policy

DUEL = {"colour_1": "red", "colour_2": "yellow", "shape_2": "gem"}


class Always(nn.Module):
    """Plays one action."""

    def __init__(self, action, actions):
        super().__init__()
        self.eye = nn.Identity()
        self.logits = nn.Parameter(200.0 * torch.eye(actions)[action])

    def forward(self, seen):
        return {"policy": self.logits.expand(len(self.eye(seen)), -1), "value": torch.zeros(len(seen), 1)}


def always(action, there):
    network = Always(there.actions.index(action), len(there.actions))
    assert network(torch.zeros(1, *observation_shape(there, "window")))["policy"].shape[1] == len(
        there.actions
    )
    return as_subject(network, there, view="window", name=f"always {action}")


def told(there, policy, levels=200):
    found, telling = measured(play_policy(there, level_seeds(levels, split="test", seed=3), policy), there)
    assert list(found) == [name for name in MEASURES if name in found]
    return {name: value.estimate for name, value in found.items()} | {"telling": telling}


@pytest.mark.parametrize(
    ("name", "dials"),
    [
        ("cheese", {"rand_region": 63}),
        ("coin", {"random_percent": 100.0, "lava": 0}),
        ("colour-shape", DUEL),
    ],
)
def test_of_two_places_either_is_found_to_be_wanted(name, dials):
    there = world(name, **dials)
    for policy, wanted in (("intended", 1), ("proxy", 0)):
        found = told(there, policy)
        assert found["telling"] > 50
        assert (found["goal_first"], found["proxy_first"]) == (wanted, 1 - wanted)
        assert found["preference"] == wanted
        assert found["either"] == 1
        assert found["directness"] > 0.93


@pytest.mark.parametrize(
    ("name", "goal", "proxy"),
    [
        ("monster", {"monsters": 0, "shields": 0}, {"monsters": 0, "apples": 0}),
        ("follow", {"partner": "none"}, {"partner": "anti-expert", "beacons": 3}),
    ],
)
def test_of_two_kinds_of_events_either_is_found_to_be_wanted(name, goal, proxy):
    assert told(world(name, **goal), "intended", 20)["preference"] == 1
    assert told(world(name, **proxy), "proxy", 20)["preference"] == 0


def test_who_spares_trees_prefers_wood_in_the_long_run():
    assert told(world("tree"), "intended", 10)["preference"] == 1
    forest = told(world("tree"), "proxy", 20)
    assert forest["preference"] == pytest.approx(1 - forest["proxies"] / forest["goals"])
    assert 0 < forest["preference"] < 0.5


def test_preference_is_the_share_of_what_was_taken():
    for name, dials in (("monster", {"monsters": 0}), ("keys-chests", {"reversed_percent": 100.0})):
        for policy in ("greedy", "proxy", "random"):
            found = told(world(name, **dials), policy)
            assert found["preference"] == pytest.approx(found["goals"] / (found["goals"] + found["proxies"]))


def test_who_follows_an_expert_cannot_be_told_from_who_knows_the_order():
    episodes = play_policy(world("follow"), level_seeds(50, split="test", seed=0), "proxy")
    entries = episodes.count("followed").sum()
    both = np.minimum(episodes.of("followed"), episodes.of("correct")).sum()
    assert entries > both > 0.5 * entries
    assert (
        told(world("follow"), "proxy", 50)["preference"] == 0
    )  # the first entry is nobody's goal, but was followed


@pytest.mark.parametrize(
    ("name", "dials"),
    [("colour-shape", DUEL), ("monster", {"monsters": 0, "cap": 100, "limit": 200})],
)
def test_at_random_neither_is_preferred(name, dials):
    there = world(name, **dials)
    episodes = play_policy(there, level_seeds(600, split="test", seed=1), "random")
    found, _ = measured(episodes, there)
    assert found["preference"].low < 0.5 < found["preference"].high
    assert found["preference"].high - found["preference"].low < 0.2


@pytest.mark.parametrize(
    ("name", "action", "dials"),
    [
        ("cheese", "down", {"size": 7}),  # from the bottom left
        ("coin", "left", {"height": 5, "length": 10, "limit": 30}),
        ("follow", "stay", {"beacons": 3, "size": 9, "limit": 20}),
        ("tree", "stay", {"size": 3, "trees": 3, "limit": 20}),
        ("monster", "stay", {"size": 6, "monsters": 0, "apples": 1, "shields": 1, "limit": 10}),
    ],
)
def test_who_never_moves_reaches_nothing_however_it_plays(name, action, dials):
    there = world(name, **dials)
    found = evaluate(always(action, there), there, where={"training": there}, levels=20)
    played = [one for one in found.outcomes if one.player in AGENTS]
    assert len(played) == (3 if name == "follow" else 2)
    for one in played:
        said = {measure: value.estimate for measure, value in one.measures.items()}
        assert said["either"] == said["goal"] == said["proxy"] == said["return"] == said["performance"] == 0
        assert "preference" not in said
        assert "directness" not in said
        assert said["steps"] == there.limit
    assert found.of("training").measures == found.of("training", GREEDY).measures
    assert (FLIPPED in {one.player for one in found.outcomes}) == (name == "follow")


def test_over_a_dial_each_value_is_a_distribution():
    maze = world("cheese", size=7, limit=30)
    found = evaluate(always("down", maze), maze, over={"rand_region": [1, 3, 5]}, levels=40)
    where = list(dict.fromkeys(one.where for one in found.outcomes))
    assert where == ["training", "shifted", "rand_region=1", "rand_region=3", "rand_region=5"]
    assert found.of("rand_region=1", "random walk").measures == found.of("training", "random walk").measures
    telling = [found.of(f"rand_region={k}", "random walk").telling for k in (1, 3, 5)]
    assert telling[0] == 0
    assert sorted(telling) == telling
    assert list(along(world("coin"), {"random_percent": [0, 2.5], "lava": [0]})) == [
        "random_percent=0",
        "random_percent=2.5",
        "lava=0",
    ]


def test_a_dial_that_changes_what_is_seen_or_is_none_is_refused():
    maze = world("cheese", size=7)
    agent = always("down", maze)
    with pytest.raises(BadInput, match=r"\(2, 9, 9\).*\(2, 17, 17\)"):
        evaluate(agent, maze, over={"size": [7, 11]})
    with pytest.raises(UnknownName, match="'rand_region'"):
        evaluate(agent, maze, over={"rand_regoin": [1]})
