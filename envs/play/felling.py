"""Play for the world Tree: towards the nearest tree at once, or only while enough trees stand.

``best_threshold`` finds out how many are enough, by playing.
"""

from functools import lru_cache

import numpy as np

from envs import engine
from envs.kernels import kernel
from envs.randomness import below, streams
from envs.spec import World
from envs.state import State

TREE = 2
STAY = 4

INSTANCES, STEPS, SETTLING = 128, 2000, 400
CANDIDATES = 16
"""One look of ``best_threshold``: instances for each threshold, steps, how many of them not to count, thresholds."""


def greedy(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """Towards a nearest tree, by any shortest way; stay where no tree stands."""
    return _play(state, words, least=np.ones(len(words), np.int64), looking_on=0)


def proxy(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """As fast as possible: towards the tree that is least far, a third of the way on from it to the next one added.

    The third is the best we found, and chops 2 to 3 % faster than ``greedy`` where trees are plenty; planning tours of
    two to four trees was no faster.
    """
    return _play(state, words, least=np.ones(len(words), np.int64), looking_on=1)


def intended(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """``threshold`` play with the best threshold for this world."""
    return threshold(world, state, words, best_threshold(world))


def threshold(world: World, state: State, words: np.ndarray, least: int | np.ndarray) -> np.ndarray:
    """Towards a nearest tree while at least ``least`` trees stand - one number, or one each (n,) -, else stay."""
    return _play(state, words, least=np.broadcast_to(np.int64(least), len(words)), looking_on=0)


@lru_cache(maxsize=64)
def best_threshold(world: World) -> int:
    """The threshold that earns most: in the long run, or within the world's ``limit`` if that is at most 2,000.

    Up to 16 thresholds are played at once, 128 instances each, for 2,000 steps, beginning with as many trees as the
    threshold says; the first 400 do not count. (Under a limit: one level from its beginning.) Where there are more
    than 16, further looks go between the neighbours of the best. All play the same seeds, and the least threshold is
    taken that is not worse than the best by more than two standard errors of their difference.

    >>> from envs.registry import world
    >>> best_threshold(world("tree", r_min=0.3, limit=100))  # trees come up however few stand: spare none
    1
    """
    low, high = 1, world.dials.trees
    while True:
        candidates = np.unique(np.linspace(low, high, CANDIDATES).round().astype(np.int64))
        earned = _earned(world, candidates)
        best = int(earned.mean(axis=1).argmax())
        if len(candidates) == high - low + 1:
            behind = earned[best] - earned
            error = behind.std(axis=1, ddof=1) / behind.shape[1] ** 0.5
            return int(candidates[(behind.mean(axis=1) <= 2 * error).argmax()])
        low, high = candidates[max(0, best - 1)], candidates[min(len(candidates) - 1, best + 1)]


def _earned(world: World, thresholds: np.ndarray) -> np.ndarray:
    """Reward a step of each threshold in each instance: (k, m)."""
    short = 0 < world.limit <= STEPS
    steps, settling = (world.limit, 0) if short else (STEPS, SETTLING)
    instances = max(8, INSTANCES * 144 // max(144, world.shape[1] * world.shape[2]))
    least, words = np.repeat(thresholds, instances), np.tile(streams(1, instances), len(thresholds))
    state = engine.reset(world, engine.level_seeds("train", words), streams=words.copy())
    if not short:
        thin(state, least, words)
    earned = np.zeros(len(least))
    for t in range(steps):
        played = engine.step(world, state, threshold(world, state, words, least))
        if t >= settling:
            earned += played.reward
    return earned.reshape(len(thresholds), instances) / (steps - settling)


def thin(state: State, left: np.ndarray, words: np.ndarray) -> None:
    """Take away trees, drawn by ``words`` (n,), until only ``left`` (n,) stand in each instance.

    Where trees stand at random, so do those that are left.
    """
    _thin(state.planes, left, words)


def _play(state: State, words: np.ndarray, *, least: np.ndarray, looking_on: int) -> np.ndarray:
    actions = np.empty(len(words), np.int64)
    _choose(state.planes, state.agent, least, looking_on, words, actions)
    return actions


@kernel
def _choose(planes, agent, least, looking_on, words, actions):
    """Stay where fewer trees than ``least`` stand; else one of the moves towards the trees that are worth most."""
    n, _, h, w = planes.shape
    trees, good = np.empty((h * w, 2), np.int64), np.empty(4, np.bool_)
    for i in range(n):
        found = 0
        for y in range(h):
            for x in range(w):
                if planes[i, TREE, y, x]:
                    trees[found, 0], trees[found, 1] = y, x
                    found += 1
        actions[i] = STAY
        if found == 0 or found < least[i]:
            continue
        _moves(trees, found, agent[i], looking_on, good)
        k = below(words, i, good.sum())
        for action in range(4):
            if good[action]:
                if k == 0:
                    actions[i] = action
                k -= 1


@kernel
def _moves(trees, found, agent, looking_on, good):
    """Mark the moves that bring the agent nearer to a tree of least cost: three times the steps to it, and with
    ``looking_on`` once those from it to the next."""
    least = 0
    for a in range(found):
        down, right = trees[a, 0] - agent[0], trees[a, 1] - agent[1]
        cost = 3 * (abs(down) + abs(right))
        if looking_on and found > 1:
            cost += _to_the_next(trees, found, a)
        if a == 0 or cost < least:
            least = cost
            good[:] = False
        if cost == least:
            good[0] |= down < 0
            good[1] |= down > 0
            good[2] |= right < 0
            good[3] |= right > 0


@kernel
def _to_the_next(trees, found, a):
    """Steps from tree ``a`` to the tree nearest to it."""
    nearest = len(trees)
    for b in range(found):
        if b != a:
            nearest = min(nearest, abs(trees[a, 0] - trees[b, 0]) + abs(trees[a, 1] - trees[b, 1]))
    return nearest


@kernel
def _thin(planes, left, words):
    n, _, h, w = planes.shape
    for i in range(n):
        standing = np.int64(planes[i, TREE].sum())
        wanted = left[i]
        for y in range(h):
            for x in range(w):
                if planes[i, TREE, y, x]:
                    if below(words, i, standing) < wanted:
                        wanted -= 1
                    else:
                        planes[i, TREE, y, x] = 0
                    standing -= 1
