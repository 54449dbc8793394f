"""What a state is worth to one who plays as well as is known for the goal, or for the proxy: discounted values.

Where goal and proxy are places it is exact: ``GAMMA`` to the power of the steps of the shortest way that does not end
the level before (0 where there is none). Elsewhere it is the mean of what the world's own policies earn from there.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.errors import BadInput
from envs import engine
from envs.play.careful import careful
from envs.play.policies import Policy, policy
from envs.randomness import FIRST, SECOND, mix
from envs.spec import World
from envs.state import State, take
from envs.terrain.paths import distances_to
from rl.concepts.concept import Concept
from rl.concepts.things import GOAL, PROXY, barred, goal_and_proxy
from rl.draws import step_words
from rl.goals import goals_of, roles_of

GAMMA = 0.97
"""Discount a step: what agents are trained with unless they ask for another (``rl.algorithms``)."""
PLAYS: Mapping[str, int] = {"follow": 1, "keys-chests": 1, "tree": 2}
"""Plays a state, where they are not ``FEW``: nothing is random in KeysChests and little in Follow."""
FEW = 4
STEPS: Mapping[str, int] = {"tree": 100}
"""Steps that a play goes on, where they are not ``SOON``: in Tree the forest pays only in the long run."""
SOON = 25
TOGETHER = 8192
"""Instances that are played side by side."""

PLAYERS: Mapping[tuple[str, str], Policy] = {("monster", GOAL): careful}
"""Who plays where the world's policy of that role takes too long: in Monster what its "intended" searches on top of."""

ENDS: Mapping[tuple[str, str], str] = {
    ("cheese", PROXY): GOAL,
    ("coin", PROXY): GOAL,
    ("colour-shape", GOAL): PROXY,
    ("colour-shape", PROXY): GOAL,
}
"""On the way to the one, reaching the other would end the level."""


def of_values(world: World) -> dict[str, Concept]:
    """The value of the state for goal and for proxy; empty for a world without known goals."""
    if not goal_and_proxy(world):
        return {}
    meanings = {GOAL: "what the state is worth, discounted, to who plays for the intended goal"}
    meanings[PROXY] = "what it is worth, discounted and in proxy events, to who plays for the proxy"
    return {f"value of {role}": Concept("continuous", meanings[role], _value(role)) for role in (GOAL, PROXY)}


def _value(role: str):
    return lambda world, state: value(world, state, role)


def value(
    world: World,
    state: State,
    role: str,
    *,
    gamma: float = GAMMA,
    plays: int | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> Float[np.ndarray, "n"]:
    """What each state is worth for "goal" or for "proxy".

    By shortest ways where these are places. Elsewhere the mean over ``plays`` of the next ``steps`` steps by the
    world's policy for it, the events of step t times ``gamma`` to the power of t, from 1: for the goal the hidden
    performance (an apple 1, a hit -1), for the proxy its events. The plays' chances depend on ``seed`` and on each
    state's level and clock alone; the world's limit does not cut them short.

    Raises
    ------
    BadInput
        if there is no play or no step.

    >>> from envs.registry import world
    >>> maze = world("cheese", size=5)
    >>> value(maze, engine.reset(maze, [0]), "goal").round(3)
    array([0.885])
    """
    if goals_of(world).places is not None:
        return by_ways(world, state, role, gamma=gamma)
    plays = PLAYS.get(world.name, FEW) if plays is None else plays
    steps = STEPS.get(world.name, SOON) if steps is None else steps
    return by_play(world, state, role, gamma=gamma, plays=plays, steps=steps, seed=seed)


def by_ways(world: World, state: State, role: str, *, gamma: float = GAMMA) -> Float[np.ndarray, "n"]:
    """``gamma`` to the power of the steps to the place: 1 for an agent that stands on it, 0 where no way leads."""
    masks = goal_and_proxy(world)
    closed = barred(world, state) > 0
    if (world.name, role) in ENDS:
        closed = closed | (masks[ENDS[world.name, role]](world, state) > 0)
    goal = masks[role](world, state)
    rows = np.arange(len(goal))
    closed[rows, *state.agent.T] = False
    steps = distances_to(closed & (goal == 0), goal)[rows, *state.agent.T]
    return np.where(steps < 0, 0.0, gamma ** np.maximum(steps, 0.0))


def by_play(
    world: World, state: State, role: str, *, gamma: float, plays: int, steps: int, seed: int
) -> Float[np.ndarray, "n"]:
    """The mean discounted worth of ``plays`` plays of ``steps`` steps from each state."""
    if plays < 1 or steps < 1:
        raise BadInput(f"a value by play takes at least one play of one step; got {plays} of {steps}")
    words = _words(state, seed, plays).ravel()
    rows = np.repeat(np.arange(len(state.clock)), plays)
    worth = np.empty(len(rows))
    for start in range(0, len(rows), TOGETHER):
        block = slice(start, start + TOGETHER)
        worth[block] = _played(world, take(state, rows[block]), role, words[block], gamma=gamma, steps=steps)
    return worth.reshape(-1, plays).mean(axis=1)


def _played(
    world: World, state: State, role: str, words: NDArray, *, gamma: float, steps: int
) -> Float[np.ndarray, "n"]:
    name = {GOAL: "intended", PROXY: "proxy"}[role]
    choose = PLAYERS.get((world.name, role)) or policy(world, name)
    pay = world.worth if role == GOAL else np.array([one == roles_of(world)[name] for one in world.events])
    state.chances[:] = mix.py_func(words)
    worth, going = np.zeros(len(words)), np.arange(len(words))
    for step in range(steps):
        state.clock[:] = 0
        played = engine.step(world, state, choose(world, state, step_words(words[going], step)))
        worth[going] += gamma ** (step + 1) * (played.events @ pay.astype(float))
        if len(played.ended):
            on = np.setdiff1d(np.arange(len(going)), played.ended)
            going, state = going[on], take(state, on)
        if not len(going):
            break
    return worth


def _words(state: State, seed: int, plays: int) -> NDArray:
    """A word a state and play, by seed, level and clock."""
    with np.errstate(over="ignore"):
        own = mix.py_func(state.level.astype(np.uint64) + FIRST) ^ mix.py_func(state.clock.astype(np.uint64))
        own = own[:, None] + SECOND * np.arange(1, plays + 1, dtype=np.uint64)
        return mix.py_func(own ^ mix.py_func(np.uint64(seed % 2**64) + SECOND))
