"""Presets changed as the command line asks for: which settings another algorithm takes over, and which it does not."""

import pytest

from core.errors import BadInput, UnknownName
from rl.configuring import configured
from rl.presets import PRESETS

NOTHING = {"dials": {}, "settings": {}}


def test_an_algorithm_with_a_preset_of_its_own_gets_it():
    assert configured(None, world="cheese", **NOTHING) == PRESETS["cheese-corner"].config
    assert configured(None, world="cheese", algorithm="dqn", **NOTHING) == PRESETS["cheese-corner-dqn"].config


def test_another_algorithm_takes_over_what_suits_the_world():
    found = configured(None, world="monster", algorithm="dqn", **NOTHING)
    assert (found.algorithm, found.network, dict(found.dials)) == ("dqn", "mlp", {"limit": 25})
    assert found.settings == {"reward_scale": 0.1}  # gamma is PPO's own there; entropy is no setting of DQN
    found = configured("coin-end", world="coin", algorithm="a2c", dials={}, settings={"entropy": 0.02})
    assert found.settings == {"gamma": 0.98, "entropy": 0.02}


def test_dials_settings_and_fields_are_changed():
    found = configured(
        None,
        world="cheese",
        dials={"size": 7},
        settings={"gamma": 0.9, "watched_levels": 16},
        steps=100,
        snapshots="linear:2",
        view=None,
    )
    assert (found.dials["size"], found.dials["rand_region"]) == (7, 1)
    assert found.settings == {"learning_rate": 3e-3, "gamma": 0.9}
    assert (found.steps, found.snapshots, found.watched_levels, found.view) == (100, "linear:2", 16, "window")


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ({"algorithm": "ddqn"}, UnknownName, "nearest valid one is 'dqn'"),
        ({"preset": "coin-end"}, BadInput, "preset 'coin-end' is for world 'coin'; given world 'cheese'"),
        ({"settings": {"watched_levels": 0.5}}, BadInput, "'watched_levels' is 0.5; expected int"),
        ({"settings": {"quantiles": 9}, "algorithm": "dqn"}, BadInput, "'quantiles', which is one of qrdqn"),
    ],
)
def test_what_does_not_fit_is_refused(asked, error, sentence):
    with pytest.raises(error, match=sentence):
        configured(asked.pop("preset", None), **{"world": "cheese", **NOTHING, **asked})
