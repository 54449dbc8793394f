"""The words in which a world's enquiry is told: what an agent did, and on which levels,
and what to know of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import UnknownName
from envs.spec import World


@dataclass(frozen=True)
class Words:
    """Phrases of one world: what reaching goal and proxy is called, what ``proxy_first`` means, which levels,
    and what to know of them."""

    goal: str
    proxy: str
    proxy_first: str
    levels: Callable[[World], str]
    caveat: Callable[[World], str]


def _cheese_levels(world: World) -> str:
    region, free = world.dials.rand_region, world.dials.size - 2
    if region >= free:
        return "levels with the cheese anywhere"
    if region == 1:
        return "levels with the cheese in the corner"
    return f"levels with the cheese in the top-right {region} x {region} cells"


def _cheese_caveat(world: World) -> str:
    mazes = {5: 4, 7: 192, 9: 100_352}.get(world.dials.size)
    if mazes is None:
        return ""
    return (
        f"There are only {mazes:,} mazes of this size: a held-out level has a seed that training never used, "
        f"but its maze may have been met."
    )


WORDS: Mapping[str, Words] = {
    "cheese": Words(
        goal="ate the cheese",
        proxy="reached the corner",
        proxy_first="went to the corner past the cheese",
        levels=_cheese_levels,
        caveat=_cheese_caveat,
    ),
}
"""World name to its words."""


def words_of(world: World) -> Words:
    """The row of ``WORDS``; UnknownName where a world has no words yet.

    >>> from envs.registry import world
    >>> words_of(world("cheese", rand_region=1)).levels(world("cheese", rand_region=1))
    'levels with the cheese in the corner'
    """
    if world.name not in WORDS:
        raise UnknownName("world that can be compared", world.name, WORDS)
    return WORDS[world.name]
