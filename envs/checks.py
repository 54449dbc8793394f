"""The contract of a world, executable: ``check_world`` plays it and raises ContractBroken at the first breach."""

from collections.abc import Callable

import numpy as np

from core.errors import GridlensError
from envs import engine
from envs.observations import observation_shape, observe
from envs.randomness import streams
from envs.spec import World
from envs.state import AGENT, WALL, State

STEPS, INSTANCES = 300, 12


class ContractBroken(GridlensError):
    """A world does something that no world may do."""


def check_world(world: World) -> tuple[str, ...]:
    """Run every check; returns their names. Raises ContractBroken, naming the check and the breach.

    >>> from envs.registry import world
    >>> len(check_world(world("cheese", size=7, limit=40))) == len(CHECKS)
    True
    """
    for name, check in CHECKS.items():
        breach = check(world)
        if breach:
            raise ContractBroken(f"world {world.name!r} breaks {name!r}: {breach}")
    return tuple(CHECKS)


def play(world: World, seeds: np.ndarray, actions: np.ndarray) -> tuple[State, list[engine.StepResult]]:
    """Play given actions (t, n) from given level seeds: the last state and every step's result."""
    state = engine.reset(world, seeds)
    return state, [engine.step(world, state, row) for row in actions]


def same(one: State, other: State) -> bool:
    """Whether two states agree in every array."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _random(world: World, steps: int = STEPS, n: int = INSTANCES) -> tuple[np.ndarray, np.ndarray]:
    """Level seeds (n,) and random actions (t, n) for a check."""
    actions = streams(1, steps * n) % np.uint64(len(world.actions))
    return np.arange(n), actions.reshape(steps, n).astype(np.int64)


def repeats(world: World) -> str:
    """The same seeds and actions give the same trajectory."""
    seeds, actions = _random(world)
    (first, a), (second, b) = play(world, seeds, actions), play(world, seeds, actions)
    rewards = all(np.array_equal(x.reward, y.reward) for x, y in zip(a, b, strict=True))
    return "" if rewards and same(first, second) else "two runs differ"


def alone_or_together(world: World) -> str:
    """An instance does the same alone, in a batch, and in a batch of another order."""
    seeds, actions = _random(world)
    together, _ = play(world, seeds, actions)
    order = np.argsort(streams(2, len(seeds)))
    shuffled, _ = play(world, seeds[order], actions[:, order])
    if not same(engine.take(together, order), shuffled):
        return "another order of the batch gives other trajectories"
    for i in range(3):
        alone, _ = play(world, seeds[[i]], actions[:, [i]])
        if not same(engine.take(together, [i]), alone):
            return f"instance {i} does something else when alone"
    return ""


def saved_and_continued(world: World) -> str:
    """A dumped and loaded state goes on exactly as the original."""
    seeds, actions = _random(world)
    state, _ = play(world, seeds, actions[: STEPS // 2])
    loaded = engine.load_state(engine.dump_state(state))
    for row in actions[STEPS // 2 :]:
        engine.step(world, state, row)
        engine.step(world, loaded, row)
    return "" if same(state, loaded) else "a loaded state goes another way"


def planes_are_binary(world: World) -> str:
    """Planes hold 0 and 1, the agent's plane exactly its cell, and nothing stands in a wall."""

    def breach(state: State, _: engine.StepResult) -> str:
        planes, rows = state.planes, np.arange(len(state.clock))
        if planes.max() > 1:
            return "a plane holds something other than 0 and 1"
        here = planes[rows, AGENT, state.agent[:, 0], state.agent[:, 1]]
        if (planes[:, AGENT].sum(axis=(1, 2)) != 1).any() or (here != 1).any():
            return "the agent's plane is not the agent's cell"
        return "something stands in a wall" if (planes[:, WALL, None] & planes[:, AGENT:]).any() else ""

    return _throughout(world, breach)


def laws_hold(world: World) -> str:
    """The world's laws hold in every state of a random game, its first ones included."""

    def breach(state: State, _: engine.StepResult | None) -> str:
        for name, law in world.spec.laws.items():
            if not law(state, world.dials).all():
                return f"the law {name!r} does not hold"
        return ""

    seeds, _ = _random(world)
    return breach(engine.reset(world, seeds), None) or _throughout(world, breach)


