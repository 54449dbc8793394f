"""The worlds by name: one visible table, ``world()`` to set dials, ``register_envs()`` for gymnasium ids."""

from collections.abc import Mapping
from typing import Any

from core.errors import UnknownName
from envs import cheese
from envs.spec import World, WorldSpec, configure

WORLDS: Mapping[str, WorldSpec] = {
    "cheese": cheese.SPEC,
}

IDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "gridlens/Cheese-v0": ("cheese", {}),
    "gridlens/CheeseAnywhere-v0": ("cheese", {"rand_region": 63}),
}
"""Gymnasium ids: the world's key and the dials that differ from its defaults."""


def world(name: str, **dials: Any) -> World:
    """The world ``name`` with some dials turned; raises UnknownName or BadInput, one sentence each.

    >>> world("cheese", rand_region=5).dials
    Dials(size=9, rand_region=5, limit=100)
    """
    if name not in WORLDS:
        raise UnknownName("world", name, WORLDS)
    return configure(WORLDS[name], dials)


def register_envs() -> None:
    """Make ``IDS`` known to ``gymnasium.make``; gymnasium's plugin entry point calls it too.

    >>> import gymnasium
    >>> register_envs()
    >>> gymnasium.make("gridlens/Cheese-v0", size=9).observation_space.shape
    (2, 13, 13)
    """
    import gymnasium

    for identifier, (name, dials) in IDS.items():
        if identifier not in gymnasium.registry:
            gymnasium.register(
                identifier,
                entry_point="envs.single:make",
                vector_entry_point="envs.vector:make_gymnasium",
                kwargs={"name": name, **dials},
            )
