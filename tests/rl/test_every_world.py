"""Training, evaluation and pages in every world: tiny agents, planted players with known numbers, the words."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import UnknownName
from envs.registry import WORLDS, world
from gridlens.comparing.agents import compare_agents
from gridlens.comparing.asked import Settings, members
from gridlens.outcomes import notes, tables
from gridlens.words import words_of
from reports import html
from rl import agents
from rl.fields import field_of
from rl.goals import GOALS, SHIFTED, distributions, goals_of, parted, roles_of, shifted
from rl.misgeneralisation import evaluate, outcome
from rl.players import FLIPPED, GREEDY, PROXY, RANDOM
from rl.presets import PRESET_OF, PRESETS
from rl.records import records
from rl.rollouts import level_seeds, play_policy
from rl.training import TrainConfig, make_model, train

TREASURE = str(Path(__file__).resolve().parents[2] / "docs/worlds/treasure.py")
SMALL = {
    "cheese": {"size": 5, "limit": 20},
    "coin": {"height": 5, "length": 10, "limit": 30},
    "colour-shape": {"size": 5, "limit": 20},
    "follow": {"beacons": 3, "size": 9, "limit": 20},
    "keys-chests": {"size": 5, "k_most": 1, "limit": 20},
    "monster": {"size": 6, "monsters": 1, "distance": 2, "apples": 1, "shields": 1, "limit": 10},
    "tree": {"size": 3, "trees": 3, "r_min": 0.3},
    TREASURE: {},
}
SETTINGS = {"n_envs": 16, "rollout": 16, "batch": 64}
TINY = {"network": "mlp", "steps": 256, "settings": SETTINGS, "snapshots": "log:1"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Agents of every world that have learned for 256 steps, by world."""
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("tiny")

    def of(name, seed=0):
        config = TrainConfig(world=name, dials=SMALL[name], seed=seed, watched_levels=4, **TINY)
        return train(config, home / f"{Path(name).stem}-{seed}")

    return of


def test_every_world_has_its_rows():
    assert set(GOALS) == set(PRESET_OF) == set(WORLDS)
    for name, row in GOALS.items():
        one = world(name)
        assert PRESETS[PRESET_OF[name]].config.world == name
        assert next(iter(row.shifts)) == SHIFTED
        assert set(roles_of(one)) == {"intended", "proxy"}
        for turned in distributions(one).values():
            assert words_of(one).levels(turned)
    assert all(one.measured for one in PRESETS.values())


def test_a_preset_is_trained_where_goal_and_proxy_go_together():
    for name, preset in PRESET_OF.items():
        config = PRESETS[preset].config
        one = world(config.world, **config.dials)
        assert shifted(one) != one
        assert words_of(one).levels(one) != words_of(one).levels(shifted(one)), name


@pytest.mark.parametrize("name", SMALL)
def test_an_agent_is_trained_and_evaluated(name, trained):
    folder = trained(name)
    about, subject = agents.info(folder.path), agents.load(folder.path)
    found = evaluate(subject, about.world, levels=3, steps=40)
    where = list(distributions(about.world))
    assert list(dict.fromkeys(one.where for one in found.outcomes)) == where
    for place in where:
        measures = found.of(place).measures
        assert {"goal", "proxy", "either", "goals", "proxies", "performance", "return", "steps"} <= set(
            measures
        )
        players = {GREEDY, goals_of(about.world).ceiling, PROXY, RANDOM}
        assert players <= {one.player for one in found.outcomes if one.where == place}
        assert ("directness" in measures) <= (goals_of(about.world).places is not None)
        events = {*roles_of(about.world).values(), *found.of(place).others}
        assert events == set(about.world.events)
    last = folder.curve[-1]
    assert {"heldout_goal", "heldout_proxy", "heldout_return"} <= set(last)
    assert ("shifted_goal" in last) == ("shifted" in where)
    shown = list(tables(records(about, found)))
    assert [table.title.partition(":")[0] for table in shown] == where
    assert all(table.lines[0]["player"] == about.name for table in shown)
    assert all(len({tuple(line) for line in table.lines}) == 1 for table in shown)


KNOWN = [
    # what docs/worlds says of the policies: world, dials, policy, levels, measures
    ("cheese", {}, "intended", 200, {"goal": 1.0, "directness": 1.0}),
    ("cheese", {"rand_region": 63}, "proxy", 200, {"goal_first": 0.0, "proxy_first": 1.0}),
    ("coin", {"random_percent": 100.0}, "intended", 400, {"goal": 1.0, "proxy": 0.04, "goal_first": 1.0}),
    ("coin", {"random_percent": 100.0}, "proxy", 400, {"goal": 0.36, "proxy": 0.71, "proxy_first": 1.0}),
    ("colour-shape", {}, "intended", 400, {"goal": 1.0, "steps": 3.7, "directness": 1.0}),
    ("keys-chests", {}, "intended", 20, {"goals": 1.97, "proxies": 1.97}),
    ("keys-chests", {"reversed_percent": 100.0}, "proxy", 400, {"goals": 1.13, "proxies": 3.72}),
    ("monster", {}, "intended", 40, {"performance": 0.46, "goals": 3.19, "proxies": 3.62}),
    ("monster", {"limit": 200, "monsters": 0}, "proxy", 100, {"goals": 0.92, "proxies": 10.0}),
    ("tree", {}, "proxy", 100, {"goals": 28.6, "proxies": 17.9}),
    ("tree", {}, "intended", 100, {"goals": 257.3, "proxies": 0.0}),
]


