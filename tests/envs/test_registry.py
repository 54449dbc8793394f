"""Dials by name and range; gymnasium ids; what importing costs."""

import subprocess
import sys
from dataclasses import replace
from typing import NamedTuple

import gymnasium
import pytest

from core.errors import BadInput, UnknownName
from envs import registry
from envs.spec import configure
from envs.worlds import cheese


def test_unknown_names_offer_the_nearest():
    with pytest.raises(UnknownName, match="unknown world 'chese'; the nearest valid one is 'cheese'"):
        registry.world("chese")
    with pytest.raises(UnknownName, match="nearest valid one is 'rand_region'"):
        registry.world("cheese", rand_regoin=3)


@pytest.mark.parametrize(
    ("dials", "sentence"),
    [
        ({"size": 8}, "expected an odd number, say 9"),
        ({"size": 3}, "expected a whole number from 5 to 63"),
        ({"rand_region": 0}, "'rand_region' of world 'cheese' is 0; expected a whole number from 1 to 63"),
        ({"limit": 2.5}, "'limit' of world 'cheese' is 2.5"),
        ({"size": True}, "is True"),
        ({"size": "9"}, "is '9'"),
    ],
)
def test_dials_out_of_range(dials, sentence):
    with pytest.raises(BadInput, match=sentence):
        registry.world("cheese", **dials)


class Named(NamedTuple):
    colour: int = 1


def test_dials_that_are_one_of_several_names():
    spec = replace(
        cheese.SPEC, dials=Named, bounds={}, choices={"colour": ("red", "blue")}, check=lambda dials: None
    )
    assert configure(spec, {}).describe() == {"name": "cheese", "colour": "blue"}
    assert configure(spec, {"colour": "red"}).dials == Named(0)
    with pytest.raises(
        UnknownName, match="value of dial 'colour' of world 'cheese' 'bleu'; the nearest valid one is 'blue'"
    ):
        configure(spec, {"colour": "bleu"})
    with pytest.raises(UnknownName, match="unknown value of dial 'colour'"):
        configure(spec, {"colour": 1})


def test_a_description_makes_the_same_world():
    maze = registry.world("cheese", size=7, rand_region=3)
    assert registry.world(**maze.describe()) == maze
    assert hash(registry.world(**maze.describe())) == hash(maze)
    assert maze != registry.world("cheese", size=7)


def test_ids_are_registered_on_request_only():
    code = (
        "import sys, gymnasium, envs.registry, envs.single, envs.vector, envs.checks, envs.editing.edits;"
        "assert not [i for i in gymnasium.registry if i.startswith('gridlens/')];"
        "assert 'torch' not in sys.modules and 'stable_baselines3' not in sys.modules;"
        "envs.registry.register_envs(); envs.registry.register_envs();"
        "print(gymnasium.make('gridlens/CheeseAnywhere-v0', size=7).unwrapped.world.dials.rand_region)"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "63"


def test_every_id_makes_its_world():
    registry.register_envs()
    for identifier, (name, dials) in registry.IDS.items():
        world = gymnasium.make(identifier).unwrapped.world
        assert world == registry.world(name, **dials)
