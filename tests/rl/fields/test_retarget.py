"""A planted agent that walks to where one unit is strongest is retargeted by that unit and by no other."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d

from core.errors import BadInput
from core.targets import Direction, Unit
from envs import engine
from envs.registry import world
from rl.agents import as_subject, load
from rl.fields import (
    along,
    geometric_means,
    path_probabilities,
    retarget,
    retargeting_units,
    shown_levels,
    walk_of,
)
from rl.fields.placing import pixels

CHEESE, UNITS = 3, 5


class Drawn(nn.Module):
    """Walks the shortest way to the cell in which unit 3 of "eye" is strongest; of the others only walls count."""

    def __init__(self, size):
        super().__init__()
        self.size = size
        self.eye = nn.Conv2d(2, UNITS, 1, bias=False)
        weight = torch.zeros(UNITS, 2, 1, 1)
        weight[0, 0] = weight[CHEESE, 1] = 1.0
        weight[1, 1], weight[2, 0], weight[4] = 0.3, -0.2, 0.1
        self.eye.weight.data = weight

    def forward(self, seen):
        maps = self.eye(seen)
        wall, lure = maps[:, 0] > 0.5, maps[:, CHEESE]
        top = lure.flatten(1).amax(1)[:, None, None]
        reached = ((lure == top) & (top > 0)).float()[:, None]
        steps = torch.full_like(lure, 99.0)
        for step in range(4 * self.size):
            steps = torch.where((reached[:, 0] > 0) & (steps == 99), float(step), steps)
            cross = torch.maximum(
                max_pool2d(reached, (3, 1), 1, (1, 0)), max_pool2d(reached, (1, 3), 1, (0, 1))
            )
            reached = cross * ~wall[:, None]
        steps = torch.where(wall, 100.0, steps)
        c = seen.shape[-1] // 2
        around = [steps[:, c - 1, c], steps[:, c + 1, c], steps[:, c, c - 1], steps[:, c, c + 1]]
        return {"policy": -20 * torch.stack(around, 1), "value": -steps[:, c, c, None]}


@pytest.fixture(scope="module")
def broken():
    return world("cheese", size=7, rand_region=63, limit=40)


@pytest.fixture(scope="module")
def level(broken):
    return shown_levels(broken, 1)[0]


@pytest.fixture(scope="module")
def drawn():
    return as_subject(Drawn(7), world("cheese", size=7), view="window", name="drawn")


def test_the_planted_unit_draws_the_agent_to_every_cell(drawn, broken, level):
    found = retarget(drawn, broken, level, Unit("eye", CHEESE), amount=5.0, controls=4)
    known = np.isfinite(found.before)
    np.testing.assert_allclose(found.after[known], 1, atol=1e-5)
    np.testing.assert_array_equal(found.before[known], path_probabilities(drawn, broken, level).likely[known])
    assert found.mean > 0.2
    assert sorted(found.controls) == ["eye:0", "eye:1", "eye:2", "eye:4"]
    assert max(found.chance) < 1e-6  # walls held up can only bar the way


def test_among_all_units_it_is_found(drawn, broken, level):
    found = retargeting_units(drawn, broken, [level, level + 1], "eye", amount=5.0)
    assert found.best == Unit("eye", CHEESE)
    assert found.rises.shape == (UNITS, 2)
    assert np.sort(found.rises.mean(1))[-2] < 1e-6


def test_a_direction_placed_at_a_cell_does_the_same(drawn, broken, level):
    vector = torch.zeros(UNITS)
    vector[CHEESE] = 1.0
    by_direction = retarget(drawn, broken, level, Direction("eye", vector, "lure"), amount=5.0, controls=0)
    by_unit = retarget(drawn, broken, level, Unit("eye", CHEESE), amount=5.0, controls=0)
    np.testing.assert_allclose(by_direction.after, by_unit.after, atol=1e-6)


def test_along_the_planted_direction_the_agent_loses_its_goal(drawn, broken, level):
    vector = torch.zeros(UNITS)
    vector[CHEESE] = -1.0  # then nothing is above 0, and it goes any free way alike
    found = along(drawn, broken, level, Direction("eye", vector, "no lure"), [0.0, 2.0], controls=1)
    walk = walk_of(broken, engine.reset(broken, [level]))
    free = walk.leads != np.arange(len(walk.leads))[:, None]
    lost = walk.map(geometric_means(walk, free / free.sum(1, keepdims=True)))
    np.testing.assert_allclose(found.likely[1], lost, atol=1e-5)
    assert found.to(found.marks["cheese"])[0] == pytest.approx(1, abs=1e-5)
    assert found.to(found.marks["cheese"])[1] < 0.9


@pytest.mark.parametrize("view", ["window", "flipped-window", "grid", "rgb"])
def test_a_cell_lies_where_the_view_shows_it(broken, view):
    state = engine.reset(broken, [3])
    cheese = np.argwhere(state.planes[0, 2])
    seen = engine.observe(broken, state, view)[0].astype(float)
    ((row, column),) = pixels(broken, view, state.agent, cheese)[0]
    if view == "rgb":
        ground = engine.observe(broken, state._replace(planes=_without_cheese(state)), view)[0]
        differ = np.abs(seen - ground).sum(0) > 0
        rows, columns = np.nonzero(differ)
        assert rows.min() <= row <= rows.max()
        assert columns.min() <= column <= columns.max()
    else:
        plane = -1
        assert seen[plane, row, column] == 1


def _without_cheese(state):
    planes = state.planes.copy()
    planes[:, 2] = 0
    return planes


def test_layers_without_maps_are_refused_with_what_can_be_done():
    agent, maze = load("cheese-corner"), world("cheese", size=9)
    with pytest.raises(BadInput, match="conv, relu1 have"):
        retarget(agent, maze, 3, Unit("hidden1", 0))
    with pytest.raises(BadInput, match="at least one amount"):
        along(agent, maze, 3, Direction("hidden1", torch.ones(128), "up"), [])
