"""Counterfactual states: what may be edited in every world, what is refused by which name; paths and rendering."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, GridlensError, UnknownName
from envs import engine, registry
from envs.checks import play, same
from envs.editing import edits
from envs.editing.laws import SAME_WALLS, TAKEN, broken, check_form, check_kept, law_names, together
from envs.editing.notation import to_text
from envs.pictures import rendering
from envs.randomness import streams
from envs.spec import World
from envs.state import AGENT, WALL, State, hashes, take
from envs.terrain.paths import best_actions, distances, path
from envs.worlds.cheese import cheese_cells

IDS = sorted(registry.IDS)

MAZE = registry.world("cheese", size=9, rand_region=63)


def test_everywhere_holds_the_level_once_for_each_free_cell():
    state = engine.reset(MAZE, [0, 1])
    before = engine.take(state, [0, 1])
    everywhere = edits.everywhere(MAZE, state, 1)
    free = (state.planes[1, WALL] == 0).sum()
    assert len(everywhere.cells) == free - 1  # all but the cheese's
    assert np.array_equal(everywhere.state.agent, everywhere.cells)
    assert (everywhere.state.planes[:, AGENT].sum(axis=(1, 2)) == 1).all()
    assert (everywhere.state.planes[:, [WALL, 2]] == state.planes[1, [WALL, 2]]).all()
    assert same(state, before)


def test_moved_cheese_is_eaten_where_it_lies():
    state = edits.move(MAZE, engine.reset(MAZE, [0]), "cheese", np.array([7, 3]))
    state = edits.place_agent(MAZE, state, np.array([[7, 1]]))
    assert cheese_cells(state).tolist() == [[7, 3]]
    if state.planes[0, WALL, 7, 2]:
        pytest.skip("this level has a wall there")
    engine.step(MAZE, state, np.array([3]))
    assert engine.step(MAZE, state, np.array([3])).reward.tolist() == [1.0]


@pytest.mark.parametrize("cell", [(0, 0), (-1, 3), (9, 9)])
def test_things_cannot_lie_in_walls_or_outside(cell):
    state = engine.reset(MAZE, [0])
    with pytest.raises(BadInput, match="not free for 'agent'; the nearest free one is"):
        edits.place_agent(MAZE, state, np.array(cell))
    with pytest.raises(BadInput, match="not free for 'cheese'"):
        edits.move(MAZE, state, "cheese", np.array(cell))


def test_other_refusals():
    state = engine.reset(MAZE, [0])
    with pytest.raises(BadInput, match="not free for 'agent'"):
        edits.place_agent(MAZE, state, cheese_cells(state))
    with pytest.raises(BadInput, match="not free for 'cheese'"):
        edits.move(MAZE, state, "cheese", state.agent)
    with pytest.raises(UnknownName, match="unknown thing of world 'cheese' 'chese'"):
        edits.move(MAZE, state, "chese", np.array([1, 1]))
    with pytest.raises(BadInput, match="expected one cell"):
        edits.place_agent(MAZE, state, np.array([[1, 1], [1, 2]]))
    state.planes[0, 2] = 0
    with pytest.raises(BadInput, match="holds 0 of 'cheese'"):
        edits.move(MAZE, state, "cheese", np.array([1, 1]))
    with pytest.raises(BadInput, match="there is no 'cheese' in any instance"):
        edits.remove(MAZE, state, "cheese")
    with pytest.raises(BadInput, match="has exactly one 'agent'; it can be moved, not added or removed"):
        edits.remove(MAZE, state, "agent")
    with pytest.raises(BadInput, match="has exactly one 'agent'"):
        edits.add(MAZE, state, "agent", np.array([1, 1]))
    with pytest.raises(UnknownName, match=r"unknown counter of world 'cheese' 'keys' \(there are: none\)"):
        edits.set_counter(MAZE, state, "keys", 1)
    with pytest.raises(BadInput, match=r"allow is the text 'taken cell'; expected a collection"):
        edits.place_agent(MAZE, state, np.array([1, 1]), allow=TAKEN)
    with pytest.raises(
        UnknownName, match="unknown law of world 'cheese' 'one chese'; the nearest valid one is 'one ch"
    ):
        edits.place_agent(MAZE, state, np.array([1, 1]), allow=("one chese",))


NEAR = registry.world("cheese", size=7, rand_region=3)
ONE, TREE = "one cheese in its region", "the maze is a tree"


def test_cheese_laws_are_refused_and_allowed_by_name():
    state = engine.reset(NEAR, [0, 1])
    before = take(state, slice(None))
    with pytest.raises(
        BadInput, match=f"instance 0 would break the law '{ONE}', which the rules of world 'cheese'"
    ):
        edits.move(NEAR, state, "cheese", np.array([5, 3]))
    far = edits.move(NEAR, state, "cheese", np.array([5, 3]), allow=(ONE,))
    assert cheese_cells(far).tolist() == [[5, 3]] * 2
    with pytest.raises(BadInput, match=rf"allow=\('{TREE}',\) makes an exception"):
        edits.remove(NEAR, state, "wall", np.array([2, 2]))
    loop = edits.remove(NEAR, state, "wall", np.array([2, 2]), allow=(TREE,))
    assert not loop.planes[:, WALL, 2, 2].any()
    with pytest.raises(BadInput, match=f"the law '{ONE}' and the law '{TREE}'"):
        check_kept(NEAR, edits.add(NEAR, loop, "cheese", np.array([2, 2]), allow=(ONE,)))
    # What was broken before stands in nobody's way; the other law still does.
    edits.add(NEAR, loop, "wall", np.array([2, 2]))
    edits.place_agent(NEAR, far, np.array([5, 1]))
    with pytest.raises(BadInput, match=TREE):
        edits.remove(NEAR, far, "wall", np.array([2, 2]))
    assert same(state, before)


def test_only_the_instances_that_break_a_law_refuse():
    state = engine.reset(NEAR, [0, 1])
    state.planes[0, WALL, 2, 2] = 0  # instance 0 is no tree already, instance 1 is
    with pytest.raises(BadInput, match="instance 1 would break"):
        edits.remove(NEAR, state, "wall", np.array([[4, 4], [2, 2]]))


def test_taken_cells_are_allowed_by_name():
    state = engine.reset(NEAR, [0])
    with pytest.raises(
        BadInput, match=r"is not free for 'agent'; .*; allow=\('taken cell',\) makes an exception"
    ):
        edits.place_agent(NEAR, state, cheese_cells(state))
    both = edits.place_agent(NEAR, state, cheese_cells(state), allow=(TAKEN,))
    assert np.array_equal(both.agent, cheese_cells(both))
    assert len(edits.everywhere(NEAR, state, allow=(TAKEN,)).cells) == (state.planes[0, WALL] == 0).sum()


def test_the_border_and_the_agent_out_of_walls_have_no_exception():
    state, every = engine.reset(NEAR, [0]), law_names(NEAR)
    for thing in ("agent", "cheese"):
        with pytest.raises(BadInput, match=r"cell \(0, 3\) of instance 0 is not free for .*\)$"):
            edits.move(NEAR, state, thing, np.array([0, 3]), allow=every)
    with pytest.raises(BadInput, match=r"not free for 'agent'; the nearest free one is \(\d, \d\)$"):
        edits.place_agent(NEAR, state, np.array([2, 2]), allow=every)
    with pytest.raises(BadInput, match="not free for 'wall'"):
        edits.add(NEAR, state, "wall", state.agent, allow=every)
    with pytest.raises(
        BadInput, match=r"holds no 'wall' that can be taken up: the border of wall stays; the nearest"
    ):
        edits.remove(NEAR, state, "wall", np.array([6, 3]), allow=every)
    empty = edits.remove(NEAR, state, "wall", allow=every)
    assert empty.planes[0, WALL].sum() == 24
    check_form(NEAR, empty)


def test_one_of_several_is_moved_and_removed_by_its_cell():
    maze = registry.world("cheese", size=7, rand_region=5)
    state = engine.reset(maze, [0])
    free = [cell for cell in edits.free_cells(maze, state).tolist() if cell != state.agent[0].tolist()]
    other, there = np.array(free[0]), np.array(free[1])
    two = edits.add(maze, state, "cheese", other, allow=(ONE,))
    with pytest.raises(BadInput, match=r"holds 2 of 'cheese'; say which to move by source"):
        edits.move(maze, two, "cheese", there)
    with pytest.raises(BadInput, match="not free for 'cheese'"):
        edits.move(maze, two, "cheese", cheese_cells(state), source=other)
    moved = edits.move(maze, two, "cheese", there, source=other)
    assert moved.planes[0, 2, there[0], there[1]] == 1
    with pytest.raises(BadInput, match=r"nothing of it lies there; the nearest lies at \(\d, \d\)"):
        edits.remove(maze, moved, "cheese", other)
    assert same(edits.remove(maze, moved, "cheese", there), state)
    assert not edits.remove(maze, moved, "cheese").planes[:, 2].any()


def world_of(identifier: str) -> World:
    name, dials = registry.IDS[identifier]
    return registry.world(name, **dials)


def reached(world: World, seed: int, steps: int, n: int = 3) -> State:
    actions = streams(seed, steps * n).reshape(steps, n) % np.uint64(len(world.actions))
    return play(world, np.arange(seed, seed + n), actions.astype(np.int64))[0]


def edited(world: World, state: State, data: st.DataObject, *, allow: tuple[str, ...] = ()) -> State:
    """Some edit, drawn at random among all kinds; refused ones raise."""
    _, h, w = world.shape
    kind = data.draw(st.sampled_from(["agent", "move", "add", "remove", "counter"]))
    thing = data.draw(st.sampled_from(world.channels))
    cell, other = (
        np.array(data.draw(st.tuples(st.integers(0, h - 1), st.integers(0, w - 1)))) for _ in range(2)
    )
    there = np.argwhere(state.planes[0, world.channels.index(thing)])
    source = there[data.draw(st.integers(0, len(there) - 1))] if len(there) else other
    if kind == "agent":
        return edits.place_agent(world, state, cell, allow=allow)
    if kind == "move":
        return edits.move(world, state, thing, cell, source=source, allow=allow)
    if kind == "add":
        return edits.add(world, state, thing, cell, allow=allow)
    if kind == "remove":
        return edits.remove(world, state, thing, source, allow=allow)
    names = world.spec.counters or ("none",)
    value = data.draw(st.integers(-1, 3))
    return edits.set_counter(world, state, data.draw(st.sampled_from(names)), value, allow=allow)


@pytest.mark.parametrize("identifier", IDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_edits_that_pass_keep_all_laws_from_then_on(identifier, data):
    """And those that do not pass change nothing; neither changes the state it was given."""
    world = world_of(identifier)
    state = reached(world, data.draw(st.integers(0, 99)), data.draw(st.integers(0, 30)), n=1)
    for _ in range(3):
        before, new, refusal = take(state, slice(None)), state, ""
        try:
            new = edited(world, state, data)
        except GridlensError as error:
            refusal = str(error)
        assert "\n" not in refusal
        assert same(state, before)
        check_form(world, new)
        assert broken(world, new).keys() <= broken(world, state).keys()
        assert (hashes(new) == hashes(state)) == same(new, state)
        state = new
    for t, row in enumerate(streams(6, 40)[:, None] % np.uint64(len(world.actions))):
        engine.step(world, state, row.astype(np.int64))
        check_form(world, state)
        assert broken(world, state).keys() <= {TAKEN}, f"after {t} steps"


@pytest.mark.parametrize("identifier", IDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_refusal_of_a_law_is_lifted_by_its_name(identifier, data):
    world = world_of(identifier)
    state = reached(world, data.draw(st.integers(0, 99)), data.draw(st.integers(0, 30)), n=1)
    new, refusal = state, ""
    try:
        new = edited(world, state, data, allow=law_names(world))
    except GridlensError as error:  # for other reasons: a border, a firm law
        refusal = str(error)
    assert "makes an exception" not in refusal
    check_form(world, new)
    for name in broken(world, new).keys() - broken(world, state).keys():
        with pytest.raises(BadInput, match=name):
            check_kept(world, new, before=state, allow=set(law_names(world)) - {name})


@pytest.mark.parametrize("identifier", IDS)
def test_everywhere_holds_all_places_that_an_agent_reaches(identifier):
    """Where play leads without changing anything else, ``everywhere`` has been; and every place keeps the laws."""
    world = world_of(identifier)
    state = reached(world, 2, 0, n=8)
    for i in range(2):
        found = edits.everywhere(world, state, i)
        check_form(world, found.state)
        assert not broken(world, found.state)
        assert state.agent[i].tolist() in found.cells.tolist()
        assert len({tuple(cell) for cell in found.cells.tolist()}) == len(found.cells) > 1
        one = take(state, [i])
        for row in streams(4, 60)[:, None] % np.uint64(len(world.actions)):
            if engine.step(world, one, row.astype(np.int64)).final is not None:
                break
            others = np.delete(one.planes[0], AGENT, axis=0) == np.delete(state.planes[i], AGENT, axis=0)
            if others.all() and np.array_equal(one.counters[0], state.counters[i]):
                assert one.agent[0].tolist() in found.cells.tolist()


@pytest.mark.parametrize("identifier", IDS)
def test_what_lies_together_is_symmetric_and_walls_stand_alone(identifier):
    pairs = together(world_of(identifier))
    assert (pairs == pairs.T).all()
    assert pairs.diagonal().all()
    assert pairs[WALL].sum() == 1


@pytest.mark.parametrize("identifier", [i for i in IDS if not world_of(i).spec.wall_shown])
def test_walls_that_never_differ_are_not_edited_but_by_name(identifier):
    world = world_of(identifier)
    state = reached(world, 0, 0, n=1)
    cell = next(c for c in edits.free_cells(world, state, thing="wall").tolist())
    with pytest.raises(BadInput, match=SAME_WALLS):
        edits.add(world, state, "wall", np.array(cell))
    assert edits.add(world, state, "wall", np.array(cell), allow=law_names(world)).planes[0, WALL][
        tuple(cell)
    ]


@pytest.mark.parametrize("identifier", [i for i in IDS if world_of(i).spec.counters])
def test_counters_are_set_one_by_one_or_all_alike(identifier):
    world = world_of(identifier)
    state, every = reached(world, 0, 3, n=3), law_names(world)
    for k, name in enumerate(world.spec.counters):
        set_each = edits.set_counter(world, state, name, [0, 1, 0], allow=every)
        assert set_each.counters[:, k].tolist() == [0, 1, 0]
        assert edits.set_counter(world, state, name, 1, allow=every).counters[:, k].tolist() == [1] * 3
        for wrong in (0.5, [1, 2], 2**31, "1", True):
            with pytest.raises(
                BadInput, match=f"counter '{name}' takes one whole number or 3 of them, of 32 bits"
            ):
                edits.set_counter(world, state, name, wrong)
        with pytest.raises(UnknownName, match=f"nearest valid one is '{name}'"):
            edits.set_counter(world, state, name + "q", 1)


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


def test_a_firm_law_admits_no_exception():
    spec = replace(MAZE.spec, firm=(TREE,))
    firm, state = World(spec, MAZE.dials), engine.reset(MAZE, [0])
    assert TREE not in law_names(firm)
    with pytest.raises(
        BadInput, match=f"instance 0 would break the law '{TREE}' of world 'cheese', which admits no"
    ):
        edits.remove(firm, state, "wall", np.array([2, 2]), allow=law_names(firm))
    with pytest.raises(BadInput, match=f"the law '{TREE}' of world 'cheese' admits no exception"):
        edits.remove(firm, state, "wall", np.array([2, 2]), allow=(TREE,))
    state.planes[0, WALL, 2, 2] = 0
    with pytest.raises(BadInput, match="admits no exception"):
        to_text(firm, state)
