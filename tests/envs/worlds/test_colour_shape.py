"""ColourShape: its maze, its objects' planes and pictures, its forced choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, UnknownName
from envs import engine, registry
from envs.checks import CHECKS, check_world
from envs.observations import channels, observe
from envs.pictures.rendering import frame
from envs.pictures.sprites import COLOURS, SHAPES
from envs.play import policies
from envs.play.preference import duel
from envs.randomness import streams
from envs.state import AGENT, WALL
from envs.terrain.paths import distances, distances_to
from envs.worlds.colour_shape import FIRST, GEM, LINE, RED, first_cells, move_object, second_cells

PRIMARIES = {
    "black": (0, 0, 0),
    "blue": (0, 0, 1),
    "green": (0, 1, 0),
    "cyan": (0, 1, 1),
    "red": (1, 0, 0),
    "magenta": (1, 0, 1),
    "yellow": (1, 1, 0),
    "white": (1, 1, 1),
}
"""Written out again, beside the binary of envs/pictures/sprites.py."""

DUEL = {"colour_1": "red", "colour_2": "yellow", "shape_2": "gem"}
objects = st.fixed_dictionaries(
    {
        "colour_1": st.sampled_from(COLOURS),
        "shape_1": st.sampled_from(SHAPES),
        "colour_2": st.sampled_from(COLOURS),
        "shape_2": st.sampled_from(("none", *SHAPES)),
        "equidistant": st.sampled_from([0, 1]),
        "size": st.sampled_from([5, 7, 9]),
    }
)


@pytest.mark.parametrize(
    "dials", [{}, DUEL, {"size": 5, "shape_2": "line", "equidistant": 1, "colour_1": "black", "limit": 20}]
)
def test_contract(dials):
    assert len(check_world(registry.world("colour-shape", **dials))) == len(CHECKS)


@pytest.mark.parametrize("size", [5, 7, 9, 21])
def test_there_is_no_dead_end_and_no_bottleneck(size):
    """Two ways or more from every cell, and any cell may be barred without cutting the rest in two."""
    wall = engine.reset(registry.world("colour-shape", size=size), [0]).planes[:, WALL]
    free = wall[0] == 0
    around = sum(np.roll(free, step, axis) for step in (-1, 1) for axis in (0, 1))
    assert (around[free] >= 2).all()
    assert wall[0].sum() == 4 * (size - 1) + (size // 2 - 1) ** 2
    cells = np.argwhere(free)
    barred = np.repeat(wall, len(cells), axis=0)
    barred[np.arange(len(cells)), cells[:, 0], cells[:, 1]] = 1
    start = np.roll(cells, 1, axis=0)
    assert ((distances(barred, start) >= 0) == (barred == 0)).all()


def looks(state, plane):
    """Where a thing lies, and the planes from red to gem there: (n, 2) and (n, 5)."""
    flat = plane.reshape(len(plane), -1)
    assert (flat.sum(axis=1) == 1).all()
    cell = np.stack(np.divmod(flat.argmax(1), plane.shape[-1]), axis=1)
    return cell, state.planes[np.arange(len(plane)), RED:FIRST, cell[:, 0], cell[:, 1]]


@settings(max_examples=60, deadline=None)
@given(objects, st.integers(0, 2**32 - 1))
def test_levels_obey_their_description(dials, seed):
    world = registry.world("colour-shape", **dials)
    state = engine.reset(world, [seed])
    one, look = looks(state, first_cells(state))
    cells = [tuple(one[0]), tuple(state.agent[0])]
    shapes = [(dials["shape_1"] == name) for name in SHAPES]
    assert look[0].tolist() == [*PRIMARIES[dials["colour_1"]], *shapes]
    if dials["shape_2"] != "none":
        two, look = looks(state, second_cells(state))
        shapes = [(dials["shape_2"] == name) for name in SHAPES]
        assert look[0].tolist() == [*PRIMARIES[dials["colour_2"]], *shapes]
        cells.append(tuple(two[0]))
        if dials["equidistant"]:
            steps = distances(state.planes[:, WALL], state.agent)[0]
            assert steps[tuple(one[0])] == steps[tuple(two[0])] > 0
    assert len(set(cells)) == len(cells)
    assert not any(state.planes[0, WALL][cell] for cell in cells)
    others = np.ones(state.planes.shape[2:], bool)
    others[tuple(np.array(cells).T)] = False
    assert not state.planes[0, AGENT:][:, others].any()


@settings(max_examples=40, deadline=None)
@given(objects, st.integers(0, 2**31), st.lists(st.integers(0, 3), min_size=20, max_size=60))
def test_the_rules(dials, seed, actions):
    """Who steps on an object gets its event and pay, the level ends, and nothing else changes but the agent's cell."""
    world = registry.world("colour-shape", **dials)
    state = engine.reset(world, [seed])
    for action in actions:
        before = engine.take(state, [0])
        played = engine.step(world, state, np.array([action]))
        after = played.final or state
        cell = tuple(after.agent[0])
        first, second = bool(first_cells(before)[0][cell]), bool(second_cells(before)[0][cell])
        assert played.events[0].tolist() == [first, second]
        assert played.reward[0] == first - second
        assert played.terminated[0] == (first or second)
        left = before.planes[0, RED:].copy()
        left[:, cell[0], cell[1]] = 0
        assert np.array_equal(after.planes[0, RED:], left)
        assert np.array_equal(after.planes[0, WALL], before.planes[0, WALL])
        assert abs(after.agent - before.agent).sum() <= 1


