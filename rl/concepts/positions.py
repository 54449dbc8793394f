"""Where agent, goal, proxy and things are: rows, columns, shortest ways, turns, counts, and maps of cells.

Rows and columns count from the top left. Of several things that would do it is the nearest by the shortest way, the
first in reading order among equals. Where there is none, or no way to it, it is as if it lay under the agent, but for
its steps, which are then the grid's rows plus its columns.
"""

import numpy as np
from numpy.typing import NDArray

from envs.observations import parse_view
from envs.spec import World
from envs.state import AGENT, WALL, State
from envs.terrain.paths import MOVES, best_actions, distances_to
from rl.concepts.concept import Concept, Of
from rl.concepts.things import GOAL, PROXY, Mask, barred, named, nearest, plane


def of_agent() -> dict[str, Concept]:
    """The agent's own row and column."""
    return {
        "agent row": Concept(
            "continuous", "row of the agent in the grid", lambda world, state: state.agent[:, 0]
        ),
        "agent column": Concept(
            "continuous", "column of the agent in the grid", lambda world, state: state.agent[:, 1]
        ),
    }


def of_place(name: str) -> dict[str, Concept]:
    """Where the nearest ``name`` lies, in the grid and from the agent, how far it is and where the way to it begins."""
    mask = named(name)

    def found(axis: int, *, from_agent: bool) -> Concept:
        def value(world: World, state: State) -> NDArray:
            where, _ = nearest(world, state, mask)
            return (where - state.agent * from_agent)[:, axis]

        line = ("row", "column")[axis]
        lead = ("rows from the agent down to", "columns from the agent right to")[axis]
        meaning = f"{lead} the {name}" if from_agent else f"{line} of the {name} in the grid"
        return Concept("continuous", meaning, value)

    return {
        f"{name} row": found(0, from_agent=False),
        f"{name} column": found(1, from_agent=False),
        f"{name} rows below": found(0, from_agent=True),
        f"{name} columns right": found(1, from_agent=True),
        f"steps to {name}": Concept(
            "continuous", f"shortest way to the {name}", lambda world, state: steps_to(world, state, mask)
        ),
        f"turn to {name}": Concept(
            "categorical", f"first action of the shortest way to the {name}", _turn(mask)
        ),
        f"{name} adjacent": Concept("binary", f"whether the {name} is one step away", _adjacent(mask)),
    }


def of_things(name: str) -> dict[str, Concept]:
    """How many of a kind of thing there are, and a map of them."""
    count = Concept("continuous", f"how many of {name} there are", _count(named(name)))
    return {f"{name} count": count, **maps(name, named(name))}


def maps(name: str, mask: Mask) -> dict[str, Concept]:
    """Cell by cell: is it there? In the grid, and around the agent as far as the world's window shows."""
    return {
        f"{name} on the grid": Concept(
            "grid",
            f"at each cell of the grid, is {name} there",
            lambda world, state: np.asarray(mask(world, state) > 0, np.uint8),
        ),
        f"{name} around": Concept(
            "grid", f"at each cell of the window around the agent, is {name} there", _around(mask)
        ),
    }


def of_ways() -> dict[str, Concept]:
    """Which moves a wall or the edge bars, and the map of the walls."""

    def way(move: NDArray) -> Concept:
        def value(world: World, state: State) -> NDArray:
            return beside(state.planes[:, WALL], state.agent, move, outside=1) > 0

        return Concept("binary", "whether a wall or the edge bars that move", value)

    names = ("up", "down", "left", "right")
    barring = {f"{name} barred": way(move) for name, move in zip(names, MOVES, strict=True)}
    return (
        barring
        | maps("wall", plane(WALL))
        | {"agent on the grid": maps("agent", plane(AGENT))["agent on the grid"]}
    )


def beside(cells: NDArray, agent: NDArray, move: NDArray, *, outside: int) -> NDArray:
    """What stands on the cell a move away from each agent: (n, h, w) to (n,); ``outside`` beyond the edge."""
    n, h, w = cells.shape
    y, x = (agent + move).T
    inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
    return np.where(inside, cells[np.arange(n), y.clip(0, h - 1), x.clip(0, w - 1)], outside)


def steps_to(world: World, state: State, mask: Mask) -> NDArray:
    """Steps of the shortest way to the nearest, int (n,); the grid's rows plus columns where there is none."""
    _, steps = nearest(world, state, mask)
    return np.where(steps < 0, sum(world.shape[1:]), steps)


def proxy_nearer(world: World, state: State) -> NDArray:
    """Whether the proxy is nearer than the goal: bool (n,)."""
    goal, proxy = (steps_to(world, state, named(name)) for name in (GOAL, PROXY))
    return proxy < goal


def _turn(mask: Mask) -> Of:
    def value(world: World, state: State) -> NDArray:
        best = best_actions(distances_to(barred(world, state), mask(world, state)), state.agent)
        return np.where(best.any(1), best.argmax(1), len(world.actions))

    return value


def _adjacent(mask: Mask) -> Of:
    return lambda world, state: nearest(world, state, mask)[1] == 1


def _count(mask: Mask) -> Of:
    return lambda world, state: np.asarray(mask(world, state) > 0).sum(axis=(1, 2), dtype=np.int64)


def _around(mask: Mask) -> Of:
    def value(world: World, state: State) -> NDArray:
        side = parse_view(world, "window").size
        wide = np.pad(
            np.asarray(mask(world, state) > 0, np.uint8), ((0, 0), (side // 2,) * 2, (side // 2,) * 2)
        )
        windows = np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(1, 2))
        return windows[np.arange(len(wide)), state.agent[:, 0], state.agent[:, 1]]

    return value
