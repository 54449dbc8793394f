"""What a world declares: WorldSpec (its table row), Event, and World (a spec with its dials set).

A world is one file with a ``Dials`` NamedTuple, two kernels and a ``SPEC``; ``envs/cheese.py`` is the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from core.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Event:
    """Something that can happen in a step, what it pays, and what it is worth by the hidden performance.

    Rewards are the sum of what the events of a step pay, so they match by construction. ``role`` says whether
    the event is the intended goal, the proxy that goes with it in training, or neither.
    """

    name: str
    role: Literal["intended", "proxy", "other"] = "other"
    reward: float = 0.0
    performance: float = 0.0


@dataclass(frozen=True, eq=False)
class WorldSpec:
    """One world's rules and names.

    ``place(state, which, dials)`` lays out the levels of the instances ``which`` on blank planes, drawing from
    ``state.chances``. ``act(state, actions, events, terminated, dials)`` plays one step of every instance: it adds
    to ``events`` (n, e) and sets ``terminated`` (n,). Both are kernels. ``shape(dials)`` gives rows and columns,
    ``limit(dials)`` the steps after which a level is cut short (0: never). ``check(dials)`` raises BadInput for
    combinations of dials that ``bounds`` (lowest, highest) cannot exclude. ``icons`` draw the channels.
    """

    name: str
    dials: type
    bounds: Mapping[str, tuple[float, float]]
    check: Callable[[Any], None]
    shape: Callable[[Any], tuple[int, int]]
    limit: Callable[[Any], int]
    channels: tuple[str, ...]
    actions: tuple[str, ...]
    events: tuple[Event, ...]
    icons: tuple[str, ...]
    place: Any
    act: Any
    counters: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True)
class World:
    """A spec with its dials set; two worlds are equal where both agree. Made by ``envs.registry.world``."""

    spec: WorldSpec
    dials: Any

    @property
    def name(self) -> str:
        """The key in ``envs.registry.WORLDS``."""
        return self.spec.name

    @property
    def actions(self) -> tuple[str, ...]:
        """Action names; an action is an index into them."""
        return self.spec.actions

    @property
    def channels(self) -> tuple[str, ...]:
        """Plane names of the state, which are also the channels of the view "grid"."""
        return self.spec.channels

    @cached_property
    def events(self) -> tuple[str, ...]:
        """Event names, in the order of ``StepResult.events`` and ``State.tally``."""
        return tuple(event.name for event in self.spec.events)

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Planes, rows and columns of a state."""
        return (len(self.spec.channels), *self.spec.shape(self.dials))

    @cached_property
    def limit(self) -> int:
        """Steps after which a level is cut short; 0 is never."""
        return int(self.spec.limit(self.dials))

    @cached_property
    def pay(self) -> np.ndarray:
        """What each event pays: float32 (e,)."""
        return np.array([event.reward for event in self.spec.events], np.float32)

    @cached_property
    def worth(self) -> np.ndarray:
        """What each event is worth by the hidden performance: float32 (e,)."""
        return np.array([event.performance for event in self.spec.events], np.float32)

    def describe(self) -> dict[str, Any]:
        """Name and dials as plain data for a manifest; ``registry.world(**...)`` takes it back."""
        return {"name": self.name, **self.dials._asdict()}


def performance(world: World, tally: np.ndarray) -> np.ndarray:
    """The hidden performance of levels by what happened in them: (n, e) counts to float32 (n,)."""
    return tally.astype(np.float32) @ world.worth


def configure(spec: WorldSpec, dials: Mapping[str, Any]) -> World:
    """The world of ``spec`` with some dials turned; raises UnknownName or BadInput, one sentence each."""
    types = spec.dials.__annotations__
    for name in dials:
        if name not in types:
            raise UnknownName(f"dial of world {spec.name!r}", name, types)
    values = spec.dials(**{name: _number(spec, name, value, types[name]) for name, value in dials.items()})
    spec.check(values)
    return World(spec, values)


def _number(spec: WorldSpec, name: str, value: Any, kind: type) -> int | float:
    low, high = spec.bounds[name]
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    fits = whole or (kind is float and isinstance(value, (float, np.floating)))
    if not fits or not low <= value <= high:
        sort = "a whole number" if kind is int else "a number"
        raise BadInput(
            f"dial {name!r} of world {spec.name!r} is {value!r}; expected {sort} from {low} to {high}"
        )
    return kind(value)
