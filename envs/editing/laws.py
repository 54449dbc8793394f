"""What every state that the rules can reach keeps: a world's laws by name, what may share a cell, the border."""

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from core.errors import BadInput, UnknownName
from envs import engine
from envs.play.policies import random
from envs.randomness import streams
from envs.spec import World
from envs.state import AGENT, WALL, State

TAKEN = "taken cell"
"""The law that all worlds share: things lie together on a cell only if play lays them together."""

SAME_WALLS = "walls as always"
"""The law of the worlds whose walls never differ (``wall_shown=False``)."""

INSTANCES, STEPS = 64, 400


def law_names(world: World) -> tuple[str, ...]:
    """The names that ``allow`` may hold: the world's laws, "taken cell", and "walls as always" where they never differ.

    >>> from envs.registry import world
    >>> law_names(world("cheese"))
    ('one cheese in its region', 'the maze is a tree', 'taken cell')
    """
    shared = (TAKEN,) if world.spec.wall_shown else (TAKEN, SAME_WALLS)
    return (*(name for name in world.spec.laws if name not in world.spec.firm), *shared)


def check_allowed(world: World, allow: Collection[str]) -> None:
    """Raise UnknownName where ``allow`` holds something that is not a law; BadInput where it is one text."""
    if isinstance(allow, str):
        raise BadInput(f"allow is the text {allow!r}; expected a collection of names, say ({allow!r},)")
    for name in allow:
        if name in world.spec.firm:
            raise BadInput(f"the law {name!r} of world {world.name!r} admits no exception")
        if name not in law_names(world):
            raise UnknownName(f"law of world {world.name!r}", name, law_names(world))


@lru_cache(maxsize=64)
def together(world: World) -> np.ndarray:
    """Which kinds of things may lie on one cell: bool (c, c), by what does in random and in greedy play.

    Measured, not declared: 64 levels for 400 steps each way, always the same ones. What lies together only in the
    state in which a level ended is not counted, for nobody plays on from there.

    >>> from envs.registry import world
    >>> together(world("cheese", size=7)).sum()  # only each with itself
    np.int64(3)
    """
    found = np.eye(len(world.channels), dtype=bool)
    for play in (random, world.spec.policies.get("greedy", random)):
        state, words = engine.reset(world, np.arange(INSTANCES)), streams(5, INSTANCES)
        found |= _pairs(state).any(axis=0)
        for _ in range(STEPS):
            engine.step(world, state, play(world, state, words))
            found |= _pairs(state).any(axis=0)
    return found


def _pairs(state: State) -> np.ndarray:
    """Which two planes have something on the same cell: bool (n, c, c)."""
    flat = (state.planes > 0).reshape(*state.planes.shape[:2], -1).astype(np.float32)
    return (flat @ flat.transpose(0, 2, 1)) > 0


@lru_cache(maxsize=64)
def walled_in(world: World) -> np.ndarray:
    """The border of the grid if it is wall, so that nothing gets out: bool (h, w); all False where it is not."""
    border = np.ones(world.shape[1:], bool)
    border[1:-1, 1:-1] = False
    return border & bool(_first_walls(world)[border].all())


@lru_cache(maxsize=64)
def _first_walls(world: World) -> np.ndarray:
    return engine.reset(world, [0]).planes[0, WALL] > 0


def broken(world: World, state: State) -> dict[str, np.ndarray]:
    """Law name to bool (n,): which instances break it; laws that all keep are left out, and so are the firm ones.

    >>> from envs.registry import world
    >>> broken(world("cheese"), engine.reset(world("cheese"), [0, 1]))
    {}
    """
    apart = (_pairs(state) & ~together(world)).any(axis=(1, 2))
    laws = {name: law for name, law in world.spec.laws.items() if name not in world.spec.firm}
    found = {name: ~law(state, world.dials) for name, law in laws.items()} | {TAKEN: apart}
    if not world.spec.wall_shown:
        found[SAME_WALLS] = ((state.planes[:, WALL] > 0) != _first_walls(world)).any(axis=(1, 2))
    return {name: where for name, where in found.items() if where.any()}


def check_kept(
    world: World,
    state: State,
    *,
    before: State | None = None,
    allow: Collection[str] = (),
    subject: str = "instance {}",
) -> None:
    """Raise BadInput where ``state`` breaks a law that is not in ``allow`` and that ``before`` did not break, or a
    firm one."""
    check_allowed(world, allow)
    _check_firm(world, state, subject)
    wrong: dict[str, np.ndarray] = {
        name: where for name, where in broken(world, state).items() if name not in allow
    }
    if before is not None and wrong:
        nowhere, already = np.zeros(len(state.clock), bool), broken(world, before)
        wrong = {name: where & ~already.get(name, nowhere) for name, where in wrong.items()}
    firsts = [int(where.argmax()) for where in wrong.values() if where.any()]
    if firsts:
        first = min(firsts)
        names = [name for name, where in wrong.items() if where[first]]
        raise BadInput(_refusal(world, subject.format(first), names))


def _check_firm(world: World, state: State, subject: str) -> None:
    for name in world.spec.firm:
        where = ~world.spec.laws[name](state, world.dials)
        if where.any():
            raise BadInput(
                f"{subject.format(int(where.argmax()))} would break the law {name!r} of world {world.name!r}, "
                "which admits no exception: the rules could not be played"
            )


def _refusal(world: World, subject: str, names: list[str]) -> str:
    listed = " and ".join(f"the law {name!r}" for name in names)
    named = ", ".join(repr(name) for name in names)
    return (
        f"{subject} would break {listed}, which the rules of world {world.name!r} always keep; "
        f"allow=({named},) makes an exception"
    )


def check_form(world: World, state: State) -> None:
    """Raise BadInput for what no exception can make playable: planes other than 0 and 1, an agent that is not in one
    free cell, a border that is not closed or in which something lies."""
    rows = np.arange(len(state.clock))
    found = (state.planes.shape[1:], state.counters.shape[1], state.tally.shape[1])
    if found != (world.shape, len(world.spec.counters), len(world.events)):
        raise BadInput(
            f"a state of planes {found[0]}, {found[1]} counters and {found[2]} events is not one of world "
            f"{world.name!r} with its dials; expected {world.shape}, {len(world.spec.counters)} and {len(world.events)}"
        )
    agents = state.planes[:, AGENT].sum(axis=(1, 2), dtype=np.int64)
    inside = np.all((state.agent >= 0) & (state.agent < np.array(world.shape[1:])), axis=1)
    y, x = np.where(inside[:, None], state.agent, 0).T
    border = walled_in(world)
    faults = {
        "holds something other than 0 and 1 in its planes": (state.planes > 1).any(axis=(1, 2, 3)),
        "has its agent elsewhere than the plane 'agent' says": (agents != 1)
        | ~inside
        | (state.planes[rows, AGENT, y, x] != 1),
        "has its agent in a wall": state.planes[rows, WALL, y, x] > 0,
        "has a hole in the border of wall": (state.planes[:, WALL][:, border] == 0).any(axis=1),
        "has something in the border of wall": state.planes[:, AGENT:][:, :, border].any(axis=(1, 2)),
    }
    for fault, where in faults.items():
        if where.any():
            raise BadInput(
                f"instance {int(where.argmax())} {fault}; no exception to the laws makes that playable"
            )
    _check_firm(world, state, "instance {}")
