"""States as text and as JSON: exact round trips in every world, and every mistake with its line and column."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, GridlensError, UnknownName
from envs import engine, registry
from envs.checks import play, same
from envs.editing.laws import TAKEN, broken
from envs.editing.letters import letters
from envs.editing.notation import from_json, from_text, to_json, to_text
from envs.pictures import rendering
from envs.randomness import streams
from envs.spec import Gauge, World
from envs.state import AGENT, WALL, State, take

IDS = sorted(registry.IDS)
MAZE = registry.world("cheese", size=7, rand_region=5)
GRID = "#######\n#....C#\n#.###.#\n#...#.#\n###.#.#\n#@..#.#\n#######"
PAGE = f"world cheese\ndial size 7\ndial rand_region 5\nlevel 3\nclock 2\n\n{GRID}"


def world_of(identifier: str) -> World:
    name, dials = registry.IDS[identifier]
    return registry.world(name, **dials)


def reached(world: World, seed: int, steps: int, n: int = 3) -> State:
    actions = streams(seed, steps * n).reshape(steps, n) % np.uint64(len(world.actions))
    return play(world, np.arange(seed, seed + n), actions.astype(np.int64))[0]


def test_every_world_is_tried():
    assert {registry.IDS[identifier][0] for identifier in IDS} == set(registry.WORLDS)


@pytest.mark.parametrize("identifier", IDS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 4), steps=st.integers(0, 60))
def test_reached_states_come_back_exactly(identifier, seed, steps):
    world = world_of(identifier)
    state = reached(world, seed, steps)
    for i in range(3):
        found, one = from_text(to_text(world, state, i))
        assert found == world
        assert same(one, take(state, [i]))
    found, again = from_json(json.loads(json.dumps(to_json(world, state))))
    assert found == world
    assert same(again, state)


@pytest.mark.parametrize("identifier", IDS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_state_comes_back_once_its_laws_are_named(identifier, data):
    """Not only reached ones: things heaped at random, every number at random."""
    world = world_of(identifier)
    state = reached(world, 5, 4, n=1)
    words = streams(data.draw(st.integers(0, 2**63)), int(np.prod(world.shape)))
    heaped = (words % np.uint64(7) == 0).reshape(world.shape)
    inner = np.s_[1:-1, 1:-1]
    for c in range(AGENT + 1, len(world.channels)):
        state.planes[0, c][inner] |= heaped[c][inner]
    state.planes[0, WALL][inner] ^= heaped[WALL][inner] & (state.planes[0, AGENT] == 0)[inner]
    for name, low, high in (("clock", 0, 2**31), ("tally", 0, 2**31), ("counters", -(2**31), 2**31)):
        array = getattr(state, name)
        if name == "counters" and world.spec.firm:  # not any number will do
            continue
        array[:] = data.draw(st.integers(low, high - 1)) if array.size else array
    state.chances[:], state.future[:] = (data.draw(st.integers(0, 2**64 - 1)) for _ in range(2))
    state.pool[:] = 7, 2**31
    assert same(from_text(to_text(world, state))[1], state)
    assert same(from_json(to_json(world, state))[1], state)


def test_a_state_that_breaks_laws_says_so_itself():
    state = engine.reset(MAZE, [0])
    state.planes[0, 2, 5, 1] = 1
    text = to_text(MAZE, state)
    assert "allow taken cell\n" in text
    assert "1 agent + cheese" in text
    assert to_json(MAZE, state)["instances"][0]["allow"] == list(broken(MAZE, state))
    unnamed = "\n".join(line for line in text.splitlines() if not line.startswith("allow"))
    with pytest.raises(BadInput, match=r"the text would break the law .* makes an exception"):
        from_text(unnamed)
    assert same(from_text(unnamed, allow=broken(MAZE, state))[1], state)


def test_a_bare_grid_is_level_0_at_its_start():
    world, state = from_text(GRID, MAZE)
    start = engine.reset(MAZE, [0])
    assert world is MAZE
    assert state.agent.tolist() == [[5, 1]]
    assert np.argwhere(state.planes[0, 2]).tolist() == [[1, 5]]
    assert all(np.array_equal(getattr(state, k), getattr(start, k)) for k in State._fields[2:])


def test_headers_may_stand_anywhere_and_indentation_does_not_matter():
    plain = from_text(PAGE)
    indented = "".join(f"    {line}  \r\n" for line in [*GRID.split("\n"), "", *PAGE.split("\n")[:5]])
    assert same(from_text(indented)[1], plain[1])
    assert from_text(indented)[0] == plain[0] == MAZE
    assert plain[1].clock.tolist() == [2]
    assert plain[1].chances.tolist() == engine.reset(MAZE, [3]).chances.tolist()


def line(number: int, text: str) -> str:
    lines = PAGE.split("\n")
    lines[number - 1] = text
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1, column 1: there is no grid"),
        ("world cheese\n", "line 2, column 1: there is no grid"),
        (GRID, "line 1, column 1: no line says which world this is"),
        (
            line(1, "world chese"),
            "line 1, column 7: unknown world 'chese'; the nearest valid one is 'cheese'",
        ),
        (
            line(1, "world ./evil.py"),
            "line 1, column 7: world './evil.py' is a file, which a text cannot run",
        ),
        (
            line(1, "wrold cheese"),
            "line 1, column 1: unknown header line 'wrold'; the nearest valid one is 'world'",
        ),
        (line(5, "level 3"), "line 5, column 1: a second line 'level'"),
        (line(5, "clock"), "line 5, column 1: the line 'clock' has no value"),
        (
            line(2, "dial sise 7"),
            "line 2, column 6: unknown dial of world 'cheese' 'sise'; the nearest valid one is",
        ),
        (
            line(2, "dial size 8"),
            "line 2, column 6: dial 'size' of world 'cheese' is 8; expected an odd number",
        ),
        (line(2, "dial size big"), "line 2, column 6: dial 'size' of world 'cheese' is 'big'"),
        (line(3, "dial size 9"), "line 3, column 6: a second dial 'size'"),
        (
            line(2, "dial size 9"),
            "line 7, column 1: the grid has 7 rows of 7; expected 9 of 9 .* 'size' at 7 would fit",
        ),
        (
            line(4, "level x3"),
            "line 4, column 7: level is 'x3'; expected a whole number from 0 to 4294967295",
        ),
        (line(4, "  level  -1"), "line 4, column 10: level is '-1'"),
        (line(5, "clock 2.5"), "line 5, column 7: clock is '2.5'"),
        (line(5, "pool 0"), "line 5, column 6: number of levels is ''"),
        (line(5, "pool 9 4294967295"), "line 5, column 6: number of levels is '4294967295'"),
        (line(5, "pool 4294967295 2"), "line 5, column 6: a pool of 2 levels from 4294967295 ends beyond"),
        (line(5, "chances xyz"), "line 5, column 9: chances is 'xyz'; expected up to 16 hexadecimal digits"),
        (line(5, "future 01234567890123456"), "line 5, column 8: future is '01234567890123456'"),
        (
            line(5, "tally chese 1"),
            "line 5, column 7: unknown event of world 'cheese' 'chese'; the nearest valid one",
        ),
        (line(5, "tally cheese"), "line 5, column 7: found 'cheese'; expected a name and a number"),
        (line(5, "tally corner 1\ntally corner 2"), "line 6, column 7: a second tally 'corner'"),
        (line(5, "tally cheese many"), "line 5, column 7: tally is 'many'"),
        (
            line(5, "counter keys 1"),
            r"line 5, column 9: unknown counter of world 'cheese' 'keys' \(there are: none\)",
        ),
        (
            line(5, "allow two cheeses"),
            "line 5, column 7: unknown law of world 'cheese' 'two cheeses'; the nearest",
        ),
        (
            line(5, "legend C chese"),
            "line 5, column 8: unknown thing 'chese'; the nearest valid one is 'cheese'",
        ),
        (
            line(5, "legend # wall, CC cheese"),
            "line 5, column 16: found 'CC cheese'; expected one new character",
        ),
        (
            line(5, "legend # wall, x cheese, x wall"),
            "line 5, column 26: found 'x wall'; expected one new character",
        ),
        (line(5, "legend # cheese"), "line 5, column 8: '#' stands for something else already: # wall"),
        (line(9, "#.###c#"), "line 9, column 6: unknown character 'c'; the nearest valid one is 'C'"),
        (line(9, "#.# #.#"), "line 9, column 4: unknown character ' '"),
        (line(9, "#.###.."), "line 9, column 7: found '.' in the border of the grid; expected '#', wall"),
        (line(9, "#.###.C"), "line 9, column 7: found 'C' in the border"),
        (line(9, "#.###."), "line 9, column 7: the row has 6 cells; expected 7 as in the others"),
        (line(9, "  #.###.##"), "line 9, column 10: the row has 8 cells; expected 7 as in the others"),
        (line(9, ""), "line 7, column 1: the grid has 6 rows of 7; expected 7 of 7"),
        (line(8, "#@...C#"), "line 12, column 2: a second agent; the first stands at line 8, column 2"),
        (line(12, "#...#.#"), "line 7, column 1: no cell of the grid has the agent; expected one '@'"),
        (line(5, "legend W wall + agent").replace("@", "W"), "line 12, column 2: the agent in a wall"),
        (
            line(9, "#...#.#"),
            "the text would break the law 'the maze is a tree', which the rules of world 'cheese'",
        ),
        (
            line(8, "#....C#\n" * 2).replace("\n#.###.#", "", 1),
            "the text would break the law 'one cheese in its region' ",
        ),
    ],
)
def test_bad_text_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(GridlensError, match=f"^{sentence}") as caught:
        from_text(text)
    assert "\n" not in str(caught.value)


def test_a_text_of_another_world_than_expected():
    with pytest.raises(
        BadInput, match=r"line 1, column 7: .* of world 'cheese'; expected one of world 'other'"
    ):
        from_text(PAGE, World(replace(MAZE.spec, name="other"), MAZE.dials))
    with pytest.raises(BadInput, match="line 2, column 6: dial 'size' is 7; the world given has 9"):
        from_text(PAGE, registry.world("cheese", size=9, rand_region=5))


def test_a_law_is_allowed_by_the_argument_or_by_the_text():
    text = line(9, "#...#.#")
    by_argument = from_text(text, allow=("the maze is a tree",))[1]
    by_text = from_text(f"allow the maze is a tree\n{text}")[1]
    assert same(by_argument, by_text)
    with pytest.raises(UnknownName, match="nearest valid one is 'the maze is a tree'"):
        from_text(text, allow=("maze is tree",))


def test_states_that_are_not_of_the_world_cannot_be_written():
    state = engine.reset(MAZE, [0])
    for write in (to_text, to_json):
        with pytest.raises(BadInput, match=re.escape("with its dials; expected (3, 9, 9), 0 and 2")):
            write(registry.world("cheese"), state)
        for fault, edit in {
            "holds something other than 0 and 1": lambda s: s.planes.__setitem__((0, 2, 1, 1), 2),
            "has its agent elsewhere": lambda s: s.agent.__setitem__((0, 0), 1),
            "has a hole in the border": lambda s: s.planes.__setitem__((0, WALL, 0, 3), 0),
            "has something in the border": lambda s: s.planes.__setitem__((0, 2, 0, 3), 1),
        }.items():
            wrong = take(state, slice(None))
            edit(wrong)
            with pytest.raises(BadInput, match=fault):
                write(MAZE, wrong)


def changed(path: tuple, value: object) -> dict:
    data = json.loads(json.dumps(to_json(MAZE, engine.reset(MAZE, [0, 1]))))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("format",), "x", "the document is of format 'x'; expected 'gridlens state 1'"),
        (("more",), 1, "unknown name in the document 'more'"),
        (("world",), "cheese", "world is 'cheese'; expected names with values"),
        (("world", "name"), "chese", "unknown world 'chese'; the nearest valid one is 'cheese'"),
        (("world", "name"), ["cheese"], "unknown world"),
        (("world", "size"), 8, "dial 'size' of world 'cheese' is 8"),
        (
            ("world", "size"),
            9,
            r"instances\[0\]: plane 'wall' is .*; expected 9 texts of 9 digits, each 0 or 1",
        ),
        (("instances",), [], "instances is .*; expected a list of at least one"),
        (("instances", 1), 5, r"instances\[1\] is 5; expected names with values"),
        (("instances", 1), {"level": 1}, r"instances\[1\] has no 'clock'; it has level"),
        (
            ("instances", 1, "agnet"),
            1,
            r"unknown name in instances\[1\] 'agnet'; the nearest valid one is 'agent'",
        ),
        (("instances", 1, "clock"), True, r"instances\[1\]: clock is True; expected a whole number from 0"),
        (("instances", 1, "clock"), 2.0, r"instances\[1\]: clock is 2.0"),
        (("instances", 1, "level"), 2**32, r"instances\[1\]: level is 4294967296; expected"),
        (("instances", 1, "tally", "corner"), -1, r"instances\[1\]: tally is -1"),
        (("instances", 1, "tally", "cornr"), 1, r"instances\[1\]: unknown name in tally 'cornr'"),
        (("instances", 1, "counters"), {"keys": 1}, r"instances\[1\]: unknown name in counters 'keys'"),
        (("instances", 1, "pool"), [0], r"instances\[1\]: pool is \[0\]; expected two whole numbers"),
        (
            ("instances", 1, "chances"),
            7,
            r"instances\[1\]: chances is 7; expected up to 16 hexadecimal digits",
        ),
        (("instances", 1, "agent"), [0, 7], r"instances\[1\]: agent is \[0, 7\]; expected a row from 0 to 6"),
        (("instances", 1, "agent"), [2, 2], r"instance 1 has its agent in a wall"),
        (("instances", 1, "planes", "wall", 0), "1111101", r"instance 1 has a hole in the border of wall"),
        (("instances", 1, "planes", "wall", 0), "1111121", r"instances\[1\]: plane 'wall' is"),
        (("instances", 1, "planes", "wall", 2), "1000001", r"instances\[1\] would break the law"),
        (("instances", 1, "allow"), "all", r"instances\[1\]: allow is 'all'; expected a list of names"),
        (("instances", 1, "allow"), ["all"], r"unknown law of world 'cheese' 'all'"),
    ],
)
def test_bad_json_is_refused_in_one_sentence(path, value, sentence):
    with pytest.raises(GridlensError, match=f"^{sentence}") as caught:
        from_json(changed(path, value))
    assert "\n" not in str(caught.value)


def test_json_of_another_world_than_expected():
    with pytest.raises(BadInput, match="dial 'size' is 7; the world given has 9"):
        from_json(to_json(MAZE, engine.reset(MAZE, [0])), registry.world("cheese", rand_region=5))


@pytest.mark.parametrize("identifier", IDS)
def test_letters_are_unique_and_those_of_the_picture(identifier):
    world = world_of(identifier)
    alphabet = letters(world)
    assert len(set(alphabet)) == len(alphabet) == len(world.channels)
    assert "." not in alphabet
    assert alphabet[:2] == ("#", "@")
    state = reached(world, 1, 20)
    h = world.shape[1]
    for i in range(3):
        drawn = rendering.text(world, state, i).split("\n")
        written = to_text(world, state, i).split("\n")[-h:]
        pairs = [
            (a, b) for one, two in zip(drawn, written, strict=False) for a, b in zip(one, two, strict=True)
        ]
        heaps = state.planes[i].sum(axis=0).ravel() > 1
        unseen = state.planes[i, world.seen.stop :].any(axis=0).ravel()
        assert all(
            a == b for (a, b), heap, hidden in zip(pairs, heaps, unseen, strict=True) if not heap | hidden
        )
        assert len(drawn) == h + len(world.gauges)


def test_names_with_one_initial_get_other_letters_and_gauges_stand_below():
    names = ("wall", "agent", "red line", "red gem", "gem", "g", "g2", "g3")
    many = World(
        replace(MAZE.spec, channels=names, counters=("keys",), gauges=(Gauge("keys", "cheese"),)), MAZE.dials
    )
    assert letters(many) == ("#", "@", "R", "G", "E", "A", "B", "C")
    state = State(*engine.reset(MAZE, [0]))._replace(
        planes=np.zeros((1, 8, 7, 7), np.uint8), counters=np.full((1, 1), 4, np.int32)
    )
    assert rendering.text(many, state).split("\n")[-1] == "keys 4"


def test_taken_cell_is_a_law_of_every_world():
    state = engine.reset(MAZE, [0])
    state.planes[0, 2] = state.planes[0, AGENT]
    assert TAKEN in broken(MAZE, state)