@pytest.mark.parametrize(("name", "dials", "policy", "levels", "known"), KNOWN)
def test_planted_players_get_what_is_known_of_them(name, dials, policy, levels, known):
    one = world(name, **dials)
    episodes = play_policy(one, level_seeds(levels, split="test", seed=4), policy, seed=4)
    measures = outcome("planted", "there", episodes, one).measures
    for measure, value in known.items():
        spread = (
            1.6 * (measures[measure].high - measures[measure].low) / 2 + 0.02
        )  # the docs' numbers err too
        assert abs(measures[measure].estimate - value) <= spread, (measure, str(measures[measure]))


def test_follow_who_follows_is_right_behind_an_expert_and_wrong_behind_an_anti_expert():
    levels = level_seeds(100, split="test", seed=0)
    arena = world("follow")
    behind = {
        name: outcome("planted", name, play_policy(one, levels, "proxy"), one).measures
        for name, one in distributions(arena).items()
    }
    assert behind["training"]["performance"].low > 1
    assert behind["shifted"]["performance"].high < -1
    assert behind["alone"]["proxies"].estimate == 0


def test_what_is_told_of_colour_shapes_duel_is_the_preference():
    both = shifted(world("colour-shape"))
    levels = level_seeds(200, split="test", seed=0)
    one, two = (outcome(p, "", play_policy(both, levels, p), both) for p in ("intended", "proxy"))
    assert one.measures["goal_first"].estimate == two.measures["proxy_first"].estimate == 1
    assert one.measures["proxy"].estimate == two.measures["goal"].estimate == 0
    assert 50 < one.telling < 200


def test_the_flipped_agent_is_the_control_for_capability(trained):
    folder = trained("follow").path
    about = agents.info(folder)
    found = evaluate(agents.load(folder), about.world, levels=3)
    assert found.of("training", FLIPPED).measures["steps"].estimate == 20
    with pytest.raises(UnknownName):
        evaluate(agents.load(trained("coin").path), world("coin", **SMALL["coin"]), levels=3).of(
            "training", FLIPPED
        )


def test_where_goal_and_proxy_part_in_training_already_shifted_is_the_same():
    forest = world("tree", size=3, trees=3)
    subject = agents.as_subject(
        agents.build("mlp", shape=(2, 5, 5), actions=5, seed=0), forest, view="window", name="fresh"
    )
    assert shifted(forest) == forest
    found = evaluate(subject, forest, levels=3, steps=30)
    assert found.of("training").measures == found.of("shifted").measures
    said = notes([agents.AgentInfo("fresh", forest, "window", "mlp")], levels=3, steps=30)
    assert any("shifted levels are the same" in line for line in said)
    assert any("30 steps" in line for line in said)


def test_a_world_from_a_file_has_no_shift_and_that_is_said(trained):
    about = agents.info(trained(TREASURE).path)
    assert list(distributions(about.world)) == ["training"]
    assert parted(about.world) == about.world
    assert "no shift is known" in " ".join(notes([about], levels=3, steps=30))
    with pytest.raises(UnknownName, match="known shift"):
        shifted(about.world)


def test_a_level_without_limit_ends_after_as_many_steps_as_asked_for():
    forest = world("tree", size=3, trees=3, r_min=0.3)
    episodes = play_policy(forest, level_seeds(3, split="test", seed=0), "proxy", steps=17)
    assert episodes.length.tolist() == [17] * 3
    assert not episodes.terminated.any()


def test_rewards_are_scaled_before_they_are_learned_from():
    from envs.vector import make_vec

    rewards = []
    for scale in (1.0, 0.25):
        config = TrainConfig(
            world="tree", dials=SMALL["tree"], **TINY | {"settings": {**SETTINGS, "reward_scale": scale}}
        )
        model = make_model(config, make_vec(world("tree", **SMALL["tree"]), 16, seed=0))
        model.learn(256)
        rewards.append(model.rollout_buffer.rewards.copy())
    assert rewards[0].sum() > 0
    np.testing.assert_array_equal(0.25 * rewards[0], rewards[1])


SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("colour-shape", "follow", "keys-chests", "monster", "tree")
]


@pytest.mark.parametrize("name", ["coin", *SLOW])
def test_a_page_speaks_of_its_own_world(name, trained, tmp_path):
    pair = [trained(name, seed).path for seed in (0, 1)]
    asked = Settings(levels=10, mazes=1, samples=200)
    page = compare_agents(members([str(one) for one in pair]), asked, out=tmp_path / "page")
    text = re.sub(r"<[^>]*>|data:\S*", " ", html.page(page))
    assert not re.search(r"cheese|corner|maze\b|same mazes|out mazes", text)
    about = agents.info(pair[0])
    assert words_of(about.world).goal in text
    assert goals_of(about.world).ceiling in text
    assert ("times a level" in text) == (goals_of(about.world).places is None)


def test_a_map_lies_on_its_picture_where_there_is_a_strip_above_it():
    one = world("monster", **SMALL["monster"])
    subject = agents.as_subject(
        agents.build("mlp", shape=(5, 15, 15), actions=5, seed=0), one, view="window", name="fresh"
    )
    made = field_of(subject, one, 3)
    assert made.frame.shape[0] == made.frame.shape[1]
    assert np.isfinite(made.values).sum() > 20
    assert not made.marks
