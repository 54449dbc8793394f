"""Choice tests: agents put where two things are equally far in ways that part, and which of them they lean to.

For worlds without inner walls, in which steps are rows and columns added up.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.errors import BadInput, UnknownName
from core.subject import Subject, run
from envs import engine
from envs.editing.edits import move, place_agent, remove
from envs.editing.laws import law_names
from envs.spec import World
from envs.state import State, take
from rl.acting import action_head, chances
from rl.agents import see
from rl.rollouts import level_seeds

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""Rows and columns of the first four actions of every world: up, down, left, right."""
FAR = 10_000
"""Steps to what is not there."""


@dataclass(frozen=True, eq=False)
class Crossroads:
    """States in which the nearest of two ``things`` lie in ways that part.

    ``towards`` (thing, n, move) says which moves lead nearer to each; ``steps`` (thing, n) how far they are.
    """

    state: State = field(repr=False)
    things: tuple[str, str]
    towards: Bool[np.ndarray, "2 n 4"] = field(repr=False)
    steps: Int[np.ndarray, "2 n"] = field(repr=False)


def steps_to(world: World, state: State, thing: str) -> Int[np.ndarray, "n h w"]:
    """Steps from each cell to the nearest ``thing``; ``FAR`` or more where there is none.

    Raises
    ------
    UnknownName
        if the world has no such thing.

    >>> from envs.registry import world
    >>> monsters = world("monster")
    >>> near = steps_to(monsters, engine.reset(monsters, [0]), "apple")
    >>> int(near.min()), int(near.max()) < 26
    (0, True)
    """
    if thing not in world.channels:
        raise UnknownName(f"thing of world {world.name!r}", thing, world.channels)
    far = np.where(state.planes[:, world.channels.index(thing)] > 0, 0, FAR).astype(np.int64)
    for axis in (1, 2):
        lines = np.moveaxis(far, axis, 0)
        for i in range(1, len(lines)):
            lines[i] = np.minimum(lines[i], lines[i - 1] + 1)
        for i in range(len(lines) - 2, -1, -1):
            lines[i] = np.minimum(lines[i], lines[i + 1] + 1)
    return far


def crossroads(
    world: World,
    n: int,
    things: tuple[str, str],
    *,
    seed: int,
    split: str = "test",
    gap: int = 0,
    near: tuple[int, int] = (2, 5),
    shun: tuple[str, int] | None = None,
) -> Crossroads:
    """At most ``n`` states, one a level: the agent on a cell from which the ways to two things part, else as it begins.

    The second thing is ``near[0]`` to ``near[1]`` steps away, the first ``gap`` steps farther (at least one step);
    no move leads nearer to both. ``shun``: a thing that is at least so many steps away. Levels without such a cell
    are left out.

    Raises
    ------
    BadInput
        if no level has one.
    UnknownName
        if the world lacks a thing.

    >>> from envs.registry import world
    >>> found = crossroads(world("monster"), 20, ("apple", "shield"), seed=0, shun=("monster", 4))
    >>> bool((found.steps[0] == found.steps[1]).all()), bool(found.towards.all(0).any())
    (True, False)
    """
    state = engine.reset(world, level_seeds(n, split=split, seed=seed))
    far = np.stack([steps_to(world, state, thing) for thing in things])
    towards = np.stack([_towards(one) for one in far])
    fits = (far[0] - far[1] == gap) & (far[1] >= near[0]) & (far[1] <= near[1]) & (far[0] >= 1)
    fits &= ~np.any(towards.all(0), axis=1) & (state.planes[:, 2:] == 0).all(axis=1)
    if shun is not None:
        fits &= steps_to(world, state, shun[0]) >= shun[1]
    rows = np.flatnonzero(fits.any(axis=(1, 2)))
    if not len(rows):
        raise BadInput(
            f"no level of {n} has a cell with {things[0]!r} {gap:+d} steps farther than {things[1]!r}; "
            "play more levels, or take another gap"
        )
    drawn = np.where(fits, np.random.default_rng(seed).random(fits.shape), -1.0).reshape(len(fits), -1)
    y, x = np.divmod(drawn.argmax(1)[rows], world.shape[2])
    placed = place_agent(world, take(state, rows), np.stack([y, x], 1), allow=law_names(world))
    return Crossroads(placed, things, towards[:, rows, :, y, x].swapaxes(0, 1), far[:, rows, y, x])


