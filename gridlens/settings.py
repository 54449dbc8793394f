"""A preset with some of its settings changed, as the command line asks for."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from core.errors import BadInput, UnknownName
from envs.registry import spec_of
from rl.presets import PRESET_OF, PRESETS
from rl.training import TrainConfig

_ELSEWHERE = ("world", "dials", "steps", "seed")
"""Settings that have options of their own."""


def configured(
    preset: str | None,
    *,
    world: str,
    dials: Mapping[str, Any],
    settings: Mapping[str, Any],
    steps: int | None,
    seed: int,
) -> TrainConfig:
    """The preset's configuration with dials, settings, steps and seed changed; a world without one gets the defaults.

    No ``preset`` is the world's own (``rl.presets.PRESET_OF``); a world from a file (.py) has none.

    Raises
    ------
    UnknownName
        if there is no such preset, world or setting; the nearest is named.
    BadInput
        if a setting is not of the kind that it should be, or the preset is for another world.

    >>> found = configured("cheese-corner", world="cheese", dials={}, settings={"gamma": 0.9}, steps=None, seed=3)
    >>> found.gamma, found.seed, found.dials["rand_region"]
    (0.9, 3, 1)
    """
    spec_of(world)
    base = _base(world, preset or PRESET_OF.get(world))
    if base.world != world:
        raise BadInput(f"preset {preset!r} is for world {base.world!r}; given world {world!r}")
    changed = {name: _typed(name, value) for name, value in settings.items()}
    return replace(
        base,
        **changed,
        dials={**base.dials, **dials},
        steps=base.steps if steps is None else steps,
        seed=seed,
    )


def _base(world: str, preset: str | None) -> TrainConfig:
    if preset is None:
        return TrainConfig(world=world)
    if preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    return PRESETS[preset].config


def _typed(name: str, value: Any) -> Any:
    kinds = {field.name: type(field.default) for field in fields(TrainConfig) if field.name not in _ELSEWHERE}
    if name not in kinds:
        raise UnknownName("training setting", name, kinds)
    if kinds[name] is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kinds[name]):
        raise BadInput(f"training setting {name!r} is {value!r}; expected {kinds[name].__name__}")
    return value
