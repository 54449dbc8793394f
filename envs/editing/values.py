"""The parts of a state as plain values, for ``notation`` and ``json_notation``: ranges, hexadecimal words, worlds."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.errors import BadInput, UnknownName
from envs import registry
from envs.spec import World, configure

MOST = 2**31 - 1
RANGES = {
    "clock": (0, MOST),
    "level": (0, 2**32 - 1),
    "counter": (-MOST - 1, MOST),
    "tally": (0, MOST),
    "first level": (0, 2**32 - 1),
    "number of levels": (1, 2**31),
}
"""Lowest and highest value of the whole numbers of a state."""


def whole(kind: str, value: Any) -> int:
    """A whole number of one of ``RANGES``, given as a number or in digits; raises BadInput.

    >>> whole("clock", "12")
    12
    """
    low, high = RANGES[kind]
    digits = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,12}", value)
    if (
        not (digits or (isinstance(value, int) and not isinstance(value, bool)))
        or not low <= int(value) <= high
    ):
        raise BadInput(f"{kind} is {value!r:.80}; expected a whole number from {low} to {high}")
    return int(value)


def word(kind: str, digits: Any) -> np.uint64:
    """64 random bits from up to 16 hexadecimal digits; raises BadInput.

    >>> int(word("chances", hexadecimal(np.uint64(255))))
    255
    """
    if not isinstance(digits, str) or not re.fullmatch(r"[0-9a-fA-F]{1,16}", digits):
        raise BadInput(f"{kind} is {digits!r:.80}; expected up to 16 hexadecimal digits (0-9, a-f)")
    return np.uint64(int(digits, 16))


def hexadecimal(value: np.uint64) -> str:
    """The 16 hexadecimal digits of a word: JSON's numbers would lose its last bits."""
    return f"{int(value):016x}"


def pool_of(first: Any, count: Any) -> tuple[int, int]:
    """First seed and number of seeds of the levels to come; raises BadInput where they lead beyond the last seed."""
    start, number = whole("first level", first), whole("number of levels", count)
    if start + number > 2**32:
        raise BadInput(
            f"a pool of {number} levels from {start} ends beyond {2**32 - 1}; "
            f"expected at most {2**32 - start} levels"
        )
    return start, number


def index_of(kind: str, name: Any, names: tuple[str, ...]) -> int:
    """Where ``name`` stands among ``names``; raises UnknownName."""
    if name not in names:
        raise UnknownName(kind, str(name), names)
    return names.index(name)


def world_of(name: Any, dials: Mapping[str, Any], world: World | None) -> World:
    """The world that a text names, or ``world`` where given, with which the text must agree.

    Only the worlds of ``registry.WORLDS`` are found by name: a text cannot make a file run. Raises UnknownName or
    BadInput.

    >>> world_of("cheese", {"size": 7}, None).dials.size
    7
    """
    if world is None:
        if str(name).endswith(".py"):
            raise BadInput(
                f"world {name!r} is a file, which a text cannot run; give the world as an argument"
            )
        if str(name) not in registry.WORLDS:
            raise UnknownName("world", str(name), registry.WORLDS)
        return configure(registry.WORLDS[str(name)], dials)
    if name is not None and name != world.name:
        raise BadInput(f"this is a state of world {name!r}; expected one of world {world.name!r}")
    given = world.describe()
    for key, value in turned(world, dials).describe().items():
        if value != given[key]:
            raise BadInput(f"dial {key!r} is {value!r}; the world given has {given[key]!r}")
    return world


def turned(world: World, dials: Mapping[str, Any]) -> World:
    """The same world with some dials turned; raises as ``envs.spec.configure``."""
    given = {key: value for key, value in world.describe().items() if key != "name"}
    return configure(world.spec, {**given, **dials})


def dials_set(world: World) -> dict[str, Any]:
    """The dials that differ from their defaults, choices by name.

    >>> dials_set(registry.world("cheese", size=7))
    {'size': 7}
    """
    defaults = World(world.spec, world.spec.dials()).describe()
    return {key: value for key, value in world.describe().items() if value != defaults[key]}


def dial_value(text: str) -> Any:
    """A dial written in digits or by a choice's name, as ``registry.world`` takes it.

    >>> dial_value("7"), dial_value("1e-06"), dial_value("none")
    (7, 1e-06, 'none')
    """
    for pattern, kind in ((r"[+-]?[0-9]{1,12}", int), (r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", float)):
        if re.fullmatch(pattern, text):
            return kind(text)
    return text
