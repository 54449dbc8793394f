"""Monte Carlo returns: what play from given states on comes to, drawn, discounted; by an agent or by a rule."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float

from core.errors import UnknownName
from core.subject import Subject, run
from envs import engine
from envs.play.policies import policy
from envs.randomness import streams
from envs.spec import World
from envs.state import State, take
from rl.acting import action_head, chances
from rl.agents import see
from rl.draws import drawn, episode_words, step_words

Player = Callable[[State, np.ndarray], np.ndarray]
"""States and a random word each to actions."""


def agent(subject: Subject, world: World, view: str) -> Player:
    """An agent without a memory, its actions drawn as its head says."""
    head = action_head(subject)

    def choose(state: State, words: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            scores = run(subject, see(world, state, view))[head]
        return drawn(chances(scores, head).numpy(), words)

    return choose


def rule(world: World, name: str) -> Player:
    """A policy of the world by its name."""
    chosen = policy(world, name)
    return lambda state, words: chosen(world, state, words)


def returns(
    player: Player,
    world: World,
    state: State,
    *,
    steps: int,
    discount: float,
    seed: int,
    first: tuple[Player, str] | None = None,
) -> Float[np.ndarray, "n"]:
    """The discounted reward of ``steps`` steps from each state on, one draw each; the states stay as they are.

    ``first``: who plays until an event has happened for the first time, so that what it is worth to do one thing
    first can be told. The same seed gives each state the same chances, whoever plays. What comes after a level's end
    counts for nothing; give a world whose levels are long enough.

    Raises
    ------
    UnknownName
        if the world has no such event.

    >>> from envs.registry import world
    >>> maze = world("cheese", size=5)
    >>> returns(rule(maze, "intended"), maze, engine.reset(maze, [0]), steps=9, discount=1.0, seed=0)
    array([1.])
    """
    if first is not None and first[1] not in world.events:
        raise UnknownName(f"event of world {world.name!r}", first[1], world.events)
    event = -1 if first is None else world.events.index(first[1])
    state, n = take(state, slice(None)), len(state.clock)
    state.clock[:] = 0
    state.chances[:] = streams(seed, n)
    words, total = episode_words(seed + 1, np.arange(n)), np.zeros(n)
    waiting, going = np.full(n, first is not None), np.ones(n, bool)
    for t in range(steps):
        drawn_now = step_words(words, t)
        actions = player(state, drawn_now)
        if first is not None and waiting.any():
            actions = np.where(waiting, first[0](state, drawn_now.copy()), actions)
        played = engine.step(world, state, np.asarray(actions, np.int64))
        total += discount**t * going * played.reward
        going &= ~(played.terminated | played.truncated)
        waiting &= played.events[:, event] == 0
    return total
