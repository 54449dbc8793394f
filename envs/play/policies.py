"""Play without learning: at random, greedily, or as well as can be found out; and what such play earns.

A policy is ``policy(world, state, words) -> actions``: int64 (n,) from a state of n instances and one random word
each, uint64 (n,), which it may draw from. Every world brings its own in ``spec.policies``: "intended" and "proxy" are
the best known play for the one goal and for the other (ceilings, and labels for probes), "greedy" a simple-minded
floor; "random" is everybody's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput, UnknownName
from envs import engine
from envs.kernels import kernel
from envs.randomness import below, streams
from envs.spec import World, performance
from envs.state import State
from envs.terrain.paths import best_actions

Policy = Callable[[World, State, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Play:
    """What a policy earned: means over the levels played, with the standard error of the first two.

    ``events`` is how often each happened in a level, ``length`` the steps it took.
    """

    policy: str
    levels: int
    reward: float
    reward_error: float
    performance: float
    performance_error: float
    length: float
    events: dict[str, float]


def policy(world: World, name: str) -> Policy:
    """The policy of that name; raises UnknownName.

    >>> from envs.registry import world
    >>> policy(world("cheese"), "random") is random
    True
    """
    known = {"random": random, **world.spec.policies}
    if name not in known:
        raise UnknownName(f"policy of world {world.name!r}", name, known)
    return known[name]


def random(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """Uniformly random actions."""
    actions = np.empty(len(words), np.int64)
    _draw(words, len(world.actions), actions)
    return actions


def either(good: np.ndarray, words: np.ndarray) -> np.ndarray:
    """One of the actions marked in ``good`` (n, a), uniformly; any action where none is marked: int64 (n,)."""
    good = np.where(good.any(axis=1, keepdims=True), good, True)
    actions = np.empty(len(words), np.int64)
    _pick(np.ascontiguousarray(good), words, actions)
    return actions


def towards(steps: np.ndarray, state: State, words: np.ndarray) -> np.ndarray:
    """The move (up, down, left, right) that brings each agent nearer by ``steps`` (n, h, w) of ``envs.terrain.paths``.

    Drawn among equals, and among all moves where none brings it nearer.
    """
    return either(best_actions(steps, state.agent), words)


def play(
    world: World, name: str, *, levels: int = 200, split: str = "test", seed: int = 0, steps: int = 1000
) -> Play:
    """One level of each of ``levels`` seeds by a policy of the world; worlds without a limit stop after ``steps``.

    Raises UnknownName for a policy or split that does not exist, BadInput for fewer than two levels.

    >>> from envs.registry import world
    >>> play(world("cheese", size=7), "intended", levels=20).performance
    1.0
    """
    if levels < 2:
        raise BadInput(f"an average with its error needs at least 2 levels; got {levels}")
    choose, words = policy(world, name), streams(seed, levels)
    state = engine.reset(world, engine.level_seeds(split, words))
    tally = np.zeros((levels, len(world.events)), np.int64)
    length = np.zeros(levels, np.int64)
    over = np.zeros(levels, bool)
    for _ in range(world.limit or steps):
        played = engine.step(world, state, choose(world, state, words))
        tally += played.events * ~over[:, None]
        length += ~over
        over |= played.terminated | played.truncated
        if over.all():
            break
    reward, worth = tally @ world.pay, performance(world, tally)
    return Play(
        name,
        levels,
        float(reward.mean()),
        float(reward.std(ddof=1) / levels**0.5),
        float(worth.mean()),
        float(worth.std(ddof=1) / levels**0.5),
        float(length.mean()),
        dict(zip(world.events, tally.mean(axis=0).tolist(), strict=True)),
    )


@kernel
def _draw(words, count, actions):
    for i in range(len(words)):
        actions[i] = below(words, i, count)


@kernel
def _pick(good, words, actions):
    for i in range(len(words)):
        k = below(words, i, good[i].sum())
        for a in range(good.shape[1]):
            if good[i, a]:
                if k == 0:
                    actions[i] = a
                    break
                k -= 1
