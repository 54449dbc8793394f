"""Counterfactual states, paths and rendering."""

from itertools import pairwise

import numpy as np
import pytest

from core.errors import BadInput, UnknownName
from envs import editing, engine, registry, rendering
from envs.checks import same
from envs.paths import best_actions, distances, path
from envs.state import AGENT, WALL
from envs.worlds.cheese import cheese_cells

MAZE = registry.world("cheese", size=9, rand_region=63)


def test_everywhere_holds_the_level_once_for_each_free_cell():
    state = engine.reset(MAZE, [0, 1])
    before = engine.take(state, [0, 1])
    everywhere = editing.everywhere(MAZE, state, 1)
    free = (state.planes[1, WALL] == 0).sum()
    assert len(everywhere.cells) == free - 1  # all but the cheese's
    assert np.array_equal(everywhere.state.agent, everywhere.cells)
    assert (everywhere.state.planes[:, AGENT].sum(axis=(1, 2)) == 1).all()
    assert (everywhere.state.planes[:, [WALL, 2]] == state.planes[1, [WALL, 2]]).all()
    assert same(state, before)


def test_moved_cheese_is_eaten_where_it_lies():
    state = editing.move(MAZE, engine.reset(MAZE, [0]), "cheese", np.array([7, 3]))
    state = editing.place_agent(MAZE, state, np.array([[7, 1]]))
    assert cheese_cells(state).tolist() == [[7, 3]]
    if state.planes[0, WALL, 7, 2]:
        pytest.skip("this level has a wall there")
    engine.step(MAZE, state, np.array([3]))
    assert engine.step(MAZE, state, np.array([3])).reward.tolist() == [1.0]


@pytest.mark.parametrize("cell", [(0, 0), (-1, 3), (9, 9)])
def test_things_cannot_lie_in_walls_or_outside(cell):
    state = engine.reset(MAZE, [0])
    with pytest.raises(BadInput, match="not free for 'agent'; the nearest free one is"):
        editing.place_agent(MAZE, state, np.array(cell))
    with pytest.raises(BadInput, match="not free for 'cheese'"):
        editing.move(MAZE, state, "cheese", np.array(cell))


def test_other_refusals():
    state = engine.reset(MAZE, [0])
    with pytest.raises(BadInput, match="not free for 'agent'"):
        editing.place_agent(MAZE, state, cheese_cells(state))
    with pytest.raises(BadInput, match="not free for 'cheese'"):
        editing.move(MAZE, state, "cheese", state.agent)
    with pytest.raises(UnknownName, match="unknown thing of world 'cheese' 'chese'"):
        editing.move(MAZE, state, "chese", np.array([1, 1]))
    with pytest.raises(BadInput, match="expected one cell"):
        editing.place_agent(MAZE, state, np.array([[1, 1], [1, 2]]))
    state.planes[0, 2] = 0
    with pytest.raises(BadInput, match="holds 0 of 'cheese'"):
        editing.move(MAZE, state, "cheese", np.array([1, 1]))


def test_distances_agree_with_another_library():
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    state = engine.reset(MAZE, [4])
    wall = state.planes[:, WALL]
    cells = [tuple(cell) for cell in np.argwhere(wall[0] == 0)]
    near = [[abs(a - c) + abs(b - d) == 1 for c, d in cells] for a, b in cells]
    theirs = shortest_path(csr_matrix(np.array(near, float)), unweighted=True)[cells.index((1, 7))]
    ours = distances(wall, np.array([[1, 7]]))[0]
    assert [ours[cell] for cell in cells] == theirs.tolist()
    assert (ours[wall[0] == 1] == -1).all()


def test_paths_are_as_long_as_their_distance():
    steps = distances(engine.reset(MAZE, [4]).planes[:, WALL], np.array([[1, 7]]))[0]
    way = path(steps, np.array([7, 1]))
    assert len(way) == steps[7, 1] + 1
    assert way[-1] == (1, 7)
    assert all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in pairwise(way))


def test_no_way_to_what_is_gone():
    steps = distances(np.zeros((1, 3, 3), np.uint8), np.array([[-1, -1]]))
    assert (steps == -1).all()
    assert path(steps[0], np.array([0, 0])) == []
    assert not best_actions(steps, np.array([[1, 1]])).any()


def test_frames_show_every_thing_in_its_place():
    state = engine.reset(MAZE, [0])
    picture = rendering.frame(MAZE, state, 0, cell=16)
    assert picture.shape == (144, 144, 3)
    pieces = picture.reshape(9, 16, 9, 16, 3).transpose(0, 2, 1, 3, 4).reshape(81, -1)
    kinds = state.planes[0].reshape(3, 81).T
    for kind in np.unique(kinds, axis=0):
        alike = pieces[(kinds == kind).all(axis=1)]
        assert (alike == alike[0]).all()
    assert len(np.unique(pieces, axis=0)) == 4


def test_text_shows_walls_mouse_and_cheese():
    lines = rendering.text(MAZE, engine.reset(MAZE, [0])).splitlines()
    assert [len(line) for line in lines] == [9] * 9
    assert lines[7][1] == "@"
    assert "".join(lines).count("C") == 1