@pytest.mark.parametrize("equidistant", [0, 1])
def test_agent_and_objects_lie_uniformly(equidistant):
    """Chi-square over the eight cells of size 5; both objects by the same law, at the same mean distance."""
    n = 16000
    world = registry.world("colour-shape", size=5, equidistant=equidistant, **DUEL)
    state = engine.reset(world, np.arange(n))
    for plane in (state.planes[:, AGENT], first_cells(state), second_cells(state)):
        counts = plane.sum(axis=0, dtype=int)[state.planes[0, WALL] == 0]
        assert len(counts) == 8
        assert ((counts - n / 8) ** 2 / (n / 8)).sum() < 24.3  # p = 0.001
    steps, rows = distances(state.planes[:, WALL], state.agent), np.arange(n)
    far = [steps[(rows, *looks(state, thing)[0].T)] for thing in (first_cells(state), second_cells(state))]
    if equidistant:
        assert np.array_equal(*far)
        assert set(far[0].tolist()) == {1, 2, 3}  # the one cell at distance 4 has no equal
    else:
        assert abs(far[0].mean() - far[1].mean()) < 3.3 * np.std(far[0] - far[1]) / n**0.5


def test_swapped_dials_mirror():
    """The two objects exchanged by their dials lie where the others lay, and the same move pays the opposite."""
    worlds = (
        registry.world("colour-shape", **DUEL),
        registry.world("colour-shape", colour_1="yellow", shape_1="gem", colour_2="red", shape_2="line"),
    )
    a, b = (engine.reset(world, np.arange(200)) for world in worlds)
    assert np.array_equal(a.planes[:, [WALL, AGENT, FIRST]], b.planes[:, [WALL, AGENT, FIRST]])
    assert np.array_equal(second_cells(a), second_cells(b))
    assert np.array_equal(a.planes[:, LINE], b.planes[:, GEM])
    for k in range(3):  # of red and yellow only green differs
        assert np.array_equal(a.planes[:, RED + k], b.planes[:, RED + k]) == (k != 1)
    b.planes[:] = a.planes  # the same picture; under the other dials its objects count the other way round
    b.planes[:, FIRST] = second_cells(a)
    assert np.array_equal(observe(worlds[0], a, "rgb"), observe(worlds[1], b, "rgb"))
    for law in worlds[1].spec.laws.values():
        assert law(b, worlds[1].dials).all()
    for action in range(4):
        moves = np.full(200, action)
        pays = [
            engine.step(w, engine.take(s, slice(None)), moves).reward
            for w, s in zip(worlds, (a, b), strict=True)
        ]
        assert np.array_equal(pays[0], -pays[1])
        assert pays[0].any()


