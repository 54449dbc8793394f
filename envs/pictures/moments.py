"""One level of one instance, moment by moment: what films show, what is played in the terminal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.errors import BadInput
from envs import engine
from envs.play.policies import policy
from envs.randomness import streams
from envs.spec import World, performance
from envs.state import State, take

Chooser = Callable[[State], np.ndarray]
"""A state of n instances to n actions."""

UNLIMITED = 200
"""Steps after which worlds without a limit are watched no longer, where nobody says how many."""


@dataclass(frozen=True, eq=False)
class Moment:
    """How one instance stands, and what the last step brought.

    ``state`` is the level's own, also at its end; ``action`` (None at the start), ``reward`` and ``events`` (name to
    how often) are the last step's; ``total`` and ``performance`` the level's so far. ``ended`` says whether and how
    the level is over.
    """

    state: State = field(repr=False)
    action: int | None
    reward: float
    events: dict[str, int]
    total: float
    performance: float
    ended: Literal["", "terminated", "truncated"] = ""

    @property
    def step(self) -> int:
        """Steps since the level began."""
        return int(self.state.clock[0])

    @property
    def level(self) -> int:
        """The seed of the level."""
        return int(self.state.level[0])


def held_out(seed: int) -> int:
    """The level seed with the number ``seed`` of the split "test"; raises BadInput where there is none.

    >>> held_out(3)
    2147483651
    """
    first, count = engine.SPLITS["test"]
    if not 0 <= seed < count:
        raise BadInput(f"held-out levels are numbered from 0 to {count - 1}; got {seed}")
    return first + seed


def begin(world: World, level: int) -> Moment:
    """The start of the level with that seed; raises BadInput where there is none.

    >>> from envs.registry import world
    >>> begin(world("cheese"), 7).level
    7
    """
    return at(world, engine.reset(world, [level]))


def at(world: World, state: State) -> Moment:
    """A moment in which nothing has happened yet, of a state of one instance."""
    return Moment(state, None, 0.0, {}, *_earned(world, state))


def after(world: World, moment: Moment, action: int) -> Moment:
    """What comes of playing ``action``; the given moment stays as it is.

    Raises BadInput where there is no such action, or the level is over.

    >>> from envs.registry import world
    >>> maze = world("cheese", limit=1)
    >>> after(maze, begin(maze, 7), 0).ended
    'truncated'
    """
    if moment.ended:
        raise BadInput(f"level {moment.level} is over ({moment.ended}); begin another")
    state = take(moment.state, slice(None))
    played = engine.step(world, state, np.array([action], np.int64))
    stands = state if played.final is None else played.final
    return Moment(
        stands,
        action,
        float(played.reward[0]),
        {name: int(k) for name, k in zip(world.events, played.events[0], strict=True) if k},
        *_earned(world, stands),
        "terminated" if played.terminated[0] else "truncated" if played.truncated[0] else "",
    )


def moments(world: World, choose: Chooser, *, level: int, steps: int | None = None) -> Iterator[Moment]:
    """A level from its start to its end, or to ``steps`` (default: the world's limit, else 200).

    >>> from envs.registry import world
    >>> maze = world("cheese", size=5)
    >>> [one.action for one in moments(maze, chooser(maze, "intended", seed=0), level=0)]
    [None, 3, 3, 0, 0]
    """
    if steps is not None and steps < 1:
        raise BadInput(f"at least one step must be played; got {steps}")
    now = begin(world, level)
    yield now
    for _ in range(steps or world.limit or UNLIMITED):
        now = after(world, now, int(choose(now.state)[0]))
        yield now
        if now.ended:
            return


def chooser(world: World, name: str, *, seed: int) -> Chooser:
    """The world's policy of that name, with chances drawn by ``seed``; raises UnknownName."""
    play, words = policy(world, name), streams(seed, 1)
    return lambda state: play(world, state, words)


def _earned(world: World, state: State) -> tuple[float, float]:
    """Reward and hidden performance of the level so far."""
    return float((state.tally @ world.pay)[0]), float(performance(world, state.tally)[0])