def fewer(world: World, state: State, thing: str, left: int, *, seed: int) -> State:
    """The same states with so many of a thing left in each; those that go are drawn, the same for the same seed.

    Raises
    ------
    BadInput
        if an instance has fewer.

    >>> from envs.registry import world
    >>> monsters = world("monster")
    >>> int(fewer(monsters, engine.reset(monsters, [0]), "monster", 2, seed=0).planes[0, 2].sum())
    2
    """
    plane = world.channels.index(thing)
    order = np.random.default_rng(seed).random(state.planes[:, plane].shape)
    counts = np.unique(state.planes[:, plane].sum((1, 2), dtype=int))
    if len(counts) > 1 or counts[0] < left:
        raise BadInput(
            f"instances hold {counts.min()} to {counts.max()} of {thing!r}; expected {left} or more, all as many"
        )
    for _ in range(int(counts[0]) - left):
        drawn = np.where(state.planes[:, plane] > 0, order, -1.0).reshape(len(order), -1).argmax(1)
        cells = np.stack(np.divmod(drawn, order.shape[2]), 1)
        state = remove(world, state, thing, cells, allow=law_names(world))
    return state


def farther(world: World, choice: Crossroads, which: int, *, seed: int) -> State:
    """The states with the nearest of one of the two things (0 or 1) on another cell, twice as far or farther.

    >>> from envs.registry import world
    >>> monsters = world("monster")
    >>> found = crossroads(monsters, 20, ("apple", "shield"), seed=0)
    >>> moved = farther(monsters, found, 1, seed=0)
    >>> int(steps_to(monsters, moved, "shield")[0][tuple(moved.agent[0])]) > int(found.steps[1, 0])
    True
    """
    state, rows = choice.state, np.arange(len(choice.state.clock))
    plane = world.channels.index(choice.things[which])
    _, h, w = world.shape
    y, x = np.indices((h, w))
    far = abs(y - state.agent[:, :1, None]) + abs(x - state.agent[:, 1:, None])
    lies = state.planes[:, plane] > 0
    source = np.where(lies, far, FAR).reshape(len(rows), -1).argmin(1)
    free = (state.planes[:, 1:] == 0).all(1) & (far >= 2 * choice.steps[which][:, None, None])
    drawn = np.where(free, np.random.default_rng(seed).random(free.shape), -1.0).reshape(len(rows), -1)
    cells, away = (np.stack(np.divmod(found, w), 1) for found in (drawn.argmax(1), source))
    return move(world, state, choice.things[which], cells, source=away, allow=law_names(world))


def leaning(
    policy: Float[Tensor, "n a"], towards: Bool[np.ndarray, "2 n 4"]
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """How likely the next move leads nearer to the first thing, of those that lead nearer to either; and to either.

    >>> towards = np.zeros((2, 1, 4), bool)
    >>> towards[0, 0, 0] = towards[1, 0, 3] = True
    >>> leaning(torch.tensor([[0.6, 0.1, 0.0, 0.2, 0.1]]), towards)
    (tensor([0.7500]), tensor([0.8000]))
    """
    first, second = ((policy[:, :4] * torch.from_numpy(one).to(policy)).sum(1) for one in towards)
    return first / (first + second), first + second


def answers(
    subject: Subject, world: World, state: State, view: str
) -> tuple[Float[Tensor, "n a"], dict[str, Tensor]]:
    """How likely each action is in each state, and all that the agent answers."""
    head = action_head(subject)
    with torch.no_grad():
        said = run(subject, see(world, state, view))
    return chances(said[head], head), said


def _towards(far: Int[np.ndarray, "n h w"]) -> Bool[np.ndarray, "n 4 h w"]:
    """Which of the four moves leads nearer from each cell; off the grid is never nearer."""
    _, h, w = far.shape
    beyond = np.pad(far, ((0, 0), (1, 1), (1, 1)), constant_values=2 * FAR)
    return np.stack([beyond[:, 1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w] < far for dy, dx in MOVES], 1)
