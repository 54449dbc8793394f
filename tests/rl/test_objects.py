"""Parts of a gridworld's views are its objects: every value shown is some part's, and gone it is as if it never was."""

import numpy as np
import pytest
import torch

from core.attribution import feature_ablation, shapley
from core.subject import InputSpec, wrap
from core.targets import Output
from envs import engine
from envs.editing import edits
from envs.registry import WORLDS
from envs.registry import world as make_world
from rl.agents import see
from rl.objects import baseline, parts

VIEWS = ("grid", "window", "rgb", "flipped-window", "flipped-rgb")


def played(world, levels=4, steps=12, seed=0):
    """States in the midst of random play."""
    rng = np.random.default_rng(seed)
    state = engine.reset(world, np.arange(levels) + 50)
    for _ in range(steps):
        engine.step(world, state, rng.integers(0, len(world.actions), levels).astype(np.int32))
    return state


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", sorted(WORLDS))
def test_every_value_that_is_shown_is_some_object_and_the_rest_is_floor(name, view):
    world = make_world(name)
    state = played(world)
    seen, bare, found = see(world, state, view), baseline(world, state, view), parts(world, state, view)
    assert found.labels.shape == seen.shape
    shown = seen != bare
    assert bool((found.labels[shown] > 0).all())
    if "rgb" not in view:
        assert torch.equal(found.labels > 0, shown)
    assert torch.equal(torch.where(found.labels > 0, bare, seen), bare)
    for i, names in enumerate(found.names):
        assert len(set(names)) == len(names)
        assert set(found.labels[i].unique().tolist()) - {0} == set(range(1, len(names) + 1))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("name", "thing"), [("cheese", "cheese"), ("coin", "coin"), ("monster", "apple"), ("tree", "tree")]
)
def test_a_part_gone_looks_as_the_world_shows_it_without_the_object(name, thing, view):
    world = make_world(name)
    state = engine.reset(world, np.arange(3) + 7)
    cells = np.stack([np.argwhere(planes[world.channels.index(thing)])[0] for planes in state.planes])
    without = see(world, edits.remove(world, state, thing, cells, allow=world.spec.laws), view)
    seen, bare, found = see(world, state, view), baseline(world, state, view), parts(world, state, view)
    for i, (y, x) in enumerate(cells.tolist()):
        wanted = [k for k, told in enumerate(found.names[i], 1) if told in (thing, f"{thing} {y},{x}")]
        if not wanted:  # outside the window
            assert torch.equal(without[i], seen[i])
            continue
        gone = torch.where(found.labels[i] == wanted[0], bare[i], seen[i])
        assert torch.equal(gone, without[i])


def test_walls_may_be_parted_into_blocks_and_objects_of_several_planes_are_one():
    pillars = make_world("colour-shape", colour_1="yellow", shape_1="gem")
    state = engine.reset(pillars, [3])
    names = parts(pillars, state, "grid", together=()).names[0]
    assert sum(name.startswith("wall ") for name in names) == 5  # four pillars and the border
    assert "red green gem" in names


def test_what_is_held_is_a_part():
    world = make_world("keys-chests")
    state = edits.set_counter(
        world, engine.reset(world, [1, 2]), "keys", np.array([0, 1]), allow=world.spec.laws
    )
    for view in VIEWS:
        found = parts(world, state, view)
        assert "keys held" not in found.names[0]
        assert "keys held" in found.names[1]


def only_apples(world, view="grid"):
    """An agent whose first action's logit counts the apples that it sees."""
    seen = see(world, engine.reset(world, [0]), view)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(seen[0].numel(), 2, bias=False))
    weight = torch.zeros(2, *seen.shape[1:])
    weight[0, -2] = 1.0
    net[1].weight.data = weight.flatten(1)
    count = seen.shape[1]
    spec = InputSpec(tuple(seen.shape[1:]), (0.0,) * count, (1.0,) * count, tuple(map(str, range(count))))
    return wrap(net, name="apples", spec=spec, heads={"policy": ("a", "b")})


@pytest.mark.parametrize("method", [feature_ablation, shapley])
def test_the_object_that_counts_is_found(method):
    world = make_world("monster")
    state = played(world)
    inputs, found = see(world, state, "grid"), parts(world, state, "grid")
    answer = method(
        only_apples(world), inputs, Output("policy", 0), parts=found, baseline=baseline(world, state, "grid")
    )
    for names, values in zip(answer.parts.names, answer.part_values.tolist(), strict=True):
        told = [float(name.startswith("apple")) for name in names]
        assert values[: len(names)] == pytest.approx(told, abs=1e-6)
        assert values[len(names) :] == pytest.approx([0.0] * (len(values) - len(names)), abs=1e-9)
