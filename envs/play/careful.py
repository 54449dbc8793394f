"""Play of the Monster world: the nearest apple, the nearest shield, careful play, and a search on top of it."""

import numpy as np

from envs.bits import ones
from envs.kernels import inlined, kernel
from envs.play.lookahead import lookahead
from envs.randomness import below
from envs.spec import World
from envs.state import State

MONSTER, SHIELD, APPLE = 2, 3, 4
HELD = 0
STAY = 4
DEPTH, SAMPLES = 25, 16
"""How far and how often "intended" looks ahead."""
FAR = 10_000
RISK = np.array([1.0, 1.0, 0.25, 0.05])
"""About how often a monster hits soon, by its distance from where the agent goes."""
FEAR, SHIELD_DETOUR = 1.0, 0.7
"""Steps worth walking to avoid a hit, and how long a way to a shield seems beside one to an apple: by trial."""


def greedy(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """Towards the nearest apple, blind to monsters; stays where there is none."""
    return _towards(state, APPLE, words)


def proxy(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """Towards the nearest shield, whatever it costs; with no room for one more, or where there is none, it stays."""
    actions = _towards(state, SHIELD, words)
    return np.where(state.counters[:, HELD] >= world.dials.cap, STAY, actions)


def careful(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """Towards the nearest apple, or shield as long as more monsters live than shields are held, around monsters."""
    actions = np.empty(len(words), np.int64)
    _careful(state.planes, state.agent, state.counters, world.dials.cap, words, actions)
    return actions


def intended(world: World, state: State, words: np.ndarray) -> np.ndarray:
    """Careful play that looks ahead: the best known for apples less hits, no proven optimum."""
    return lookahead(world, state, words, base=careful, score=world.worth, depth=DEPTH, samples=SAMPLES)


def _towards(state: State, thing: int, words: np.ndarray) -> np.ndarray:
    actions = np.empty(len(words), np.int64)
    _to_nearest(state.planes, state.agent, thing, words, actions)
    return actions


@kernel
def _to_nearest(planes, agent, thing, words, actions):
    """As the crow flies to the first of the nearest in reading order; drawn where rows and columns both would do."""
    n, count, h, w = planes.shape
    flat, cells = planes.reshape(-1), np.empty(h * w + 3, np.int64)
    for i in range(n):
        y, x = agent[i, 0], agent[i, 1]
        found = ones(flat, (i * count + thing) * h * w, h * w, cells)
        cell, _ = _nearest(cells, found, y, x, w)
        dy, dx = cell // w - y, cell % w - x
        along = below(words, i, 2) if dy and dx else int(dy != 0)
        if found == 0 or (dy == 0 and dx == 0):
            actions[i] = STAY
        else:
            actions[i] = int(dy > 0) if along else 2 + int(dx > 0)


@inlined
def _nearest(cells, found, y, x, w):
    """The nearest of the first ``found`` cells and its distance; FAR where there is none."""
    best, distance = 0, FAR
    for k in range(found):
        steps = abs(cells[k] // w - y) + abs(cells[k] % w - x)
        if steps < distance:
            best, distance = cells[k], steps
    return best, distance


@kernel
def _careful(planes, agent, counters, cap, words, actions):
    n, count, h, w = planes.shape
    flat, things, monsters = planes.reshape(-1), np.empty(h * w + 3, np.int64), np.empty(h * w + 3, np.int64)
    for i in range(n):
        y, x = agent[i, 0], agent[i, 1]
        first, held = i * count * h * w, counters[i, HELD]
        alive = ones(flat, first + MONSTER * h * w, h * w, monsters)
        goal, way = _nearest(things, ones(flat, first + APPLE * h * w, h * w, things), y, x, w)
        if held < min(cap, alive):
            other, detour = _nearest(things, ones(flat, first + SHIELD * h * w, h * w, things), y, x, w)
            if detour * SHIELD_DETOUR < way:
                goal, way = other, detour
        turn, best = below(words, i, 5), 1e9
        for k in range(5):
            action = (turn + k) % 5
            row = min(max(y + (action == 1) - (action == 0), 0), h - 1)
            column = min(max(x + (action == 3) - (action == 2), 0), w - 1)
            cost = FEAR * max(0.0, _danger(monsters, alive, row, column, w) - held)
            if way < FAR:
                cost += abs(goal // w - row) + abs(goal % w - column)
            if cost < best:
                best, actions[i] = cost, action


@inlined
def _danger(monsters, alive, y, x, w):
    """About how many contacts a stay on (y, x) brings."""
    danger = 0.0
    for k in range(alive):
        steps = abs(monsters[k] // w - y) + abs(monsters[k] % w - x)
        if steps < len(RISK):
            danger += RISK[steps]
    return danger
