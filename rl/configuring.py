"""A preset with some of its settings changed, as the command line asks for."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from core.errors import BadInput, UnknownName
from envs.registry import spec_of
from rl.algorithms import ALGORITHMS
from rl.networks import fitting
from rl.presets import PRESET_OF, PRESETS
from rl.training import TrainConfig, settings_of

COMMON = ("network", "view", "watched_levels", "checkpoint_seconds")
"""What may be set beside the algorithm's own settings."""
OF_THE_TASK = ("gamma", "reward_scale")
"""Settings of a preset that another algorithm takes over: they suit the world, not the algorithm."""


def configured(
    preset: str | None,
    *,
    world: str,
    dials: Mapping[str, Any],
    settings: Mapping[str, Any],
    algorithm: str | None = None,
    **changes: Any,
) -> TrainConfig:
    """The preset's configuration with dials and settings changed; a world without one gets the defaults.

    No ``preset`` is the world's own (``rl.presets.PRESET_OF``, where the algorithm has one there); a world from a
    file (.py) has none. ``changes`` are further fields of ``TrainConfig``; None leaves one as it is.

    Raises
    ------
    UnknownName
        if there is no such preset, world, algorithm or setting; the nearest is named.
    BadInput
        if a setting is not of the kind that it should be, or the preset is for another world.

    >>> found = configured("cheese-corner", world="cheese", dials={}, settings={"gamma": 0.9}, seed=3)
    >>> found.settings["gamma"], found.seed, found.dials["rand_region"]
    (0.9, 3, 1)
    """
    spec_of(world)
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise UnknownName("algorithm", algorithm, ALGORITHMS)
    base = _base(world, preset, algorithm)
    if base.world != world:
        raise BadInput(f"preset {preset!r} is for world {base.world!r}; given world {world!r}")
    common = {name: _typed(name, value) for name, value in settings.items() if name in COMMON}
    own = {name: value for name, value in settings.items() if name not in COMMON}
    found = replace(
        base,
        dials={**base.dials, **dials},
        settings={**base.settings, **own},
        **common | {name: value for name, value in changes.items() if value is not None},
    )
    settings_of(found)
    return found


def _base(world: str, preset: str | None, algorithm: str | None) -> TrainConfig:
    if preset is not None and preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    name = preset or _own(world, algorithm)
    base = PRESETS[name].config if name else TrainConfig(world=world)
    if algorithm is None or algorithm == base.algorithm:
        return base
    known = {one.name for one in fields(ALGORITHMS[algorithm].settings)}
    kept = {name: base.settings[name] for name in OF_THE_TASK if name in base.settings and name in known}
    network = fitting(base.network, memory=ALGORITHMS[algorithm].memory)
    return replace(base, algorithm=algorithm, network=network, settings=kept)


def _own(world: str, algorithm: str | None) -> str | None:
    """The world's own preset, or the first that trains by ``algorithm`` there."""
    own = PRESET_OF.get(world)
    if own is None or algorithm in (None, PRESETS[own].config.algorithm):
        return own
    theirs = [
        name
        for name, one in PRESETS.items()
        if (one.config.world, one.config.algorithm) == (world, algorithm)
    ]
    return theirs[0] if theirs else own


def _typed(name: str, value: Any) -> Any:
    kind = {one.name: type(one.default) for one in fields(TrainConfig)}[name]
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise BadInput(f"training setting {name!r} is {value!r}; expected {kind.__name__}")
    return value
