"""What a world declares: WorldSpec (its table row), Event, and World (a spec with its dials set).

A world is one file with a ``Dials`` NamedTuple, two kernels and a ``SPEC``; ``envs/worlds/cheese.py`` is the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from core.errors import BadInput, UnknownName
from envs.state import State

Law = Callable[[State, Any], np.ndarray]
"""A state and the dials to bool (n,): whether each instance keeps the law."""


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


@dataclass(frozen=True)
class Gauge:
    """A counter that agents see: in planes as a channel whose first cells (row by row) are 1, as many as the counter
    says; in pictures as that many ``icon``s in a strip above the grid (both as far as there is room)."""

    counter: str
    icon: str | Callable[..., Any]


@dataclass(frozen=True, eq=False)
class WorldSpec:
    """One world's rules and names.

    Dials: ``bounds`` (lowest, highest) of those that are numbers, ``choices`` of those that are one of several names
    (kept as the index into them); ``check(dials)`` raises BadInput for combinations that these cannot exclude.
    ``shape(dials)`` gives rows and columns, ``limit(dials)`` the steps after which a level is cut short (0: never);
    left out, they are the dials ``size`` and ``limit``.

    Rules: ``place(state, which, dials)`` lays out the levels of the instances ``which`` on blank planes, drawing from
    ``state.chances``. ``act(state, actions, events, terminated, dials)`` plays one step of every instance: it adds
    to ``events`` (n, e) and sets ``terminated`` (n,). Both are kernels. ``laws``, by name, hold in every state that
    the rules can reach: ``envs.checks`` tests them, ``envs.editing`` refuses what breaks them. ``firm`` names those
    laws that no edit may break, not even by name, because the kernels would reach outside their arrays.

    Looks: ``channels`` are the planes, wall and agent first, ``icons`` their pictures (of
    ``envs.pictures.icons.ICONS``, or drawings like those). ``unseen`` are the last of
    them, which no view shows; ``wall_shown=False`` leaves the wall out of the view "grid", for worlds where it is
    always the same. ``gauges`` are the counters that views show, ``window`` the side of the view "window" (0: the
    smallest that shows every inner cell from every inner cell). ``appearance`` (n, c, h, w) planes to (n, h, w) uint8
    numbers of icons, 0 for floor, where the topmost plane's icon is not enough.

    ``policies``, by name, play the world: "intended" and "proxy" as well as can be found out for the one goal and
    the other, "greedy" as a floor (``envs.play.policies``).
    """

    name: str
    dials: type
    bounds: Mapping[str, tuple[float, float]]
    channels: tuple[str, ...]
    actions: tuple[str, ...]
    events: tuple[Event, ...]
    icons: tuple[str | Callable[..., Any], ...]
    place: Any
    act: Any
    shape: Callable[[Any], tuple[int, int]] = lambda dials: (dials.size, dials.size)
    limit: Callable[[Any], int] = lambda dials: dials.limit
    check: Callable[[Any], None] = lambda dials: None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counters: tuple[str, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    unseen: tuple[str, ...] = ()
    wall_shown: bool = True
    window: int = 0
    appearance: Callable[[np.ndarray], np.ndarray] | None = None
    laws: Mapping[str, Law] = field(default_factory=dict)
    firm: tuple[str, ...] = ()
    policies: Mapping[str, Callable[..., np.ndarray]] = field(default_factory=dict)
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
        """Plane names of the state."""
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

    @cached_property
    def seen(self) -> slice:
        """The planes that views may show: all but the unseen."""
        return slice(0, len(self.spec.channels) - len(self.spec.unseen))

    @cached_property
    def gauges(self) -> tuple[int, ...]:
        """Which counters views show, as indices."""
        return tuple(self.spec.counters.index(gauge.counter) for gauge in self.spec.gauges)

    def describe(self) -> dict[str, Any]:
        """Name and dials as plain data for a manifest; ``registry.world(**...)`` takes it back."""
        choices = self.spec.choices
        dials = {k: choices[k][v] if k in choices else v for k, v in self.dials._asdict().items()}
        return {"name": self.name, **dials}


def performance(world: World, tally: np.ndarray) -> np.ndarray:
    """The hidden performance of levels by what happened in them: (n, e) counts to float32 (n,)."""
    return tally.astype(np.float32) @ world.worth


def configure(spec: WorldSpec, dials: Mapping[str, Any]) -> World:
    """The world of ``spec`` with some dials turned; raises UnknownName or BadInput, one sentence each."""
    types = spec.dials.__annotations__
    for name in dials:
        if name not in types:
            raise UnknownName(f"dial of world {spec.name!r}", name, types)
    values = spec.dials(**{name: _value(spec, name, value, types[name]) for name, value in dials.items()})
    spec.check(values)
    return World(spec, values)


def _value(spec: WorldSpec, name: str, value: Any, kind: type) -> int | float:
    if name not in spec.choices:
        return _number(spec, name, value, kind)
    names = spec.choices[name]
    if value not in names:
        raise UnknownName(f"value of dial {name!r} of world {spec.name!r}", str(value), names)
    return names.index(value)


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
