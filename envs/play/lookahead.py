"""One-step rollout search: try every action on copies of the state, go on by a base policy, take the best on average.

A policy that looks ahead is at least as good as its base, up to the noise of the samples [tesauro1996]. It is no
clairvoyant: the copies get chances of their own, so it knows the rules but not what will be drawn.
"""

from collections.abc import Callable

import numpy as np

from envs import engine
from envs.kernels import kernel
from envs.randomness import draw
from envs.spec import World
from envs.state import State, take

COPIES = 20_000
"""As many are played at once; more instances are searched in turn."""

Policy = Callable[[World, State, np.ndarray], np.ndarray]


def lookahead(
    world: World,
    state: State,
    words: np.ndarray,
    *,
    base: Policy,
    score: np.ndarray,
    depth: int,
    samples: int,
    discount: float = 1.0,
    caution: float = 1.0,
) -> np.ndarray:
    """The action of each instance that promises most: int64 (n,).

    Each action is played on ``samples`` copies of the instance, and followed by ``base`` until ``depth`` steps are
    done or the level ends; what comes after its end counts for nothing. An outcome's worth is the sum of its events
    times ``score`` (e,), those of step t times ``discount`` to the power t. Every action meets the same chances, so
    outcomes are compared in pairs: another action than the base policy's own is taken only where it gains more than
    ``caution`` standard errors, the one that exceeds them most. ``words`` uint64 (n,) are drawn from, ``state`` stays
    as it is.

    >>> from envs import registry
    >>> from envs.play.policies import policy
    >>> maze = registry.world("cheese", size=5)
    >>> state, words = engine.reset(maze, [0]), np.zeros(1, np.uint64)
    >>> ahead = lookahead(maze, state, words, base=policy(maze, "intended"), score=maze.worth, depth=9, samples=2)
    >>> maze.actions[ahead[0]]
    'right'
    """
    actions = np.asarray(base(world, state, words)).astype(np.int64)
    fresh = np.empty((len(words), 2 * samples), np.uint64)
    _fresh(words, fresh)
    together = max(1, COPIES // (len(world.actions) * samples))
    for first in range(0, len(words), together):
        rows = np.arange(first, min(first + together, len(words)))
        worth = _outcomes(world, state, rows, fresh, base=base, score=score, depth=depth, discount=discount)
        gain = worth - worth[np.arange(len(rows)), actions[rows]][:, None]
        sure = gain.mean(axis=2) - caution * gain.std(axis=2) / samples**0.5
        actions[rows] = np.where(sure.max(axis=1) > 1e-9, sure.argmax(axis=1), actions[rows])
    return actions


def _outcomes(
    world: World,
    state: State,
    rows: np.ndarray,
    fresh: np.ndarray,
    *,
    base: Policy,
    score: np.ndarray,
    depth: int,
    discount: float,
) -> np.ndarray:
    """What each action turned out to be worth: float64 (rows, actions, samples)."""
    count, samples = len(world.actions), fresh.shape[1] // 2
    copies = take(state, np.repeat(rows, count * samples))
    copies.chances[:] = np.repeat(fresh[rows, :samples], count, axis=0).ravel()
    words = np.repeat(fresh[rows, samples:], count, axis=0).ravel()
    actions = np.tile(np.repeat(np.arange(count), samples), len(rows))
    worth, going = np.zeros(len(words)), np.ones(len(words), bool)
    for t in range(depth):
        played = engine.step(world, copies, base(world, copies, words) if t else actions)
        worth += discount**t * going * (played.events @ np.asarray(score, np.float64))
        going &= ~(played.terminated | played.truncated)
        if not going.any():
            break
    return worth.reshape(len(rows), count, samples)


@kernel
def _fresh(words, fresh):
    for i in range(len(words)):
        for k in range(fresh.shape[1]):
            fresh[i, k] = draw(words, i)
