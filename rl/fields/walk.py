"""Walk: the cells of one state as a graph - where every action leads from every cell on which the agent can stand."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from envs import engine
from envs.editing.edits import everywhere
from envs.spec import World
from envs.state import AGENT, State, take


@dataclass(frozen=True, eq=False)
class Walk:
    """Where the actions of a state lead, played by the world's own rules.

    ``cells`` (k, 2) are the rows and columns of its nodes; on the first m of them the agent stands in ``placed`` (m
    instances), on the others walks end: a goal, a pit, something that is taken. ``leads`` (m, a) is the node that each
    action leads to, ``start`` the agent's own node. ``still``: no step changes anything but where the agent is, so
    that chances worked out on the graph are those of play.
    """

    shape: tuple[int, int]
    cells: Int[np.ndarray, "k 2"] = field(repr=False)
    leads: Int[np.ndarray, "m a"] = field(repr=False)
    start: int
    still: bool
    placed: State = field(repr=False)

    def steps(self, likely: Float[np.ndarray, "m a"]) -> Float[np.ndarray, "m k"]:
        """How likely one step leads from each cell to each node, if actions are as ``likely`` as given."""
        m, k = len(self.leads), len(self.cells)
        places = (np.arange(m)[:, None] * k + self.leads).ravel()
        weights = np.asarray(likely, float).ravel()
        found: np.ndarray = np.bincount(places, weights, minlength=m * k).reshape(m, k)
        return found

    @cached_property
    def far(self) -> Int[np.ndarray, "k"]:
        """Steps of a shortest way from the start to each node; -1 where none leads."""
        far = np.full(len(self.cells), -1)
        far[self.start], edge, distance = 0, np.array([self.start]), 0
        while len(edge := edge[edge < len(self.leads)]):
            distance += 1
            ahead = np.unique(self.leads[edge])
            edge = ahead[far[ahead] < 0]
            far[edge] = distance
        return far

    @cached_property
    def layers(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """For each distance from 1 on, the nodes one step nearer on which the agent can stand, and those at it."""
        stands = self.far[: len(self.leads)]
        return tuple(
            (np.flatnonzero(stands == distance - 1), np.flatnonzero(self.far == distance))
            for distance in range(1, int(self.far.max()) + 1)
        )

    def map(self, nodes: Float[np.ndarray, "k"]) -> Float[np.ndarray, "h w"]:
        """Numbers of the nodes laid out as the grid; NaN elsewhere."""
        out = np.full(self.shape, np.nan)
        out[tuple(self.cells.T)] = nodes
        return out


def walk_of(world: World, state: State, i: int = 0) -> Walk:
    """The graph of instance ``i``: every action is played from every cell on which its agent could stand.

    In a world that moves by itself each step is one draw of what may happen, the rest standing as it is now.

    >>> from envs.registry import world
    >>> maze = world("cheese", size=5)
    >>> walk = walk_of(maze, engine.reset(maze, [0]))
    >>> len(walk.leads), len(walk.cells), walk.still
    (6, 7, True)
    """
    placed = everywhere(world, state, i)
    cells = [tuple(cell) for cell in placed.cells.tolist()]
    numbers = {cell: number for number, cell in enumerate(cells)}
    leads = np.zeros((len(cells), len(world.actions)), np.int64)
    still = True
    for action in range(len(world.actions)):
        after = take(placed.state, slice(None))
        played = engine.step(world, after, np.full(len(cells), action))
        ended = set(played.ended.tolist())
        if played.final is not None:
            after.agent[played.ended] = played.final.agent
        going = [n for n in range(len(cells)) if n not in ended]
        still = still and _same_but_for_the_agent(placed.state, after, going)
        for n, cell in enumerate(after.agent.tolist()):
            leads[n, action] = numbers.setdefault(tuple(cell), len(numbers))
    nodes = np.array(list(numbers), np.int64)
    start = numbers[tuple(state.agent[i].tolist())]
    return Walk(world.shape[1:], nodes, leads, start, still, placed.state)


def _same_but_for_the_agent(before: State, after: State, going: list[int]) -> bool:
    kept = [c for c in range(before.planes.shape[1]) if c != AGENT]
    return bool(
        (before.planes[going][:, kept] == after.planes[going][:, kept]).all()
        and (before.counters[going] == after.counters[going]).all()
    )
