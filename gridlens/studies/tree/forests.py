"""The states that the study asks about: a tree to hand, and fewer and fewer trees elsewhere; or any forest at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from core.probing import Labelled
from envs.editing.edits import place_agent, remove
from envs.play.felling import TREE
from envs.spec import World
from envs.state import WALL, State, take
from rl.concepts import labelled, sampled_states

SEED = 8
STATES, PROBED = 400, 2000
FAR = 3
"""No other tree is nearer to the agent than so many steps."""
MOVES = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
CONCEPTS = ("tree count", "trees scarce", "steps to goal", "value of goal", "value of proxy", "turn to goal")
"""What is probed; the way to the nearest tree is there as what walking takes, in any case."""


@dataclass(frozen=True, eq=False)
class Edges:
    """The same states with one tree beside the agent and fewer and fewer elsewhere.

    ``left``: states by the number of trees, ten to one, each with one tree less than the one before. ``chop``: the
    action that takes the tree beside the agent. ``next``: by number of trees, steps to the nearest of the others.
    """

    left: Mapping[int, State]
    chop: Int[np.ndarray, "n"]
    next: Mapping[int, Float[np.ndarray, "n"]]


@lru_cache(maxsize=1)
def edges(world: World) -> Edges:
    """Held-out forests, all trees standing; then trees taken away one by one, never the one beside the agent."""
    full = sampled_states(world, 2 * STATES, seed=SEED, fresh=True)
    rng = np.random.default_rng(SEED)
    spots = [(row, *spot) for row in range(2 * STATES) if (spot := _spot(full, row, rng)) is not None]
    rows, cells, actions = zip(*spots[:STATES], strict=True)
    state = place_agent(world, take(full, np.array(rows)), np.array(cells))
    chop = np.array(actions)
    others = _shuffled(state, chop, rng)
    left, following = {}, {}
    for number in range(world.dials.trees, 0, -1):
        left[number] = state
        following[number] = _nearest(others[:, : number - 1], state.agent)
        if number > 1:
            state = remove(world, state, "tree", others[:, number - 2])
    return Edges(left, chop, following)


def _spot(state: State, row: int, rng: np.random.Generator) -> tuple[NDArray, int] | None:
    """A free cell beside one tree, all others at least ``FAR`` steps away, and the action into the tree; if any."""
    trees = np.argwhere(state.planes[row, TREE])
    found = []
    for action, move in enumerate(MOVES):
        for tree, cell in zip(trees, trees - move, strict=True):
            steps = np.abs(trees - cell).sum(1)
            free = not state.planes[row, WALL, *cell] and (steps > 0).all()
            if free and (steps < FAR).sum() == 1:
                found.append((cell, action, tree))
    return found[rng.integers(len(found))][:2] if found else None


def _shuffled(state: State, chop: NDArray, rng: np.random.Generator) -> Int[np.ndarray, "n k 2"]:
    """The trees that are not beside the agent, in an order of chance."""
    beside = state.agent + MOVES[chop]
    kept = [
        rng.permutation([tree for tree in np.argwhere(planes[TREE]) if (tree != near).any()])
        for planes, near in zip(state.planes, beside, strict=True)
    ]
    return np.array(kept)


def _nearest(trees: NDArray, agent: NDArray) -> Float[np.ndarray, "n"]:
    """Steps to the nearest of some trees; infinite where there are none."""
    steps = np.abs(trees - agent[:, None]).sum(2)
    return steps.min(1, initial=10_000).astype(float) if trees.shape[1] else np.full(len(agent), np.inf)


@lru_cache(maxsize=1)
def probed(world: World) -> tuple[State, Mapping[str, Labelled]]:
    """Held-out forests with one tree to all of them, the agent anywhere; and what they hold."""
    state = sampled_states(world, PROBED, seed=SEED + 1)
    state = take(state, np.flatnonzero(state.planes[:, TREE].any((1, 2))))
    return state, labelled(world, state, list(CONCEPTS))
