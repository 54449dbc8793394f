"""Maps of planted agents are what was planted."""

import numpy as np
import pytest

from core.errors import BadInput
from envs import engine
from envs.state import WALL
from envs.terrain.paths import distances
from rl.fields import field_of, parting_levels
from rl.goals import shifted, ways


def test_values_and_arrows_of_planted_agents(maze, cheese_seeker, corner_runner):
    broken = shifted(maze)
    (level,) = parting_levels(broken, 1)
    state = engine.reset(broken, [level])
    for agent, place in ((cheese_seeker, "cheese"), (corner_runner, "corner")):
        found = field_of(agent, broken, level)
        target = np.array([found.marks[place]])
        far = distances(state.planes[:, WALL], target)[0]
        stands = np.isfinite(found.values)
        assert stands.sum() == (state.planes[0, WALL] == 0).sum() - 1  # all free cells but the cheese's
        np.testing.assert_array_equal(-found.values[stands], far[stands])
        ahead = np.argwhere(stands & (far > 0))
        for cell in ahead:
            step = np.round(found.moves[tuple(cell)]).astype(int)
            assert far[tuple(cell + step)] == far[tuple(cell)] - 1
        assert found.path[0].tolist() == state.agent[0].tolist()
        assert found.path[-1].tolist() == target[0].tolist()
        np.testing.assert_allclose(found.policy.sum(2)[stands], 1, rtol=1e-5)
        assert not found.policy[~stands].any()


def test_steps_into_walls_do_not_move_the_arrow(maze, corner_runner):
    level = parting_levels(shifted(maze), 1)[0]
    found = field_of(corner_runner, shifted(maze), level)
    wall = engine.reset(maze, [level]).planes[0, WALL]
    for row, column in np.argwhere(np.isfinite(found.values)):
        down, right = found.moves[row, column]
        assert not (down > 1e-6 and wall[row + 1, column])
        assert not (right < -1e-6 and wall[row, column - 1])


def test_parting_levels_part(maze):
    broken = shifted(maze)
    way = ways(broken, engine.reset(broken, parting_levels(broken, 5)))
    assert way.telling.all()
    assert (way.shared <= 2).all()
    assert (np.minimum(way.to_goal, way.to_proxy) >= 6).all()


def test_a_world_whose_ways_never_part_is_refused(maze):
    with pytest.raises(BadInput, match=r"only 0 part the ways .* rand_region"):
        parting_levels(maze, 3)
