"""A state as text: header lines, then the grid with one character a cell. For people to read, write and compare.

A header line is a name and its value, each on a line of its own, in any order, all of them optional but ``world``::

    world NAME            dial NAME VALUE       one line for each dial that differs from its default
    level SEED            clock STEPS           counter NAME VALUE      tally EVENT TIMES
    pool FIRST NUMBER     chances HEX           future HEX              the levels to come and the random words
    allow LAW             legend # wall, ...    laws that the state breaks; what the characters stand for

What is left out is 0; level 0; random words and pool as at the start of the level. ``envs.editing.letters`` says which
characters there are; the legend names those of cells with several things on them.
"""

from collections import Counter
from collections.abc import Collection

import numpy as np

from core.errors import BadInput, GridlensError, UnknownName
from envs import engine
from envs.editing import values
from envs.editing.json_notation import from_json as from_json
from envs.editing.json_notation import to_json as to_json
from envs.editing.laws import broken, check_allowed, check_form, check_kept, walled_in
from envs.editing.letters import AGENT_LETTER, alphabet, legend, with_heaps
from envs.editing.lines import Line, all_of, located, read_lines
from envs.spec import World
from envs.state import AGENT, WALL, State, take


def to_text(world: World, state: State, i: int = 0) -> str:
    """Instance ``i``, whole: ``from_text`` gives it back exactly.

    Raises BadInput for a state that is not one of this world.

    >>> from envs import registry
    >>> maze = registry.world("cheese", size=5)
    >>> print(to_text(maze, engine.reset(maze, [0])))
    world cheese
    dial size 5
    level 0
    clock 0
    pool 0 2147483648
    chances 35a4fc4bf6273242
    future 0000000000000000
    legend # wall, @ agent, C cheese
    <BLANKLINE>
    #####
    #..C#
    ###.#
    #@..#
    #####
    """
    one = take(state, [i])
    check_form(world, one)
    heaps = [
        [frozenset(np.flatnonzero(cell).tolist()) for cell in row] for row in one.planes[0].transpose(1, 2, 0)
    ]
    known = with_heaps(world, (heap for row in heaps for heap in row))
    letter = {heap: character for character, heap in known.items()}
    grid = ["".join(letter[heap] for heap in row) for row in heaps]
    counts = zip(world.events, one.tally[0], strict=True)
    header = [
        f"world {world.name}",
        *(f"dial {name} {value}" for name, value in values.dials_set(world).items()),
        f"level {one.level[0]}",
        f"clock {one.clock[0]}",
        *(f"counter {name} {k}" for name, k in zip(world.spec.counters, one.counters[0], strict=True)),
        *(f"tally {name} {times}" for name, times in counts if times),
        f"pool {one.pool[0, 0]} {one.pool[0, 1]}",
        f"chances {values.hexadecimal(one.chances[0])}",
        f"future {values.hexadecimal(one.future[0])}",
        *(f"allow {name}" for name in broken(world, one)),
        f"legend {legend(world, known)}",
    ]
    return "\n".join([*header, "", *grid])


def from_text(text: str, world: World | None = None, *, allow: Collection[str] = ()) -> tuple[World, State]:
    """The world and the state (of one instance) that a text describes; see the module for what may stand in it.

    With ``world`` a bare grid is enough. Raises BadInput with line and column for what cannot be read, and for a
    state that the rules cannot reach, unless the laws it breaks are named in ``allow`` or in the text.

    >>> from envs import registry
    >>> maze = registry.world("cheese", size=5)
    >>> _, state = from_text("#####\\n#..C#\\n###.#\\n#..@#\\n#####", maze)
    >>> state.agent.tolist()
    [[3, 3]]
    """
    headers, rows = read_lines(text)
    found = _world(headers, world)
    check_allowed(found, allow)
    known = _characters(found, headers)
    planes = _planes(found, rows, known)
    state = _start(found, headers)
    state.planes[0] = planes
    state.agent[0] = np.argwhere(planes[AGENT])[0]
    _fill(found, state, headers)
    check_form(found, state)
    named = [*allow, *_laws(found, headers)]
    check_kept(found, state, allow=named, subject="the text")
    return found, state


def _world(headers: list[Line], world: World | None) -> World:
    """The world that the text names, its dials set, or ``world``, with which the text must agree."""
    line = next(iter(all_of(headers, "world")), Line(1, 1, "world", ""))
    with located(line):
        if world is None and not line.value:
            raise BadInput("no line says which world this is; expected 'world NAME', or a world as argument")
        found = values.world_of(line.value or None, {}, world)
    dials, lines = {}, {}
    for line in all_of(headers, "dial"):
        name, _, value = line.value.partition(" ")
        dials[name], lines[name] = values.dial_value(value.strip()), line
    try:
        return values.world_of(found.name, dials, world)
    except GridlensError as error:
        told = [line for name, line in lines.items() if repr(name) in str(error)] or list(lines.values())
        with located(told[0]):
            raise


