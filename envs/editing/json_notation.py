"""States as plain data for JSON: every part by name, nothing lost; the random words as hexadecimal text."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from core.errors import BadInput, GridlensError, UnknownName
from envs.editing import values
from envs.editing.laws import broken, check_allowed, check_form, check_kept
from envs.spec import World
from envs.state import AGENT, State, blank, take

FORMAT = "gridlens state 1"
PARTS = ("level", "clock", "agent", "planes", "counters", "tally", "pool", "chances", "future")


def to_json(world: World, state: State) -> dict[str, Any]:
    """All instances as plain data, for ``core.artifacts.write_json``; ``from_json`` gives them back exactly.

    Of each instance: "planes", by name (the agent's left out), one text of 0 and 1 for each row; "agent" its row and
    column; "counters" and "tally" by name; "level", "clock", "pool"; "chances" and "future" in hexadecimal digits;
    "allow" the laws it breaks. Raises BadInput for a state that is not one of this world.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> to_json(maze, engine.reset(maze, [7]))["instances"][0]["agent"]
    [3, 1]
    """
    check_form(world, state)
    wrong = broken(world, state)
    return {
        "format": FORMAT,
        "world": world.describe(),
        "instances": [_instance(world, state, i, wrong) for i in range(len(state.clock))],
    }


def _instance(world: World, state: State, i: int, wrong: Mapping[str, np.ndarray]) -> dict[str, Any]:
    rows = {
        name: ["".join(map(str, row)) for row in state.planes[i, c].tolist()]
        for c, name in enumerate(world.channels)
        if c != AGENT
    }
    return {
        "level": int(state.level[i]),
        "clock": int(state.clock[i]),
        "agent": state.agent[i].tolist(),
        "planes": rows,
        "counters": dict(zip(world.spec.counters, state.counters[i].tolist(), strict=True)),
        "tally": dict(zip(world.events, state.tally[i].tolist(), strict=True)),
        "pool": state.pool[i].tolist(),
        "chances": values.hexadecimal(state.chances[i]),
        "future": values.hexadecimal(state.future[i]),
        "allow": [name for name, where in wrong.items() if where[i]],
    }


def from_json(
    data: Mapping[str, Any], world: World | None = None, *, allow: Collection[str] = ()
) -> tuple[World, State]:
    """The world and the state that ``to_json`` gave; with ``world`` given, the data must be of that one.

    Raises UnknownName or BadInput, saying where, for what cannot be read, and for a state that the rules cannot reach,
    unless the laws it breaks are named in ``allow`` or in the data.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> from_json(to_json(maze, engine.reset(maze, [7])))[0] == maze
    True
    """
    top = _parts(data, "the document", ("format", "world", "instances"))
    if top["format"] != FORMAT:
        raise BadInput(f"the document is of format {top['format']!r:.80}; expected {FORMAT!r}")
    described = _parts(top["world"], "world", ("name",), more=True)
    dials = {key: value for key, value in described.items() if key != "name"}
    found = values.world_of(described["name"], dials, world)
    check_allowed(found, allow)
    instances = top["instances"]
    if not isinstance(instances, list) or not instances:
        raise BadInput(f"instances is {instances!r:.80}; expected a list of at least one")
    state = blank(len(instances), found.shape, counters=len(found.spec.counters), events=len(found.events))
    named = [_read(found, state, i, instance) for i, instance in enumerate(instances)]
    check_form(found, state)
    wrong = list(broken(found, state).values())
    for i, names in enumerate(named):
        check_allowed(found, names)
        if any(where[i] for where in wrong):
            check_kept(found, take(state, [i]), allow=[*allow, *names], subject=f"instances[{i}]")
    return found, state


def _parts(data: Any, where: str, names: Collection[str], *, more: bool = False) -> Mapping[str, Any]:
    """``data`` if it is a mapping with just these names (or more)."""
    if not isinstance(data, Mapping):
        raise BadInput(f"{where} is {data!r:.80}; expected names with values")
    for name in names:
        if name not in data:
            raise BadInput(f"{where} has no {name!r}; it has {', '.join(map(str, data)) or 'nothing'}")
    for name in data:
        if name not in names and not more:
            raise UnknownName(f"name in {where}", str(name), names)
    return data


def _read(world: World, state: State, i: int, instance: Any) -> list[str]:
    """Fill instance ``i`` in place; returns the laws it may break."""
    where = f"instances[{i}]"
    parts = _parts(instance, where, (*PARTS, "allow"))
    try:
        state.level[i] = values.whole("level", parts["level"])
        state.clock[i] = values.whole("clock", parts["clock"])
        state.pool[i] = values.pool_of(*_pair("pool", parts["pool"]))
        state.chances[i] = values.word("chances", parts["chances"])
        state.future[i] = values.word("future", parts["future"])
        counters = _parts(parts["counters"], "counters", world.spec.counters)
        state.counters[i] = [values.whole("counter", counters[name]) for name in world.spec.counters]
        tally = _parts(parts["tally"], "tally", world.events)
        state.tally[i] = [values.whole("tally", tally[name]) for name in world.events]
        _lay(world, state, i, parts)
    except GridlensError as error:
        raise BadInput(f"{where}: {error}") from error
    if not isinstance(parts["allow"], list) or not all(isinstance(name, str) for name in parts["allow"]):
        raise BadInput(f"{where}: allow is {parts['allow']!r:.80}; expected a list of names")
    return parts["allow"]


def _pair(name: str, value: Any) -> tuple[int, int]:
    whole = isinstance(value, list) and all(isinstance(k, int) and not isinstance(k, bool) for k in value)
    if not whole or len(value) != 2:
        raise BadInput(f"{name} is {value!r:.80}; expected two whole numbers")
    return value[0], value[1]


def _lay(world: World, state: State, i: int, parts: Mapping[str, Any]) -> None:
    """The planes and the agent of instance ``i``, in place."""
    others = [name for c, name in enumerate(world.channels) if c != AGENT]
    planes = _parts(parts["planes"], "planes", others)
    _, h, w = world.shape
    for name in others:
        rows = planes[name]
        fits = isinstance(rows, list) and len(rows) == h and all(_binary(row, w) for row in rows)
        if not fits:
            raise BadInput(f"plane {name!r} is {rows!r:.80}; expected {h} texts of {w} digits, each 0 or 1")
        state.planes[i, world.channels.index(name)] = [[int(digit) for digit in row] for row in rows]
    y, x = _pair("agent", parts["agent"])
    if not (0 <= y < h and 0 <= x < w):
        raise BadInput(
            f"agent is [{y}, {x}]; expected a row from 0 to {h - 1} and a column from 0 to {w - 1}"
        )
    state.agent[i] = y, x
    state.planes[i, AGENT, y, x] = 1


def _binary(row: Any, w: int) -> bool:
    return isinstance(row, str) and len(row) == w and set(row) <= {"0", "1"}