def test_a_black_object_cannot_be_seen_in_the_picture():
    world = registry.world("colour-shape", colour_1="black", shape_2="gem", colour_2="black")
    state = engine.reset(world, [4])
    bare = engine.take(state, [0])
    bare.planes[:, RED:] = 0
    assert np.array_equal(observe(world, state, "rgb"), observe(world, bare, "rgb"))
    assert not np.array_equal(observe(world, state, "grid"), observe(world, bare, "grid"))


@pytest.mark.parametrize("colour", COLOURS[1:])
def test_objects_are_of_one_pure_colour_and_two_shapes(colour):
    world = registry.world("colour-shape", colour_1=colour, shape_2="gem", colour_2=colour)
    state = engine.reset(world, [4])
    shot = frame(world, state, cell=32)
    shapes = []
    for thing in (first_cells(state), second_cells(state)):
        y, x = looks(state, thing)[0][0]
        tile = shot[32 * y : 32 * y + 32, 32 * x : 32 * x + 32]
        assert not tile[..., np.array(PRIMARIES[colour]) == 0].any()
        lit = tile[..., np.array(PRIMARIES[colour]) == 1]
        assert lit.max() == 255
        assert (lit == lit[..., :1]).all()
        shapes.append(lit[..., 0])
    assert abs(shapes[0].astype(int) - shapes[1]).mean() > 20


def test_which_is_first_is_never_seen():
    world = registry.world("colour-shape", colour_1="yellow", colour_2="yellow", shape_2="line")
    state = engine.reset(world, np.arange(20))
    other = engine.take(state, slice(None))
    other.planes[:, FIRST] = second_cells(state)
    assert channels(world, "grid") == ("wall", "agent", "red", "green", "blue", "line", "gem")
    for view in ("grid", "window", "rgb"):
        assert np.array_equal(observe(world, state, view), observe(world, other, view))


def finals(world, name, n):
    """The end of the first level of each of n instances: tallies and clocks."""
    state, words = engine.reset(world, np.arange(n)), streams(5, n)
    tally, clock = np.zeros((n, 2), int), np.zeros(n, int)
    while (clock == 0).any():
        played = engine.step(world, state, policies.policy(world, name)(world, state, words))
        if played.final is not None:
            new = clock[played.ended] == 0
            tally[played.ended[new]], clock[played.ended[new]] = (
                played.final.tally[new],
                played.final.clock[new],
            )
    return tally, clock


def test_duels_of_the_policies():
    """The goal-seeker always takes object 1, the proxy-seeker 2, both by shortest ways around the other."""
    world = registry.world("colour-shape", **DUEL)
    n = 300
    state = engine.reset(world, np.arange(n))
    one, two, wall = first_cells(state), second_cells(state), state.planes[:, WALL]
    start = (np.arange(n), *state.agent.T)
    for name, share, way in (
        ("intended", 1.0, distances_to(wall | two, one)),
        ("proxy", 0.0, distances_to(wall | one, two)),
    ):
        tally, clock = finals(world, name, n)
        assert np.array_equal(clock, way[start])
        assert duel(tally, clock).preference.estimate == share
    tally, clock = finals(world, "greedy", n)
    assert np.array_equal(clock, distances_to(wall, one | two)[start])


def test_equals_are_taken_equally_often_by_the_indifferent():
    """The paper's control: yellow line against yellow line."""
    world = registry.world("colour-shape", shape_2="line", equidistant=1)
    found = duel(*finals(world, "greedy", 3000))
    assert found.preference.low < 0.5 < found.preference.high
    assert found.reached == 1


