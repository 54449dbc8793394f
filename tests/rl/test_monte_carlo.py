"""Returns from states on: exact where there is one apple and no chance, paired by the same seed."""

import numpy as np
import pytest

from core.errors import UnknownName
from envs import engine
from envs.registry import world
from rl.agents import as_subject
from rl.choices import steps_to
from rl.monte_carlo import agent, returns, rule
from rl.networks import build

ALONE = world("monster", monsters=0, apples=1, shields=1, respawn="none", limit=1000)
STATE = engine.reset(ALONE, list(range(40)))
HERE = (np.arange(40), *STATE.agent.T)


def test_one_apple_is_worth_its_way():
    far = steps_to(ALONE, STATE, "apple")[HERE]
    found = returns(rule(ALONE, "greedy"), ALONE, STATE, steps=60, discount=0.9, seed=3)
    assert np.allclose(found, 0.9 ** (far - 1.0))


def test_another_goes_first_until_the_event():
    first = (rule(ALONE, "proxy"), "shield")
    found = returns(rule(ALONE, "greedy"), ALONE, STATE, steps=60, discount=0.9, seed=3, first=first)
    to_shield = steps_to(ALONE, STATE, "shield")[HERE]
    ate = found >= 0.9 ** (to_shield - 1.0)  # an apple that lay on the way
    straight = returns(rule(ALONE, "greedy"), ALONE, STATE, steps=60, discount=0.9, seed=3)
    assert (found <= straight + 1e-12).all()
    assert not ate.all()
    assert (found > 0).all()


def test_the_states_stay_and_the_seed_decides():
    net = build("mlp", shape=(5, 15, 15), actions=5, seed=0)
    drawn = agent(as_subject(net, ALONE, view="window", name="fresh"), ALONE, "window")
    planes = STATE.planes.copy()
    one, same, other = (returns(drawn, ALONE, STATE, steps=80, discount=1.0, seed=seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    assert (STATE.planes == planes).all()
    with pytest.raises(UnknownName, match="'cheese'"):
        returns(drawn, ALONE, STATE, steps=1, discount=1.0, seed=0, first=(drawn, "cheese"))
