"""What holds of the concepts of every world: they vary, have the form of their kind, and agree with each other."""

from pathlib import Path

import numpy as np
import pytest

from envs.editing.laws import broken
from envs.registry import WORLDS, world
from rl.concepts import CONCEPTS, known, labelled, labels, offered, sampled_states, told_by, varied
from rl.concepts.things import named, nearest

TREASURE = str(Path(__file__).resolve().parents[3] / "docs/worlds/treasure.py")
ALL = [*WORLDS, TREASURE]
N = 600


@pytest.fixture(scope="module")
def told():
    """World (dials so that all varies) and the labels of all that it offers, on states of another seed."""
    made = {}

    def of(name):
        if name not in made:
            one = varied(world(name))
            made[name] = (one, *_labelled(one))
        return made[name]

    return of


def _labelled(one):
    state = sampled_states(one, N, seed=7)
    return state, labelled(one, state, offered(one))


@pytest.mark.parametrize("name", ALL, ids=lambda name: Path(name).stem)
def test_every_concept_varies_and_has_the_form_of_its_kind(name, told):
    _, _, found = told(name)
    assert len(found) >= 15
    for key, each in found.items():
        values = each.values
        assert np.isfinite(values).all(), key
        assert (values != values[:1]).any(), key
        if each.kind == "grid":
            assert values.ndim == 3
            assert len(values) == N
            assert set(np.unique(values)) <= {0, 1}, key
            continue
        assert values.shape == (N,), key
        if each.kind == "binary":
            assert values.dtype == bool, key
            assert 3 <= values.sum() <= N - 3, key
        if each.kind == "categorical":
            assert values.dtype.kind == "i"
            assert len(np.unique(values)) <= 6, key


@pytest.mark.parametrize("name", ALL, ids=lambda name: Path(name).stem)
def test_ten_are_told_and_none_twice(name, told):
    one, _, found = told(name)
    assert len(told_by(one)) == len(set(told_by(one))) == 10
    assert set(told_by(one)) <= set(found) <= set(known(one))
    flat = [each.values.tobytes() + each.kind.encode() for each in found.values()]
    assert len(set(flat)) == len(flat)
    if name in WORLDS:
        assert {"steps to goal", "value of goal", "value of proxy"} <= set(told_by(one))
        assert set(known(one)) <= set(CONCEPTS)


@pytest.mark.parametrize("name", ALL, ids=lambda name: Path(name).stem)
def test_concepts_agree_with_each_other(name, told):
    one, state, found = told(name)
    h, w = one.shape[1:]
    for thing in {key.removeprefix("steps to ") for key in found if key.startswith("steps to ")}:
        steps = found[f"steps to {thing}"].values
        parts = ("rows below", "columns right", "row", "adjacent", "on the grid", "around")
        asked = [f"{thing} {part}" for part in parts] + [f"turn to {thing}"]
        asked += [f"{way} barred" for way in one.actions[:4]]
        down, right, row, adjacent, where, around, turn, *barred = labels(one, state, asked).values()
        _, far = nearest(one, state, named(thing))
        here = far >= 0
        np.testing.assert_array_equal(steps, np.where(here, far, h + w))
        assert (steps >= abs(down) + abs(right))[here].all()
        np.testing.assert_array_equal(row - state.agent[:, 0], down)
        np.testing.assert_array_equal(adjacent, steps == 1)
        side = around.shape[1]
        np.testing.assert_array_equal(where[np.arange(N), *state.agent.T], around[:, side // 2, side // 2])
        np.testing.assert_array_equal((turn == len(one.actions)), (steps == 0) | ~here)
        goes = turn < 4
        assert not np.array(barred)[turn[goes], np.flatnonzero(goes)].any()


DIALS = [
    ("monster", {"respawn": "none"}),
    ("monster", {"respawn": "apples", "after_hit": "dies"}),
    ("monster", {"respawn": "everything"}),
    ("monster", {"shields": 0}),
    ("monster", {"cap": 0}),
    ("monster", {"shields": 2, "respawn": "none", "cap": 1}),
    ("monster", {"monsters": 0, "limit": 200}),
    ("follow", {"partner": "random", "beacons": 5, "size": 11}),
    ("follow", {"partner": "none"}),
    ("follow", {"partner": "expert", "beacons": 4}),
    ("keys-chests", {"k_most": 1}),
    ("keys-chests", {"reversed_percent": 50.0, "k_most": 5, "size": 11}),
    ("tree", {"trees": 1}),
    ("tree", {"trees": 40}),
]


@pytest.mark.parametrize(("name", "dials"), [*((one, {}) for one in ALL), *DIALS], ids=str)
def test_states_midway_break_no_law(name, dials):
    one = world(name, **dials)
    for where in {one, varied(one)}:
        assert broken(where, sampled_states(where, 400, seed=3)) == {}


def test_what_is_held_and_left_varies_from_nothing_to_all():
    found = labels(
        one := varied(world("monster")),
        sampled_states(one, 2000, seed=0),
        ["shields held", "monster count", "any move unsafe"],
    )
    assert set(found["shields held"].tolist()) == set(range(11))
    assert set(found["monster count"].tolist()) == set(range(6))
    assert abs(np.corrcoef(found["shields held"], found["monster count"])[0, 1]) < 0.1
    forest = varied(world("tree"))
    trees = labels(forest, sampled_states(forest, 500, seed=0), ["tree count"])["tree count"]
    assert set(trees.tolist()) == set(range(11))


def test_what_is_gone_is_the_grid_away_and_as_if_under_the_agent():
    forest = varied(world("tree"))
    state = sampled_states(forest, 300, seed=0)
    names = ["tree count", "steps to goal", "goal rows below", "goal row", "turn to goal", "value of goal"]
    found = labels(forest, state, names)
    bare = found["tree count"] == 0
    assert bare.any()
    assert (found["steps to goal"][bare] == 24).all()
    assert (found["goal rows below"][bare] == 0).all()
    np.testing.assert_array_equal(found["goal row"][bare], state.agent[bare, 0])
    assert (found["turn to goal"][bare] == 5).all()
    assert found["value of goal"][bare].max() < found["value of goal"][~bare].mean()


def test_a_world_in_the_mirror_tells_the_same_mirrored():
    """Left for right: columns change their sign, turns their side, steps and counts nothing."""
    one = world("monster", apples=1, shields=1, monsters=3)
    state = sampled_states(one, 400, seed=5)
    mirrored = state._replace(planes=state.planes[..., ::-1].copy(), agent=state.agent.copy())
    mirrored.agent[:, 1] = one.shape[2] - 1 - state.agent[:, 1]
    names = ["steps to goal", "goal columns right", "goal rows below", "unsafe left", "any move unsafe"]
    ours, theirs = (labels(one, each, [*names, "unsafe right"]) for each in (state, mirrored))
    np.testing.assert_array_equal(ours["goal columns right"], -theirs["goal columns right"])
    np.testing.assert_array_equal(ours["unsafe left"], theirs["unsafe right"])
    for name in ("steps to goal", "goal rows below", "any move unsafe"):
        np.testing.assert_array_equal(ours[name], theirs[name])
