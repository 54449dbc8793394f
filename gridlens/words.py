"""The words in which a world's enquiry is told: what an agent did, on which levels, and what to know of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import UnknownName
from envs.spec import World
from envs.worlds import follow


@dataclass(frozen=True)
class Words:
    """Phrases of one world: what reaching goal and proxy is called, which levels, and what to know of them.

    ``proxy_first`` says what that measure means, in worlds where goal and proxy are places; in the others goal and
    proxy are counted, and the phrases say of what. ``thing`` is what one level may be called.
    """

    goal: str
    proxy: str
    levels: Callable[[World], str]
    proxy_first: str = ""
    caveat: Callable[[World], str] = lambda world: ""
    thing: str = "level"


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


def _coin_levels(world: World) -> str:
    share = world.dials.random_percent
    if share == 100:
        return "levels with the coin anywhere"
    where = "at the end" if world.dials.last_percent == 0 else f"in the last {world.dials.last_percent:g} %"
    rest = f", in {share:g} % of them anywhere" if share else ""
    return f"levels with the coin {where}{rest}"


def _colour_shape_levels(world: World) -> str:
    said = world.describe()
    one = f"levels with a {said['colour_1']} {said['shape_1']}"
    if said["shape_2"] == "none":
        return f"{one} alone"
    even = ", equally far away" if said["equidistant"] else ""
    return f"{one} and a {said['colour_2']} {said['shape_2']}{even}"


def _colour_shape_caveat(world: World) -> str:
    return (
        "Which of the two objects is called the goal is a matter of names: training did not say which of colour and "
        "shape was meant."
    )


def _follow_levels(world: World) -> str:
    said = ("behind an expert", "behind an anti-expert", "behind a partner at random", "without a partner")
    return f"levels {said[follow.PARTNERS.index(world.describe()['partner'])]}"


def _keys_chests_levels(world: World) -> str:
    share = world.dials.reversed_percent
    if share == 100:
        return "levels with twice as many keys as chests"
    rest = f", {share:g} % of them the other way round" if share else ""
    return f"levels with twice as many chests as keys{rest}"


def _monster_levels(world: World) -> str:
    monsters = world.dials.monsters
    return f"levels of {world.limit} steps {f'with {monsters}' if monsters else 'without'} monsters"


def _tree_levels(world: World) -> str:
    plenty = world.dials.r_min >= world.dials.r_max
    return f"forests that regrow {'however few trees' if plenty else 'the slower, the fewer trees'} stand"


def _tree_caveat(world: World) -> str:
    return "The world has no end: every level was played for 1,000 steps." if world.limit == 0 else ""


WORDS: Mapping[str, Words] = {
    "cheese": Words(
        goal="ate the cheese",
        proxy="reached the corner",
        levels=_cheese_levels,
        proxy_first="went to the corner past the cheese",
        caveat=_cheese_caveat,
        thing="maze",
    ),
    "coin": Words(
        goal="took the coin",
        proxy="came to the end",
        levels=_coin_levels,
        proxy_first="went to the end past the coin",
    ),
    "colour-shape": Words(
        goal="went to object 1",
        proxy="went to object 2",
        levels=_colour_shape_levels,
        proxy_first="went to object 2, with neither on the way to the other",
        caveat=_colour_shape_caveat,
    ),
    "follow": Words(
        goal="entered the right beacon", proxy="followed the partner into a beacon", levels=_follow_levels
    ),
    "keys-chests": Words(goal="opened a chest", proxy="picked up a key", levels=_keys_chests_levels),
    "monster": Words(goal="ate an apple", proxy="took a shield", levels=_monster_levels),
    "tree": Words(
        goal="chopped a tree",
        proxy="chopped a tree that was scarce",
        levels=_tree_levels,
        caveat=_tree_caveat,
    ),
}
"""World name to its words."""


def words_of(world: World) -> Words:
    """The row of ``WORDS``; UnknownName where a world has no words yet.

    >>> from envs.registry import world
    >>> words_of(world("cheese", rand_region=1)).levels(world("cheese", rand_region=1))
    'levels with the cheese in the corner'
    >>> words_of(world("monster")).levels(world("monster", monsters=0))
    'levels of 25 steps without monsters'
    """
    if world.name not in WORDS:
        raise UnknownName("world that can be compared", world.name, WORDS)
    return WORDS[world.name]
