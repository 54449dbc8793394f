"""Which concepts a world offers, which are asked for unless others are, and what they are in given states."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.errors import UnknownName
from core.probing import Labelled
from envs.spec import World
from envs.state import State
from rl.concepts import own as from_files
from rl.concepts.concept import Concept
from rl.concepts.sampling import sampled_states
from rl.concepts.table import known

SAMPLE = 1000
"""States on which it is found out what varies in a world."""
MOST = 10
"""Concepts that are asked for unless others are."""

TELLING = (
    *("steps to goal", "steps to proxy", "turn to goal", "turn to proxy", "value of goal", "value of proxy"),
    "any move unsafe",
    *("shields held", "keys held", "monster count", "key count", "chest count", "tree count", "trees scarce"),
    *("right beacon", "partner's last beacon", "last beacon", "steps to monster"),
    *("goal rows below", "goal columns right", "goal row", "goal column"),
    *("agent row", "agent column"),
)
"""What tells most about a goal, the first ``MOST`` that a world offers."""


@lru_cache(maxsize=64)
def offered(world: World) -> tuple[str, ...]:
    """The names of the concepts that vary in a world and say what no earlier one says already.

    Measured, not declared: on 1,000 sampled states, always the same ones. So in Cheese with the cheese in its corner
    there is no "goal row"; ask for the concepts of ``varied(world)``, in which goal and proxy part.

    >>> from envs.registry import world
    >>> "goal row" in offered(world("cheese")), "goal row" in offered(world("cheese", rand_region=63))
    (False, True)
    """
    state = sampled_states(world, SAMPLE, seed=0)
    found: dict[str, NDArray] = {}
    for name, one in known(world).items():
        values = np.asarray(one.of(world, state))
        said = any(values.shape == other.shape and (values == other).all() for other in found.values())
        if (values != values[:1]).any() and not said:
            found[name] = values
    return tuple(found)


def told_by(world: World) -> tuple[str, ...]:
    """The concepts that are probed unless others are asked for: the ten of ``TELLING`` that the world offers first.

    A world from a file, whose goals nobody knows, tells what lies where and how far.

    >>> from envs.registry import world
    >>> told_by(world("monster"))[-4:]
    ('any move unsafe', 'shields held', 'monster count', 'steps to monster')
    """
    every, kinds = offered(world), known(world)
    told = [name for name in TELLING if name in every]
    rest = [name for name in every if name not in told and name.startswith("steps to ")]
    rest += [name for name in every if name not in (*told, *rest) and kinds[name].kind != "grid"]
    return tuple((told + rest)[:MOST])


def concept(name: str, world: World) -> Concept:
    """The concept of that name, or the one of a file: "mine.py:near", or "mine.py" if it holds just one.

    Raises
    ------
    UnknownName
        if the world knows no such concept; the nearest is named.
    BadInput, Unreadable
        for a file that does not give it (``rl.concepts.own``).

    >>> from envs.registry import world
    >>> concept("shields held", world("monster")).meaning
    'how many shields the agent holds'
    """
    return _named([name], world)[name]


def _named(names: Sequence[str], world: World) -> dict[str, Concept]:
    """Each name's concept; the world's table, which takes its time, is made once."""
    table = {} if all(from_files.is_file(name) for name in names) else known(world)
    found = {}
    for name in names:
        if from_files.is_file(name):
            read = from_files.read(name, world, sampled_states(world, 100, seed=0))
            found[name] = from_files.only(name, read)
        elif name in table:
            found[name] = table[name]
        else:
            raise UnknownName(f"concept of world {world.name!r}", name, table)
    return found


def chosen(world: World, names: Sequence[str] = ()) -> dict[str, Concept]:
    """The concepts that names ask for: of the world, or of files ("mine.py" is all in it); without names ``told_by``.

    Raises
    ------
    UnknownName, BadInput, Unreadable
        as ``concept``.

    >>> from envs.registry import world
    >>> list(chosen(world("monster"), ["shields held"]))
    ['shields held']
    """
    names = names or told_by(world)
    found: dict[str, Concept] = {}
    plain = _named([name for name in names if not from_files.is_file(name)], world)
    for name in names:
        if from_files.is_file(name):
            found |= from_files.read(name, world, sampled_states(world, 100, seed=0))
        else:
            found[name] = plain[name]
    return found


def labels(
    world: World, state: State, names: Sequence[str], own: Mapping[str, Concept] | None = None
) -> dict[str, NDArray]:
    """The value of each concept for every instance of ``state``; ``own`` are concepts that the world does not know.

    Raises
    ------
    UnknownName
        if there is no such concept; offers the nearest.

    >>> from envs import engine
    >>> from envs.registry import world
    >>> maze = world("cheese", size=9)
    >>> labels(maze, engine.reset(maze, [3]), ["goal row", "goal columns right"])
    {'goal row': array([1]), 'goal columns right': array([6])}
    """
    return {name: one.values for name, one in labelled(world, state, names, own).items()}


def labelled(
    world: World, state: State, names: Sequence[str], own: Mapping[str, Concept] | None = None
) -> dict[str, Labelled]:
    """The same with the kind of each: what ``core.probing.probes`` takes.

    Raises
    ------
    UnknownName
        if there is no such concept; offers the nearest.

    >>> from envs import engine
    >>> from envs.registry import world
    >>> maze = world("cheese", size=9)
    >>> labelled(maze, engine.reset(maze, [3]), ["turn to goal"])["turn to goal"].kind
    'categorical'
    """
    mine = dict(own or {})
    found = _named([name for name in names if name not in mine], world) | mine

    def values(name: str) -> NDArray:
        one = found[name]
        return from_files.check(name, one, world, state) if name in mine else one.of(world, state)

    return {name: Labelled(found[name].kind, values(name)) for name in names}