def policies_play(world: World) -> str:
    """The policies "intended", "proxy" and "greedy" are there and give actions of the world, on their own words."""
    for name in ("intended", "proxy", "greedy"):
        if name not in world.spec.policies:
            return f"there is no policy {name!r}"
        state, words = engine.reset(world, np.arange(INSTANCES)), streams(3, INSTANCES)
        before = engine.take(state, slice(None))
        chosen, again = (world.spec.policies[name](world, state, words.copy()) for _ in range(2))
        if not same(before, state):
            return f"policy {name!r} changes the state"
        if not np.array_equal(chosen, again) or not ((chosen >= 0) & (chosen < len(world.actions))).all():
            return f"policy {name!r} does not repeat itself, or gives actions that do not exist"
    return ""


def rewards_match_events(world: World) -> str:
    """A step pays the sum of its events, and tallies count what happened since the level began."""
    tally = np.zeros((INSTANCES, len(world.events)), np.int64)

    def breach(state: State, played: engine.StepResult) -> str:
        if not np.allclose(played.reward, played.events @ world.pay):
            return "a reward is not the sum of its events"
        tally[:] += played.events
        if played.final is not None:
            if not np.array_equal(played.final.tally, tally[played.ended]):
                return "a final tally is not the sum of its level's events"
            tally[played.ended] = 0
        return "" if np.array_equal(tally, state.tally) else "a tally is not the sum of its level's events"

    return _throughout(world, breach)


def endings_are_told_apart(world: World) -> str:
    """Terminated and truncated exclude each other, and levels are cut short at the limit exactly."""

    def breach(state: State, played: engine.StepResult) -> str:
        if (played.terminated & played.truncated).any():
            return "an instance is both terminated and truncated"
        if not np.array_equal(np.flatnonzero(played.terminated | played.truncated), played.ended):
            return "ended lists other instances than terminated and truncated"
        if played.final is None:
            return ""
        if (state.clock[played.ended] != 0).any():
            return "a new level does not begin at step 0"
        cut = played.truncated[played.ended]
        return (
            "" if (played.final.clock[cut] == world.limit).all() else "a level was cut short before its limit"
        )

    return _throughout(world, breach)


def splits_are_disjoint(world: World) -> str:
    """Instances that begin in a split stay in it, and the splits share no seed."""
    (a, m), (b, n) = engine.SPLITS["train"], engine.SPLITS["test"]
    if a < b + n and b < a + m:
        return "the splits share seeds"
    for first, count in ((a, m), (b, n)):
        seeds, actions = _random(world)
        state, _ = play(world, seeds + first, actions)
        if ((state.level < first) | (state.level >= first + count)).any():
            return "an instance left its split"
    return ""


def views_fit(world: World) -> str:
    """Every view is uint8 of the promised shape, planes hold 0 and 1, and writing in place gives the same."""
    state, _ = play(world, *_random(world))
    for view in ("grid", "window", "window:5", "rgb", "flipped-grid", "flipped-window:5", "flipped-rgb"):
        seen = observe(world, state, view)
        if seen.shape[1:] != observation_shape(world, view) or seen.dtype != np.uint8:
            return f"view {view!r} has another shape than promised"
        if "rgb" not in view and seen.max() > 1:
            return f"view {view!r} holds something other than 0 and 1"
        if not np.array_equal(observe(world, state, view, out=np.full_like(seen, 7)), seen):
            return f"view {view!r} leaves cells unwritten"
    return ""


def _throughout(world: World, breach: Callable[[State, engine.StepResult], str]) -> str:
    """The first breach in a random game, with its step; "" where there is none."""
    seeds, actions = _random(world)
    state = engine.reset(world, seeds)
    for t, row in enumerate(actions):
        found = breach(state, engine.step(world, state, row))
        if found:
            return f"step {t}: {found}"
    return ""


CHECKS: dict[str, Callable[[World], str]] = {
    "repeats": repeats,
    "alone or together": alone_or_together,
    "saved and continued": saved_and_continued,
    "planes are binary": planes_are_binary,
    "laws hold": laws_hold,
    "policies play": policies_play,
    "rewards match events": rewards_match_events,
    "endings are told apart": endings_are_told_apart,
    "splits are disjoint": splits_are_disjoint,
    "views fit": views_fit,
}
"""Name to check; a check returns what is wrong, or an empty text."""
