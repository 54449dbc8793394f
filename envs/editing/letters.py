"""The alphabet of ``rendering.text`` and ``notation``: one character for each kind of thing and heap."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from envs.spec import World
from envs.state import AGENT, WALL

FREE, WALL_LETTER, AGENT_LETTER = ".", "#", "@"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MORE = UPPER + UPPER.lower() + "".join(map(chr, range(0x391, 0x3A2)))
HEAPS = "123456789" + UPPER.lower() + "".join(map(chr, range(0x400, 0x2400)))
"""Characters for several things on one cell, in the order in which they are given out."""


@lru_cache(maxsize=256)
def letters(world: World) -> tuple[str, ...]:
    """A character for each channel: ``#`` wall, ``@`` agent, else a capital of its name; no two alike.

    The initials of its words come first, then its other letters, then any letter that is left.

    >>> from envs.registry import world
    >>> letters(world("cheese"))
    ('#', '@', 'C')
    """
    chosen = {WALL: WALL_LETTER, AGENT: AGENT_LETTER}
    for c, name in enumerate(world.channels):
        if c not in chosen:
            words = [word for word in name.upper().replace("_", " ").split() if word]
            wanted = "".join(word[0] for word in words) + "".join(words)
            chosen[c] = _first(wanted, UPPER, chosen.values()) or _first(MORE, MORE, chosen.values())
    return tuple(chosen[c] for c in range(len(world.channels)))


def _first(wanted: str, valid: str, taken: Iterable[str]) -> str:
    taken = set(taken)
    return next((letter for letter in wanted if letter in valid and letter not in taken), "")


def alphabet(world: World) -> dict[str, frozenset[int]]:
    """Character to what lies on a cell that it stands for: the channels by number; ``.`` is nothing.

    >>> from envs.registry import world
    >>> alphabet(world("cheese"))["C"]
    frozenset({2})
    """
    single = {letter: frozenset([c]) for c, letter in enumerate(letters(world))}
    return {FREE: frozenset(), **single}


def with_heaps(world: World, heaps: Iterable[frozenset[int]]) -> dict[str, frozenset[int]]:
    """The alphabet with one more character for each of ``heaps`` (several things on a cell) that it lacks."""
    known = alphabet(world)
    for heap in heaps:
        if heap not in known.values():
            known[_first(HEAPS, HEAPS, known)] = heap
    return known


def legend(world: World, known: Mapping[str, frozenset[int]]) -> str:
    """What the characters stand for, as one line.

    >>> from envs.registry import world
    >>> legend(world("cheese"), with_heaps(world("cheese"), [frozenset([1, 2])]))
    '# wall, @ agent, C cheese, 1 agent + cheese'
    """
    named = {
        letter: " + ".join(world.channels[c] for c in sorted(heap)) for letter, heap in known.items() if heap
    }
    return ", ".join(f"{letter} {names}" for letter, names in named.items())