def _characters(world: World, headers: list[Line]) -> dict[str, frozenset[int]]:
    """The alphabet, with what the legend adds to it."""
    known = alphabet(world)
    for line in all_of(headers, "legend"):
        column = 0
        for entry in line.value.split(","):
            start = column + len(entry) - len(entry.lstrip())
            column += len(entry) + 1
            letter, _, names = entry.strip().partition(" ")
            with located(line, start):
                if len(letter) != 1 or not names or letter in known.keys() - alphabet(world).keys():
                    raise BadInput(
                        f"found {entry.strip()!r}; expected one new character, a space, and a thing"
                    )
                things = [name.strip() for name in names.split(" + ")]
                heap = frozenset(values.index_of("thing", name, world.channels) for name in things)
                if known.get(letter, heap) != heap:
                    raise BadInput(f"{letter!r} stands for something else already: {legend(world, known)}")
            known[letter] = heap
    return known


def _planes(world: World, rows: list[Line], known: dict[str, frozenset[int]]) -> np.ndarray:
    """The grid as planes: uint8 (c, h, w); the first row or cell that is wrong is named."""
    _check_size(world, rows)
    planes, border, agent = np.zeros(world.shape, np.uint8), walled_in(world), ""
    for y, row in enumerate(rows):
        for x, character in enumerate(row.value):
            with located(row, x):
                if character not in known:
                    raise UnknownName("character", character, known)
                heap = known[character]
                if border[y, x] and heap != {WALL}:
                    raise BadInput(f"found {character!r} in the border of the grid; expected '#', wall")
                if AGENT in heap and (agent or WALL in heap):
                    raise BadInput(
                        f"a second agent; the first stands at {agent}" if agent else "the agent in a wall"
                    )
            if AGENT in heap:
                agent = f"line {row.number}, column {row.column + x}"
            planes[list(heap), y, x] = 1
    with located(rows[0]):
        if not agent:
            raise BadInput(f"no cell of the grid has the agent; expected one {AGENT_LETTER!r}")
    return planes


def _check_size(world: World, rows: list[Line]) -> None:
    """Every row as long as most, and as many and as long as the dials say."""
    width = Counter(len(row.value) for row in rows).most_common(1)[0][0]
    for row in rows:
        with located(row, min(len(row.value), width)):
            if len(row.value) != width:
                raise BadInput(f"the row has {len(row.value)} cells; expected {width} as in the others")
    _, h, w = world.shape
    with located(rows[0]):
        if (len(rows), width) != (h, w):
            raise BadInput(
                f"the grid has {len(rows)} rows of {width}; expected {h} of {w} by the dials of world {world.name!r}"
                + _fitting(world, (len(rows), width))
            )


def _fitting(world: World, shape: tuple[int, int]) -> str:
    """Which one dial, turned how, would make the grid of another shape."""
    for name, (low, high) in world.spec.bounds.items():
        for value in range(int(low), min(int(high), 2 * max(shape)) + 1):
            try:
                turned = values.turned(world, {name: value})
            except GridlensError:
                continue
            if turned.shape[1:] == shape:
                return f"; the dial {name!r} at {value} would fit"
    return ""


def _start(world: World, headers: list[Line]) -> State:
    """The level that the text names, at its start: what the other lines do not say stays as there."""
    for line in all_of(headers, "level"):
        with located(line):
            return engine.reset(world, [values.whole("level", line.value)])
    return engine.reset(world, [0])


def _fill(world: World, state: State, headers: list[Line]) -> None:
    """Everything but the grid, in place."""
    for array in (state.counters, state.clock, state.tally):
        array[:] = 0
    for line in headers:
        with located(line):
            if line.name == "clock":
                state.clock[0] = values.whole("clock", line.value)
            if line.name in ("chances", "future"):
                getattr(state, line.name)[0] = values.word(line.name, line.value)
            if line.name == "pool":
                first, _, count = line.value.partition(" ")
                state.pool[0] = values.pool_of(first, count.strip())
            if line.name == "counter":
                name, value = _named(line)
                k = values.index_of(f"counter of world {world.name!r}", name, world.spec.counters)
                state.counters[0, k] = values.whole("counter", value)
            if line.name == "tally":
                name, value = _named(line)
                k = values.index_of(f"event of world {world.name!r}", name, world.events)
                state.tally[0, k] = values.whole("tally", value)


def _named(line: Line) -> tuple[str, str]:
    """A value that is a name (which may have spaces in it) and a number."""
    name, _, value = line.value.rpartition(" ")
    if not name:
        raise BadInput(f"found {line.value!r}; expected a name and a number")
    return name.strip(), value


def _laws(world: World, headers: list[Line]) -> list[str]:
    lines = all_of(headers, "allow")
    for line in lines:
        with located(line):
            check_allowed(world, (line.value,))
    return [line.value for line in lines]
