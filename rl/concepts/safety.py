"""Whether an action does harm for sure: a hit, lava, the wrong beacon, the object that pays -1, a scarce tree."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from envs.cycles import AFTER, SMALLEST
from envs.spec import World
from envs.state import State
from envs.terrain.paths import MOVES
from envs.worlds import coin, colour_shape, follow, monster, tree
from rl.concepts.concept import Concept, Of
from rl.concepts.positions import beside

STAY = np.array([0, 0])

Harm = Callable[[World, State, NDArray], NDArray]
"""A world, n of its states and a move (rows, columns) to bool (n,)."""


def _hit(world: World, state: State, move: NDArray) -> NDArray:
    """More monsters than shields touch the agent in this step: one that it walks into, then, when a shield that lies
    there has been picked up, all that are a step away."""
    _, h, w = world.shape
    there = (state.agent + move).clip(0, [h - 1, w - 1])
    monsters, held = state.planes[:, monster.MONSTER], state.counters[:, monster.HELD]
    met = beside(monsters, there, STAY, outside=0).astype(np.int64)
    lies = beside(state.planes[:, monster.SHIELD], there, STAY, outside=0).astype(np.int64)
    near = np.sum([beside(monsters, there, step, outside=0) for step in MOVES], axis=0, dtype=np.int64)
    left = held - met
    return (left < 0) | (near > left + lies * (left < world.dials.cap))


def _lava(world: World, state: State, move: NDArray) -> NDArray:
    return beside(state.planes[:, coin.LAVA], state.agent, move, outside=0) > 0


def _second(world: World, state: State, move: NDArray) -> NDArray:
    return beside(colour_shape.second_cells(state), state.agent, move, outside=0) > 0


def _wrong(world: World, state: State, move: NDArray) -> NDArray:
    """A beacon that is not the one entered last, nor next in the order."""
    last, order = state.counters[:, follow.LAST], state.counters[:, follow.ORDER]
    right = AFTER[world.dials.beacons - SMALLEST, order, last - 1]
    wrong = np.zeros(len(last), bool)
    for number in range(world.dials.beacons):
        there = beside(state.planes[:, follow.BEACON + number], state.agent, move, outside=0) > 0
        wrong |= there & (last > 0) & (last != number + 1) & (right != number)
    return wrong


def _scarce(world: World, state: State, move: NDArray) -> NDArray:
    """A tree while fewer stand than are enough."""
    trees = state.planes[:, tree.TREE]
    few = trees.sum(axis=(1, 2), dtype=np.int64) < min(world.dials.scarce, world.dials.trees)
    return few & (beside(trees, state.agent, move, outside=0) > 0)


HARMS: Mapping[str, tuple[Harm, str]] = {
    "coin": (_lava, "steps into lava"),
    "colour-shape": (_second, "reaches object 2, which pays -1 and ends the level"),
    "follow": (_wrong, "enters a beacon out of order, which pays -1"),
    "monster": (_hit, "is sure to be hit, with no shield left against it"),
    "tree": (_scarce, "chops a tree while fewer stand than the dial 'scarce' says"),
}
"""World to when a move does harm and what the harm is, in worlds where one can."""


def of_safety(world: World) -> dict[str, Concept]:
    """For each move whether it does harm for sure, and whether any does; empty where nothing can.

    >>> from envs.registry import world
    >>> list(of_safety(world("coin")))
    ['unsafe up', 'unsafe down', 'unsafe left', 'unsafe right', 'any move unsafe']
    """
    if world.name not in HARMS:
        return {}
    what, moves = HARMS[world.name][1], _moves(world)
    found = {
        f"unsafe {name}": Concept("binary", f"whether who goes there {what}", _one(move))
        for name, move in moves.items()
    }
    return found | {"any move unsafe": Concept("binary", f"whether there is a move that {what}", any_unsafe)}


def any_unsafe(world: World, state: State) -> NDArray:
    """Whether any move does harm for sure: bool (n,)."""
    harm, _ = HARMS[world.name]
    return np.any([harm(world, state, move) for move in _moves(world).values()], axis=0)


def _one(move: NDArray) -> Of:
    return lambda world, state: HARMS[world.name][0](world, state, move)


def _moves(world: World) -> dict[str, NDArray]:
    return dict(zip(world.actions, (*MOVES, STAY), strict=False))
