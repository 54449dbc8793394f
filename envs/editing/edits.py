"""Counterfactual states: the same level with the agent, a thing or a counter changed; each edit gives a new state.

An edit that leads where the rules could not is refused by the name of the law it breaks (``envs.editing.laws``);
``allow=(name, ...)`` makes an exception. A law that was broken before stands in nobody's way.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from core.errors import BadInput, UnknownName
from envs.editing.laws import TAKEN, broken, check_allowed, check_kept, together, walled_in
from envs.spec import World
from envs.state import AGENT, WALL, State, take


class Everywhere(NamedTuple):
    """One level with the agent on each cell it could stand on: a state of m instances and their cells (m, 2)."""

    state: State
    cells: np.ndarray


def free_cells(world: World, state: State, i: int = 0, *, thing: str = "agent") -> np.ndarray:
    """Row and column of every cell of instance ``i`` where ``thing`` may lie (its own counts): int64 (m, 2).

    Cells without a wall, another of its kind, or anything that it never shares a cell with in play.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> free_cells(maze, engine.reset(maze, [0])).tolist()
    [[1, 1], [1, 2], [2, 3], [3, 1], [3, 2], [3, 3]]
    """
    return np.argwhere(_open(world, state.planes[i], world.channels.index(_known(world, thing))))


def place_agent(world: World, state: State, cells: np.ndarray, *, allow: Collection[str] = ()) -> State:
    """Each agent on its cell of ``cells`` (n, 2), or all on one (2,); raises BadInput where that is not free."""
    return move(world, state, "agent", cells, allow=allow)


def move(
    world: World,
    state: State,
    thing: str,
    cells: np.ndarray,
    *,
    source: np.ndarray | None = None,
    allow: Collection[str] = (),
) -> State:
    """The one thing of a channel, or the one on ``source``, on another free cell; both (n, 2), or (2,) for all.

    Raises UnknownName for a channel that the world lacks, BadInput for a cell that is not free, where an instance
    holds none or several of the thing and no source is given, and where a law would be broken.

    >>> from envs import engine, registry
    >>> from envs.pictures import rendering
    >>> maze = registry.world("cheese", size=5, rand_region=5)
    >>> print(rendering.text(maze, move(maze, engine.reset(maze, [0]), "cheese", np.array([3, 3]))))
    #####
    #...#
    ###.#
    #@.C#
    #####
    """
    check_allowed(world, allow)
    c, cells = world.channels.index(_known(world, thing)), _one_each(state, cells)
    source = _only_one(state, c, thing) if source is None else _one_each(state, source)
    lifted = _lift(world, state, c, source)
    return _kept(world, _lay(world, lifted, c, cells, allow), state, allow)


def add(world: World, state: State, thing: str, cells: np.ndarray, *, allow: Collection[str] = ()) -> State:
    """One more ``thing`` (an object or a wall) in every instance, on a free cell: ``cells`` (n, 2) or (2,).

    Raises as ``move``.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5, rand_region=5)
    >>> two = add(maze, engine.reset(maze, [0]), "cheese", np.array([3, 3]), allow=("one cheese in its region",))
    >>> int(two.planes[0, 2].sum())
    2
    """
    check_allowed(world, allow)
    c, cells = world.channels.index(_not_agent(world, thing)), _one_each(state, cells)
    return _kept(world, _lay(world, take(state, slice(None)), c, cells, allow), state, allow)


def remove(
    world: World,
    state: State,
    thing: str,
    cells: np.ndarray | None = None,
    *,
    allow: Collection[str] = (),
) -> State:
    """Take away the ``thing`` on ``cells`` (n, 2) or (2,); without cells every one of the kind, in every instance.

    Raises as ``move``, and BadInput where there is nothing to take away. The border of wall stays.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> int(remove(maze, engine.reset(maze, [0]), "cheese").planes[0, 2].sum())
    0
    """
    check_allowed(world, allow)
    c = world.channels.index(_not_agent(world, thing))
    if cells is not None:
        return _kept(world, _lift(world, state, c, _one_each(state, cells)), state, allow)
    if not state.planes[:, c].any():
        raise BadInput(f"there is no {thing!r} in any instance; nothing can be removed")
    emptied = take(state, slice(None))
    emptied.planes[:, c] = np.where(walled_in(world), emptied.planes[:, c], 0)
    return _kept(world, emptied, state, allow)


def set_counter(
    world: World, state: State, name: str, values: np.ndarray | int, *, allow: Collection[str] = ()
) -> State:
    """A counter of the world set to ``values``: whole numbers (n,), or one for all.

    Raises UnknownName for a counter that the world lacks, BadInput for what is not an int32 and for broken laws.
    """
    check_allowed(world, allow)
    if name not in world.spec.counters:
        raise UnknownName(f"counter of world {world.name!r}", name, world.spec.counters)
    n, given = len(state.clock), np.asarray(values)
    fits = given.shape in ((), (n,)) and given.dtype.kind in "iu"
    if not fits or given.min() < -(2**31) or given.max() >= 2**31:
        raise BadInput(
            f"counter {name!r} takes one whole number or {n} of them, of 32 bits; got {values!r:.80}"
        )
    changed = take(state, slice(None))
    changed.counters[:, world.spec.counters.index(name)] = given
    return _kept(world, changed, state, allow)


def everywhere(world: World, state: State, i: int = 0, *, allow: Collection[str] = ()) -> Everywhere:
    """Instance ``i`` once for each cell on which its agent could stand, standing there: for value and policy maps.

    Cells as by ``free_cells`` (with "taken cell" allowed: all without a wall), less those where a law would break.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=5)
    >>> everywhere(maze, engine.reset(maze, [0])).state.planes.shape
    (6, 3, 5, 5)
    """
    check_allowed(world, allow)
    stands = _open(world, state.planes[i], AGENT, allow)
    stands[tuple(state.agent[i])] = True
    cells = np.argwhere(stands)
    many = take(state, [i] * len(cells))
    many.planes[:, AGENT] = 0
    many.planes[(np.arange(len(cells)), AGENT, *cells.T)] = 1
    many.agent[:] = cells
    already = broken(world, take(state, [i]))
    new = [where for name, where in broken(world, many).items() if name not in already and name not in allow]
    fine = ~np.any([np.zeros(len(cells), bool), *new], axis=0)
    return Everywhere(take(many, fine), cells[fine])


def _known(world: World, thing: str) -> str:
    if thing not in world.channels:
        raise UnknownName(f"thing of world {world.name!r}", thing, world.channels)
    return thing


def _not_agent(world: World, thing: str) -> str:
    if _known(world, thing) == world.channels[AGENT]:
        raise BadInput(f"every instance has exactly one {thing!r}; it can be moved, not added or removed")
    return thing


def _one_each(state: State, cells: np.ndarray) -> np.ndarray:
    n = len(state.clock)
    cells = np.asarray(cells)
    if cells.shape not in ((2,), (n, 2)) or cells.dtype.kind not in "iu":
        raise BadInput(
            f"expected one cell (row, column) or {n} of them; got {cells.dtype} of shape {cells.shape}"
        )
    return np.broadcast_to(cells.astype(np.int64), (n, 2))


def _only_one(state: State, c: int, thing: str) -> np.ndarray:
    """Where the one thing of a plane lies, (n, 2)."""
    number = state.planes[:, c].sum(axis=(1, 2), dtype=np.int64)
    if (number != 1).any():
        i = int(np.flatnonzero(number != 1)[0])
        raise BadInput(
            f"instance {i} holds {number[i]} of {thing!r}; say which to move by source=(row, column)"
            if number[i]
            else f"instance {i} holds 0 of {thing!r}; to be moved there must be one"
        )
    return np.argwhere(state.planes[:, c])[:, 1:]


def _lift(world: World, state: State, c: int, cells: np.ndarray) -> State:
    """A copy without the things on ``cells``, all of which must be there."""
    rows, (y, x) = np.arange(len(cells)), cells.T
    _, h, w = world.shape
    inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
    row, column = y.clip(0, h - 1), x.clip(0, w - 1)
    fixed = walled_in(world)[row, column]
    there = inside & ~fixed & (state.planes[rows, c, row, column] > 0)
    if not there.all():
        i = int(np.flatnonzero(~there)[0])
        near = _nearest((state.planes[i, c] > 0) & ~walled_in(world), cells[i])
        why = "the border of wall stays" if inside[i] and fixed[i] else "nothing of it lies there"
        raise BadInput(
            f"cell ({y[i]}, {x[i]}) of instance {i} holds no {world.channels[c]!r} that can be taken up: {why}; "
            + (f"the nearest lies at {near}" if near else "the instance holds none")
        )
    lifted = take(state, slice(None))
    lifted.planes[rows, c, y, x] = 0
    return lifted


def _apart(world: World, c: int, allow: Collection[str]) -> np.ndarray:
    """The channels with which ``c`` may not share a cell, bool (c,): itself too, and no exception for agent and wall
    (an agent in a wall could walk out of the grid)."""
    apart = np.zeros(len(world.channels), bool) if TAKEN in allow else ~together(world)[c]
    apart[c] = c != AGENT
    if c in (WALL, AGENT):
        apart[WALL + AGENT - c] = True
    return apart


def _open(world: World, planes: np.ndarray, c: int, allow: Collection[str] = ()) -> np.ndarray:
    """Where channel ``c`` may lie in one instance, (c, h, w) to bool (h, w)."""
    return ~planes[_apart(world, c, allow)].any(axis=0) & ~walled_in(world)


def _nearest(where: np.ndarray, cell: np.ndarray) -> tuple[int, int] | None:
    found = np.argwhere(where)
    if not len(found):
        return None
    near = found[np.abs(found - cell).sum(axis=1).argmin()]
    return int(near[0]), int(near[1])


def _lay(world: World, state: State, c: int, cells: np.ndarray, allow: Collection[str]) -> State:
    """Put one thing on each of ``cells``, in place: ``state`` is a copy already."""
    rows, (y, x) = np.arange(len(cells)), cells.T
    _, h, w = world.shape
    inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
    row, column = y.clip(0, h - 1), x.clip(0, w - 1)
    there = state.planes[rows, :, row, column]
    taken = there[:, _apart(world, c, allow)].any(axis=1)
    if (~inside | taken | walled_in(world)[row, column]).any():
        i = int(np.flatnonzero(~inside | taken | walled_in(world)[row, column])[0])
        near = _nearest(_open(world, state.planes[i], c, allow), cells[i])
        hint = f"the nearest free one is {near}" if near else "none is free"
        excused = (
            inside[i] and not there[i, _apart(world, c, (TAKEN,))].any() and not walled_in(world)[y[i], x[i]]
        )
        hint += f"; allow=({TAKEN!r},) makes an exception" if excused else ""
        raise BadInput(f"cell ({y[i]}, {x[i]}) of instance {i} is not free for {world.channels[c]!r}; {hint}")
    state.planes[rows, c, y, x] = 1
    if c == AGENT:
        state.agent[:] = cells
    return state


def _kept(world: World, edited: State, before: State, allow: Collection[str]) -> State:
    check_kept(world, edited, before=before, allow=allow)
    return edited
