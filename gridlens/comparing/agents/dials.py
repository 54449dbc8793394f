"""The dial of a world that leads from levels like those in training to shifted ones, and the values it is played at."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import GridlensError
from envs.registry import world as make_world
from envs.spec import World

DIALS: Mapping[str, tuple[str, Sequence[Any]]] = {
    "cheese": ("rand_region", (1, 2, 3, 4, 5, 6, 7, 9, 11, 13)),
    "coin": ("random_percent", (0.0, 10.0, 25.0, 50.0, 75.0, 100.0)),
    "follow": ("partner", ("expert", "random", "none", "anti-expert")),
    "keys-chests": ("reversed_percent", (0.0, 25.0, 50.0, 75.0, 100.0)),
    "monster": ("monsters", (5, 4, 3, 2, 1, 0)),
    "tree": ("r_min", (0.3, 0.1, 0.01, 1e-3, 1e-4, 1e-6)),
}
"""World to its dial and values, from training to shifted; none parts the two goals of colour-shape by degrees."""


def dialled(world: World) -> tuple[str, dict[str, World]]:
    """The dial's name, and the world by each of its values; ("", {}) where there is no such dial.

    >>> name, found = dialled(make_world("cheese", size=9, rand_region=63))
    >>> name, list(found)
    ('rand_region', ['1', '2', '3', '4', '5', '6', '7'])
    """
    if world.name not in DIALS:
        return "", {}
    name, values = DIALS[world.name]
    if name == "rand_region":
        values = [value for value in values if value <= world.dials.size - 2]
    found = {}
    for value in values:
        try:
            found[f"{value:g}" if isinstance(value, int | float) else value] = make_world(
                **(world.describe() | {name: value})
            )
        except GridlensError:  # dials of this world do not go together with that value
            continue
    return name, found
