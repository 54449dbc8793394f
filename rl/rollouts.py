"""Play many levels in one batch and keep what happened: Episodes, and each of them as a Trajectory."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from numpy.typing import NDArray

from core.errors import BadInput, UnknownName
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from envs import engine
from envs.play.policies import policy
from envs.randomness import streams
from envs.spec import World
from envs.state import State, take
from rl.acting import action_head, answering, pick
from rl.agents import check_fits, see

Chooser = Callable[[State, Int[np.ndarray, "n"]], NDArray]
"""A state of n instances, and which of all levels they are, to n actions."""

UNLIMITED = 1_000
"""Steps after which an episode is cut short here where the world itself has no limit."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One episode of t steps, aligned in time; ``replay`` gives its states back.

    ``positions`` holds the agent's row and column before each step and after the last; ``events`` how often each
    of ``event_names`` happened in each step.
    """

    level: int
    positions: Int[np.ndarray, "t1 2"]
    actions: Int[np.ndarray, "t"]
    rewards: Float[np.ndarray, "t"]
    events: UInt8[np.ndarray, "t e"]
    event_names: tuple[str, ...]
    terminated: bool
    truncated: bool
    provenance: Provenance = field(repr=False)


@dataclass(frozen=True, eq=False)
class Episodes:
    """One episode of each of n levels, padded to the longest: actions and positions with -1, the rest with 0.

    What did not end by itself (``terminated``) was cut short by the world's limit.
    """

    levels: Int[np.ndarray, "n"]
    length: Int[np.ndarray, "n"]
    terminated: Bool[np.ndarray, "n"]
    positions: Int[np.ndarray, "n t1 2"] = field(repr=False)
    actions: Int[np.ndarray, "n t"] = field(repr=False)
    rewards: Float[np.ndarray, "n t"] = field(repr=False)
    events: UInt8[np.ndarray, "n t e"] = field(repr=False)
    event_names: tuple[str, ...]
    provenance: Provenance = field(repr=False)

    @property
    def returns(self) -> Float[np.ndarray, "n"]:
        """The undiscounted return of each episode."""
        return self.rewards.sum(1)

    def first(self, event: str) -> Int[np.ndarray, "n"]:
        """The step, counted from 1, in which the event first happened in each episode; 0 where it did not."""
        happened = self._of(event) > 0
        return np.where(happened.any(1), happened.argmax(1) + 1, 0)

    def count(self, event: str) -> Int[np.ndarray, "n"]:
        """How often the event happened in each episode."""
        return self._of(event).sum(1, dtype=np.int64)

    def _of(self, event: str) -> UInt8[np.ndarray, "n t"]:
        if event not in self.event_names:
            raise UnknownName("event", event, self.event_names)
        return self.events[:, :, self.event_names.index(event)]


def level_seeds(n: int, *, split: str, seed: int) -> Int[np.ndarray, "n"]:
    """``n`` level seeds of a split ("train" or "test"), drawn by ``seed``.

    >>> len(level_seeds(5, split="test", seed=0))
    5
    """
    if n < 1:
        raise BadInput(f"at least one level must be played; got {n}")
    return engine.level_seeds(split, streams(seed, n))


def play(
    subject: Subject,
    world: World,
    levels: Int[np.ndarray, "n"],
    *,
    view: str = "window",
    greedy: bool = False,
    seed: int = 0,
    steps: int = UNLIMITED,
) -> Episodes:
    """One episode of each level: actions drawn as ``rl.acting.chances`` says, or with ``greedy`` the best-scored ones.

    An agent with a memory begins every episode without any.

    ``steps`` is where an episode ends in a world without a limit; elsewhere it is the world's own.

    Raises
    ------
    BadInput
        if the world does not fit the agent (both shapes are named).

    >>> from envs.registry import world
    >>> from rl.agents import as_subject
    >>> from rl.networks import build
    >>> maze = world("cheese", size=7, limit=20)
    >>> agent = as_subject(build("mlp", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh")
    >>> int(play(agent, maze, level_seeds(3, split="test", seed=0)).length.max())
    20
    """
    check_fits(subject, world, view)
    head, answer = action_head(subject), answering(subject, len(levels))
    generator = torch.Generator().manual_seed(seed)

    def choose(state: State, which: NDArray) -> NDArray:
        with torch.no_grad():
            scores = answer(see(world, state, view), torch.from_numpy(which))[head]
        return pick(scores, head, greedy=greedy, generator=generator).numpy()

    about = provenance(
        subject=subject.fingerprint, data=_data(world, levels), seed=seed, greedy=greedy, levels=len(levels)
    )
    return play_by(choose, world, levels, about=about, steps=steps)


def play_policy(
    world: World, levels: Int[np.ndarray, "n"], name: str, *, seed: int = 0, steps: int = UNLIMITED
) -> Episodes:
    """One episode of each level by a policy of the world: "intended", "proxy" (``envs.play.policies``).

    Raises
    ------
    UnknownName
        if the world has no such policy.

    >>> from envs.registry import world
    >>> maze = world("cheese", size=7)
    >>> bool(play_policy(maze, level_seeds(3, split="test", seed=0), "intended").terminated.all())
    True
    """
    chosen, words = policy(world, name), streams(seed, len(levels))
    about = provenance(policy=name, data=_data(world, levels), seed=seed, levels=len(levels))

    def choose(state: State, which: NDArray) -> NDArray:
        return chosen(world, state, words[: len(which)])

    return play_by(choose, world, levels, about=about, steps=steps)


def play_randomly(
    world: World, levels: Int[np.ndarray, "n"], *, seed: int = 0, steps: int = UNLIMITED
) -> Episodes:
    """One episode of each level under uniformly random actions."""
    rng = np.random.default_rng(seed)
    about = provenance(subject="random walk", data=_data(world, levels), seed=seed, levels=len(levels))
    return play_by(
        lambda state, which: rng.integers(0, len(world.actions), len(which)),
        world,
        levels,
        about=about,
        steps=steps,
    )


def play_by(
    choose: Chooser,
    world: World,
    levels: Int[np.ndarray, "n"],
    *,
    about: Provenance,
    steps: int = UNLIMITED,
) -> Episodes:
    """One episode of each level, actions by any rule; what has ended is played no further."""
    n, alive, state = len(levels), np.arange(len(levels)), engine.reset(world, levels)
    limit = world.limit or steps
    positions, actions = np.full((n, limit + 1, 2), -1, np.int16), np.full((n, limit), -1, np.int8)
    rewards, events = np.zeros((n, limit), np.float32), np.zeros((n, limit, len(world.events)), np.uint8)
    length, terminated = np.zeros(n, np.int32), np.zeros(n, bool)
    positions[:, 0] = state.agent
    for step in range(limit):
        actions[alive, step] = chosen = choose(state, alive)
        played = engine.step(world, state, chosen)
        rewards[alive, step], events[alive, step] = played.reward, played.events
        positions[alive, step + 1] = state.agent
        length[alive], terminated[alive] = step + 1, played.terminated
        if played.final is not None:
            positions[alive[played.ended], step + 1] = played.final.agent
            going = np.flatnonzero(~(played.terminated | played.truncated))
            alive, state = alive[going], take(state, going)
        if not len(alive):
            break
    t = int(length.max())
    return Episodes(
        levels=np.asarray(levels),
        length=length,
        terminated=terminated,
        positions=positions[:, : t + 1],
        actions=actions[:, :t],
        rewards=rewards[:, :t],
        events=events[:, :t],
        event_names=world.events,
        provenance=about,
    )


def trajectory(episodes: Episodes, i: int) -> Trajectory:
    """Episode ``i`` by itself, without padding."""
    if not 0 <= i < len(episodes.levels):
        raise BadInput(f"there are episodes 0 to {len(episodes.levels) - 1}; {i} is not among them")
    t = int(episodes.length[i])
    return Trajectory(
        level=int(episodes.levels[i]),
        positions=episodes.positions[i, : t + 1],
        actions=episodes.actions[i, :t],
        rewards=episodes.rewards[i, :t],
        events=episodes.events[i, :t],
        event_names=episodes.event_names,
        terminated=bool(episodes.terminated[i]),
        truncated=not episodes.terminated[i],
        provenance=episodes.provenance,
    )


def replay(world: World, episode: Trajectory) -> State:
    """The states before each step of an episode, t instances: played again from its level and its actions."""
    state, before = engine.reset(world, [episode.level]), []
    for action in episode.actions:
        before.append(take(state, slice(None)))
        engine.step(world, state, np.array([action], np.int64))
    return State(*(np.concatenate(arrays) for arrays in zip(*before, strict=True)))


def _data(world: World, levels: NDArray) -> str:
    return fingerprint(repr(world.describe()), levels)
