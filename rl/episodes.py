"""What happened in many levels: Episodes; one of them as a Trajectory; its states played again."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from core.errors import BadInput, UnknownName
from core.provenance import Provenance
from envs import engine
from envs.spec import World
from envs.state import State, take


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
        happened = self.of(event) > 0
        return np.where(happened.any(1), happened.argmax(1) + 1, 0)

    def count(self, event: str) -> Int[np.ndarray, "n"]:
        """How often the event happened in each episode."""
        return self.of(event).sum(1, dtype=np.int64)

    def of(self, event: str) -> UInt8[np.ndarray, "n t"]:
        """How often the event happened in each step; raises UnknownName."""
        if event not in self.event_names:
            raise UnknownName("event", event, self.event_names)
        return self.events[:, :, self.event_names.index(event)]


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
