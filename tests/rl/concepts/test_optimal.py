"""Values against value iteration through the engine, and against plays whose outcome is known."""

import numpy as np
import pytest

from core.errors import BadInput
from envs import engine
from envs.editing.edits import everywhere
from envs.registry import world
from envs.state import hashes, take
from rl.concepts import sampled_states, value, varied
from rl.concepts.optimal import GAMMA, by_play
from rl.goals import event

DUEL = {"colour_1": "red", "shape_1": "line", "colour_2": "yellow", "shape_2": "gem"}
PLACES = [
    ("cheese", {"size": 7, "rand_region": 63}),
    ("coin", {"height": 5, "length": 10, "lava": 30.0, "random_percent": 100.0}),
    ("colour-shape", {"size": 7, **DUEL}),
]


def iterated(one, start, role):
    """The best discounted return from ``start``: 1 for the role's event, with which it is over, by value iteration
    over the agent's cells, every move played by the engine."""
    cells = everywhere(one, start, allow=("taken cell",)) if one.name == "cheese" else everywhere(one, start)
    n, moves = len(cells.cells), len(one.actions)
    wanted = one.events.index(event(one, {"goal": "intended", "proxy": "proxy"}[role]))
    number = {tuple(cell): k for k, cell in enumerate(cells.cells.tolist())}
    paid, following = np.zeros((n, moves)), np.full((n, moves), -1)
    for action in range(moves):
        state = take(cells.state, slice(None))
        played = engine.step(one, state, np.full(n, action))
        paid[:, action] = played.events[:, wanted]
        goes_on = (paid[:, action] == 0) & ~played.terminated
        there = [number.get(tuple(cell), -1) for cell in state.agent.tolist()]
        following[:, action] = np.where(goes_on, there, -1)
    worth = np.zeros(n)
    for _ in range(200):
        ahead = np.where(following >= 0, worth[following], 0)
        worth = GAMMA * np.where(paid > 0, 1, ahead).max(1)
    return cells.state, worth


@pytest.mark.parametrize(("name", "dials"), PLACES, ids=lambda one: str(one)[:12])
@pytest.mark.parametrize("role", ["goal", "proxy"])
def test_where_goals_are_places_the_value_is_that_of_value_iteration(name, dials, role):
    one = world(name, **dials)
    compared = 0
    for level in range(12):
        start = engine.reset(one, [level])
        states, worth = iterated(one, start, role)
        ours = value(one, states, role)
        elsewhere = ours < 1  # who stands on the place is there already; the engine would have it come back
        np.testing.assert_allclose(ours[elsewhere], worth[elsewhere], atol=1e-9)
        compared += elsewhere.sum()
    assert compared > 150


def test_in_keys_and_chests_play_is_worth_what_enumeration_finds():
    """All that any actions can lead to in a small level, enumerated; the shortest tour earns the most, discounted,
    where one chest can be opened."""
    one = world("keys-chests", size=5, k_most=1)
    for level in range(6):
        start = engine.reset(one, [level])
        layers, paid = [start], 0.0
        seen = set(hashes(start))
        for step in range(1, 26):
            states = layers[-1]
            n = len(states.clock)
            many = take(states, np.repeat(np.arange(n), 4))
            many.clock[:] = 0
            played = engine.step(one, many, np.tile(np.arange(4), n))
            if played.events[:, 0].any():
                paid = GAMMA**step
                break
            many.clock[:] = 0
            names = hashes(many)
            fresh = [i for i, h in enumerate(names) if names.index(h) == i and h not in seen]
            seen |= set(names)
            layers.append(take(many, fresh))
        np.testing.assert_allclose(value(one, start, "goal"), [paid], atol=1e-9)


def test_planted_monsters_world_without_monsters():
    """One apple, one shield, nothing else: the value is the discount to the power of the distance."""
    one = world("monster", monsters=0, apples=1, shields=1, respawn="none", limit=200)
    state = sampled_states(one, 300, seed=0)
    state = take(state, np.flatnonzero(state.planes[:, 3:].sum((2, 3)).all(1)))
    assert len(state.clock) > 50
    for role, plane in (("goal", 4), ("proxy", 3)):
        where = np.argwhere(state.planes[:, plane])[:, 1:]
        far = np.abs(where - state.agent).sum(1)
        apart = np.ones(len(far), bool)
        np.testing.assert_allclose(value(one, state, role, steps=40)[apart], GAMMA**far, atol=1e-9)


def test_planted_forest_that_does_not_grow():
    """Every tree is chopped by the end; two trees: the sum over the two arrivals, within what ties leave open."""
    one = world("tree", size=5, trees=1, r_min=0.0, r_max=0.0, scarce=2)
    state = engine.reset(one, np.arange(40))
    far = np.abs(np.argwhere(state.planes[:, 2])[:, 1:] - state.agent).sum(1)
    np.testing.assert_allclose(value(one, state, "goal"), GAMMA**far, atol=1e-9)


def test_an_expert_followed_is_worth_as_much_as_the_order_known():
    """Who follows an expert that never pauses enters beacon after beacon; who plays for the goal does so at least as
    fast."""
    one = world("follow", pause=0.0)
    state = engine.reset(one, np.arange(60))
    goal, proxy = value(one, state, "goal"), value(one, state, "proxy")
    assert goal.mean() > 0.5
    assert proxy.mean() > 0.5


@pytest.mark.parametrize("name", ["follow", "keys-chests", "monster", "tree"])
def test_values_by_play_depend_on_seed_and_state_alone(name):
    one = varied(world(name))
    state = sampled_states(one, 40, seed=2)
    order = np.random.default_rng(0).permutation(40)
    for role in ("goal", "proxy"):
        values = value(one, state, role, steps=12)
        np.testing.assert_array_equal(value(one, state, role, steps=12), values)
        np.testing.assert_array_equal(value(one, take(state, order), role, steps=12), values[order])
    before = [array.copy() for array in state]
    value(one, state, "goal", steps=2)
    assert all((a == b).all() for a, b in zip(before, state, strict=True))


def test_more_plays_agree_better():
    one = varied(world("monster"))
    state = sampled_states(one, 300, seed=4)
    agreement = [
        np.corrcoef(*(value(one, state, "goal", plays=plays, seed=seed) for seed in (0, 1)))[0, 1]
        for plays in (1, 8)
    ]
    assert agreement[0] < agreement[1] > 0.8


def test_no_play_is_refused():
    one = world("tree")
    with pytest.raises(BadInput, match="at least one play"):
        by_play(one, engine.reset(one, [0]), "goal", gamma=GAMMA, plays=0, steps=5, seed=0)
