"""What a state contains: the labels that probes are trained on, and states to train them on.

Rows and columns count from the top left. An egocentric window has the agent always in its middle, so where the
cheese lies relative to the agent stands in the input plainly; its absolute row and column must be put together
with the walls or the grid's edge, and are read linearly only as far as that was done. Probe both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from core.errors import BadInput, UnknownName
from envs import engine
from envs.editing.edits import place_agent
from envs.spec import World
from envs.state import WALL, State
from envs.terrain.paths import best_actions, distances
from rl.goals import goals_of, places_of
from rl.rollouts import level_seeds


@dataclass(frozen=True)
class Concept:
    """Something that a state holds: ``of(world, state)`` gives its value for each instance, (n,)."""

    kind: Literal["continuous", "categorical"]
    meaning: str
    of: Callable[[World, State], NDArray]


def _place(axis: int, thing: str, *, from_agent: bool = False) -> Callable[[World, State], NDArray]:
    def value(world: World, state: State) -> NDArray:
        cells = state.agent if thing == "agent" else getattr(places_of(world), thing)(world, state)
        return (cells - state.agent if from_agent else cells)[:, axis]

    return value


def _steps(thing: str) -> Callable[[World, State], NDArray]:
    def value(world: World, state: State) -> NDArray:
        known = places_of(world)
        far = distances(known.barred(state), getattr(known, thing)(world, state))
        return far[np.arange(len(far)), *state.agent.T]

    return value


def _turn(thing: str) -> Callable[[World, State], NDArray]:
    def value(world: World, state: State) -> NDArray:
        known = places_of(world)
        far = distances(known.barred(state), getattr(known, thing)(world, state))
        best = best_actions(far, state.agent)
        return np.where(best.any(1), best.argmax(1), len(world.actions))

    return value


CONCEPTS: Mapping[str, Concept] = {
    "goal row": Concept("continuous", "row of the goal in the grid", _place(0, "goal")),
    "goal column": Concept("continuous", "column of the goal in the grid", _place(1, "goal")),
    "goal rows below": Concept(
        "continuous", "rows from the agent down to the goal", _place(0, "goal", from_agent=True)
    ),
    "goal columns right": Concept(
        "continuous", "columns from the agent right to it", _place(1, "goal", from_agent=True)
    ),
    "agent row": Concept("continuous", "row of the agent in the grid", _place(0, "agent")),
    "agent column": Concept("continuous", "column of the agent in the grid", _place(1, "agent")),
    "steps to goal": Concept("continuous", "shortest way to the goal", _steps("goal")),
    "steps to proxy": Concept("continuous", "shortest way to the proxy", _steps("proxy")),
    "turn to goal": Concept("categorical", "first action of the shortest way to the goal", _turn("goal")),
    "turn to proxy": Concept("categorical", "first action of the shortest way to the proxy", _turn("proxy")),
}
"""Name to concept. In Cheese the goal is the cheese and the proxy the top-right corner. Where goal and proxy are no
places, only the agent's own row and column can be asked for."""


def told_by(world: World) -> tuple[str, ...]:
    """The concepts that are probed unless others are asked for: where the goal lies, or where the agent stands.

    >>> from envs.registry import world
    >>> told_by(world("monster"))
    ('agent row', 'agent column')
    """
    if goals_of(world).places is None:
        return ("agent row", "agent column")
    return ("goal row", "goal column", "goal rows below", "goal columns right")


def labels(world: World, state: State, names: Sequence[str]) -> dict[str, NDArray]:
    """The value of each concept for every instance of ``state``.

    Raises
    ------
    UnknownName
        if there is no such concept; offers the nearest.

    >>> from envs.registry import world
    >>> maze = world("cheese", size=9)
    >>> labels(maze, engine.reset(maze, [3]), ["goal row", "goal columns right"])
    {'goal row': array([1]), 'goal columns right': array([6])}
    """
    for name in names:
        if name not in CONCEPTS:
            raise UnknownName("concept", name, CONCEPTS)
    return {name: CONCEPTS[name].of(world, state) for name in names}


def sampled_states(world: World, n: int, *, seed: int, split: str = "test") -> State:
    """``n`` states that know nothing of each other: one a level, the agent anywhere but on an object.

    >>> from envs.registry import world
    >>> sampled_states(world("cheese", size=9), 3, seed=0).planes.shape
    (3, 3, 9, 9)
    """
    if n < 1:
        raise BadInput(f"at least one state must be sampled; got {n}")
    state = engine.reset(world, level_seeds(n, split=split, seed=seed))
    return place_agent(world, state, _random_free_cells(world, state, np.random.default_rng(seed)))


def _random_free_cells(world: World, state: State, rng: np.random.Generator) -> Int[np.ndarray, "n 2"]:
    """Uniformly among the cells that the agent could get to, without a thing on them."""
    places = goals_of(world).places
    barred = state.planes[:, WALL] if places is None else places.barred(state)
    free = distances(barred, state.agent) >= 0
    for plane in range(2, state.planes.shape[1]):
        free &= state.planes[:, plane] == 0
    draws = np.where(free, rng.random(free.shape), -1).reshape(len(free), -1).argmax(1)
    return np.stack(np.divmod(draws, free.shape[2]), 1)
