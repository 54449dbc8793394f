"""The worlds by name: one visible table, ``world()`` to set dials, ``register_envs()`` for gymnasium ids."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import UnknownName, Unreadable
from envs.spec import World, WorldSpec, configure
from envs.worlds import cheese, coin, colour_shape, follow, keys_chests, monster, tree

WORLDS: Mapping[str, WorldSpec] = {
    "cheese": cheese.SPEC,
    "coin": coin.SPEC,
    "colour-shape": colour_shape.SPEC,
    "follow": follow.SPEC,
    "keys-chests": keys_chests.SPEC,
    "monster": monster.SPEC,
    "tree": tree.SPEC,
}

IDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "gridlens/Cheese-v0": ("cheese", {}),
    "gridlens/CheeseAnywhere-v0": ("cheese", {"rand_region": 63}),
    "gridlens/Coin-v0": ("coin", {}),
    "gridlens/CoinAnywhere-v0": ("coin", {"random_percent": 100.0}),
    "gridlens/Follow-v0": ("follow", {}),
    "gridlens/FollowAntiExpert-v0": ("follow", {"partner": "anti-expert"}),
    "gridlens/ColourShape-v0": ("colour-shape", {}),
    "gridlens/ColourShapeDuel-v0": (
        "colour-shape",
        {"colour_1": "red", "colour_2": "yellow", "shape_2": "gem"},
    ),
    "gridlens/KeysChests-v0": ("keys-chests", {}),
    "gridlens/KeysChestsReversed-v0": ("keys-chests", {"reversed_percent": 100.0}),
    "gridlens/Monster-v0": ("monster", {}),
    "gridlens/MonsterLong-v0": ("monster", {"limit": 200}),
    "gridlens/MonsterGone-v0": ("monster", {"limit": 200, "monsters": 0}),
    "gridlens/Tree-v0": ("tree", {}),
    "gridlens/TreePlenty-v0": ("tree", {"r_min": 0.3}),
}
"""Gymnasium ids: the world's key and the dials that differ from its defaults."""


def world(name: str, **dials: Any) -> World:
    """The world ``name`` with some dials turned: a key of ``WORLDS``, or the path of a file (.py) with a ``SPEC``.

    A file is run. Raises UnknownName, BadInput or Unreadable, one sentence each.

    >>> world("cheese", rand_region=5).dials
    Dials(size=9, rand_region=5, limit=100)
    """
    return configure(spec_of(name), dials)


def spec_of(name: str) -> WorldSpec:
    """The spec of a world by name or by file; see ``world``."""
    if name.endswith(".py"):
        path = Path(name).resolve()
        if not path.is_file():
            raise Unreadable(f"there is no file {name!r}; a world is one of {', '.join(WORLDS)}, or a file")
        return _from_file(name, path, path.stat().st_mtime_ns)
    if name not in WORLDS:
        raise UnknownName("world", name, WORLDS)
    return WORLDS[name]


@lru_cache(maxsize=64)
def _from_file(name: str, path: Path, _written: int) -> WorldSpec:
    """One spec for each text of a file, so that worlds made of it are equal; it goes by the file's name."""
    found = importlib.util.spec_from_file_location(path.stem, path)
    if found is None or found.loader is None:
        raise Unreadable(f"{path} cannot be imported; expected a Python file with a SPEC")
    module = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise Unreadable(f"{path} does not run: {error}") from error
    spec = getattr(module, "SPEC", None)
    if not isinstance(spec, WorldSpec):
        raise Unreadable(f"{path} has no SPEC; expected SPEC = WorldSpec(...) as in envs/worlds/cheese.py")
    return replace(spec, name=name)


def register_envs() -> None:
    """Make ``IDS`` known to ``gymnasium.make``.

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