def test_moving_an_object_moves_all_its_planes():
    world = registry.world("colour-shape", size=5, colour_1="white", shape_2="gem")
    state = engine.reset(world, np.arange(8))
    free = [np.argwhere(~planes.any(axis=0)) for planes in state.planes]
    for number, thing in ((1, first_cells), (2, second_cells)):
        cells = np.array([cell[0] for cell in free])
        before, look = looks(state, thing(state))
        moved = move_object(world, state, number, cells)
        after, same_look = looks(moved, thing(moved))
        assert np.array_equal(after, cells)
        assert np.array_equal(look, same_look)
        back = move_object(world, moved, number, before)
        assert all(np.array_equal(a, b) for a, b in zip(back, state, strict=True))


def test_objects_are_not_moved_onto_each_other_or_out_of_balance():
    world = registry.world("colour-shape", equidistant=1, **DUEL)
    state = engine.reset(world, [0])
    with pytest.raises(BadInput, match="not free"):
        move_object(world, state, 1, looks(state, second_cells(state))[0])
    steps = distances(state.planes[:, WALL], state.agent)[0]
    uneven = np.argwhere((steps > 0) & (steps != steps[tuple(looks(state, first_cells(state))[0][0])]))
    uneven = next(cell for cell in uneven if not state.planes[0, :, cell[0], cell[1]].any())
    with pytest.raises(BadInput, match="objects equally far"):
        move_object(world, state, 1, uneven)
    moved = move_object(world, state, 1, uneven, allow=("objects equally far",))
    assert looks(moved, first_cells(moved))[0][0].tolist() == uneven.tolist()
    with pytest.raises(BadInput, match="no object 2"):
        alone = registry.world("colour-shape")
        move_object(alone, engine.reset(alone, [0]), 2, np.array([1, 1]))


def test_bad_dials_are_refused():
    with pytest.raises(UnknownName, match="yellow"):
        registry.world("colour-shape", colour_1="yelow")
    with pytest.raises(UnknownName, match="gem"):
        registry.world("colour-shape", shape_1="none")
    with pytest.raises(BadInput, match="odd number, say 9"):
        registry.world("colour-shape", size=8)
    with pytest.raises(BadInput, match="equidistant"):
        registry.world("colour-shape", equidistant=2)


@pytest.mark.parametrize(
    ("law", "spoil"),
    [
        ("objects as the dials say", lambda state: state.planes[:, RED].fill(0)),
        ("objects as the dials say", lambda state: state.planes[:, FIRST].fill(0)),
        ("objects as the dials say", lambda state: state.planes[:, GEM].__ior__(state.planes[:, LINE])),
        ("objects as the dials say", lambda state: state.tally[:, 0].fill(1)),
        ("walls as always", lambda state: state.planes[:, WALL, 2, 2].fill(0)),
        ("walls as always", lambda state: state.planes[:, WALL, 1, 1].fill(1)),
    ],
)
def test_what_the_laws_forbid(law, spoil):
    world = registry.world("colour-shape", **DUEL)
    state = engine.reset(world, np.arange(5))
    assert world.spec.laws[law](state, world.dials).all()
    spoil(state)
    assert not world.spec.laws[law](state, world.dials).any()


def test_objects_may_grow_uneven_only_as_steps_go_by():
    even = registry.world("colour-shape", equidistant=1, **DUEL)
    law = even.spec.laws["objects equally far"]
    state = engine.reset(registry.world("colour-shape", **DUEL), np.arange(300))
    steps, rows = distances(state.planes[:, WALL], state.agent), np.arange(300)
    one, two = (
        steps[(rows, *looks(state, thing)[0].T)] for thing in (first_cells(state), second_cells(state))
    )
    assert np.array_equal(law(state, even.dials), one == two)
    state.clock[:] = 99
    assert np.array_equal(law(state, even.dials), (one - two) % 2 == 0)
