"""How likely an agent walks to every cell: along the likeliest of the shortest ways, and by any way at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from core.provenance import Provenance, provenance
from core.subject import Subject, run
from envs.spec import World
from envs.state import State
from rl.acting import action_head, blank, chances
from rl.agents import check_fits, see
from rl.fields.field import data_of, marks_of, pictured, state_at
from rl.fields.walk import Walk, walk_of
from rl.rollouts import UNLIMITED


@dataclass(frozen=True, eq=False)
class PathProbabilities:
    """How likely an agent walks from where it stands to every cell; all (rows, columns), NaN where no way leads.

    ``likely``: the geometric mean of the probabilities of the steps of a shortest way, the likeliest of the shortest
    [mini2023]; 1 where it stands. ``reach``: the probability that it ever comes there within ``limit`` steps, by
    whatever way; that of play where ``exact``, else that of an agent without memory in a world that stands still.
    ``steps``: the length of a shortest way. ``frame`` and ``marks`` as of a Field.
    """

    subject: str
    level: int
    start: tuple[int, int]
    likely: Float[np.ndarray, "h w"] = field(repr=False)
    reach: Float[np.ndarray, "h w"] = field(repr=False)
    steps: Float[np.ndarray, "h w"] = field(repr=False)
    limit: int
    exact: bool
    frame: UInt8[np.ndarray, "y x 3"] = field(repr=False)
    marks: Mapping[str, tuple[int, int]]
    provenance: Provenance = field(repr=False)


def path_probabilities(
    subject: Subject, world: World, where: int | State, *, view: str = "window"
) -> PathProbabilities:
    """How likely the agent's drawn actions lead it from where it stands to every cell of a level or state.

    Of a Q-network the actions are drawn as it is played: ``rl.acting.chances``.

    Raises
    ------
    BadInput
        if the world does not fit the agent, or the state has several instances.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> found = path_probabilities(load("cheese-corner"), world("cheese", size=9, rand_region=63, limit=100), 3)
    >>> found.exact, float(found.likely[found.start])
    (True, 1.0)
    """
    check_fits(subject, world, view)
    state = state_at(world, where)
    walk = walk_of(world, state)
    likely = drawn_everywhere(subject, see(world, walk.placed, view))
    limit = (world.limit or UNLIMITED) - (int(state.clock[0]) if world.limit else 0)
    far = walk.far
    row, column = (int(side) for side in state.agent[0])
    return PathProbabilities(
        subject=subject.name,
        level=int(state.level[0]),
        start=(row, column),
        likely=walk.map(geometric_means(walk, likely)),
        reach=walk.map(np.where(far < 0, np.nan, reach_probabilities(walk, likely, limit))),
        steps=walk.map(np.where(far < 0, np.nan, far)),
        limit=limit,
        exact=walk.still and blank(subject, 1) is None,
        frame=pictured(world, state),
        marks=marks_of(world, state),
        provenance=provenance(subject=subject.fingerprint, data=data_of(world, state), view=view),
    )


def drawn_everywhere(subject: Subject, seen: Tensor) -> Float[np.ndarray, "m a"]:
    """How likely each action is drawn in each of some states; of an agent with a memory as if it had just begun."""
    head = action_head(subject)
    with torch.no_grad():
        likely: np.ndarray = chances(run(subject, seen)[head], head).double().cpu().numpy()
    return likely


def geometric_means(walk: Walk, likely: Float[np.ndarray, "m a"]) -> Float[np.ndarray, "k"]:
    """The largest geometric mean of step probabilities over the shortest ways to each node; NaN where none leads.

    All shortest ways to a node have its distance d in steps, so that the largest mean is the d-th root of the largest
    product, and that product is found layer by layer of equal distance: the best over the nodes one step nearer, times
    the step from there. Actions that lead to the same node count together. 1 for the start.

    >>> from envs import engine
    >>> from envs.registry import world
    >>> maze = world("cheese", size=5)
    >>> walk = walk_of(maze, engine.reset(maze, [0]))
    >>> sorted(set(geometric_means(walk, np.full(walk.leads.shape, 0.25)).round(2).tolist()))[:2]
    [0.25, 1.0]
    """
    far = walk.far
    with np.errstate(divide="ignore"):
        step = np.log(walk.steps(likely))
    best = np.full(len(walk.cells), -np.inf)
    best[walk.start] = 0.0
    for nearer, here in walk.layers:
        best[here] = (best[nearer, None] + step[nearer[:, None], here]).max(0)
    return np.where(far < 0, np.nan, np.exp(best / np.maximum(far, 1)))


def reach_probabilities(walk: Walk, likely: Float[np.ndarray, "m a"], limit: int) -> Float[np.ndarray, "k"]:
    """The probability that a walk from the start comes to each node within ``limit`` steps, by any way.

    Hitting probabilities of the Markov chain on the walk's nodes, exact up to rounding; ways end at nodes on which the
    agent cannot stand.

    >>> from envs import engine
    >>> from envs.registry import world
    >>> maze = world("cheese", size=5)
    >>> walk = walk_of(maze, engine.reset(maze, [0]))
    >>> float(reach_probabilities(walk, np.full(walk.leads.shape, 0.25), 10_000)[-1].round(6))  # the cheese
    1.0
    """
    step, hit = walk.steps(likely), np.eye(len(walk.cells))
    stands = len(walk.leads)
    for _ in range(limit):
        before, hit[:stands] = hit[:stands].copy(), step @ hit
        np.fill_diagonal(hit, 1.0)
        if np.abs(hit[:stands] - before).max() < 1e-12:
            break
    found: np.ndarray = np.minimum(hit[walk.start], 1.0)
    return found
