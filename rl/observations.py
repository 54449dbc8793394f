"""Observations: all that an agent saw in some episodes, as a source of images, for stores of activations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.errors import BadInput
from core.provenance import fingerprint
from envs.observations import observation_shape
from envs.spec import World
from envs.state import State, take
from rl.agents import see
from rl.episodes import Episodes, replay, trajectory


@dataclass(frozen=True, eq=False)
class Observations:
    """What ``view`` showed before each step of each episode, in order, (n, c, h, w) in [0, 1]: played again, not kept.

    >>> from envs.registry import world
    >>> from rl.rollouts import level_seeds, play_policy
    >>> maze = world("cheese", size=7)
    >>> seen = Observations(maze, play_policy(maze, level_seeds(3, split="test", seed=0), "intended"), "window")
    >>> len(seen) == int(seen.episodes.length.sum()), next(seen.batches(4)).shape
    (True, torch.Size([4, 2, 9, 9]))
    """

    world: World
    episodes: Episodes = field(repr=False)
    view: str

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(
            repr(self.world.describe()),
            self.view,
            self.episodes.levels,
            self.episodes.actions,
            self.episodes.length,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of an observation."""
        _, height, width = observation_shape(self.world, self.view)
        return height, width

    def __len__(self) -> int:
        return int(self.episodes.length.sum())

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Float[Tensor, "n c h w"]]:
        """All observations from number ``start`` on; episodes that end before it are not played again."""
        held: list[Tensor] = []
        for number in range(len(self.episodes.levels)):
            first, stop = self._ends[number], self._ends[number + 1]
            if stop <= start:
                continue
            held.append(self._shown(number)[max(0, start - first) :])
            if sum(map(len, held)) >= batch_size:
                joined = torch.cat(held)
                whole = len(joined) - len(joined) % batch_size
                yield from joined[:whole].split(batch_size)
                held = [joined[whole:]]
        if sum(map(len, held)):
            yield torch.cat(held)

    def at(self, indices: Sequence[int]) -> Iterator[Float[Tensor, "c h w"]]:
        """The observations of some numbers, in the order given."""
        for episode, step in zip(*self.step_of(np.asarray(indices, np.int64)), strict=True):
            yield self._shown(int(episode))[int(step)]

    def step_of(self, indices: Int[np.ndarray, "n"]) -> tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
        """The episode and the step (from 0) of each observation.

        Raises
        ------
        BadInput
            if there is no such observation.
        """
        if len(indices) and not (indices.min() >= 0 and indices.max() < len(self)):
            raise BadInput(
                f"there are observations 0 to {len(self) - 1}; got {indices.min()} to {indices.max()}"
            )
        episode = np.searchsorted(self._ends, indices, side="right") - 1
        return episode, indices - self._ends[episode]

    def states(self, indices: Int[np.ndarray, "n"]) -> State:
        """The states behind some observations, from which labels can be read (``rl.concepts.labels``).

        Raises
        ------
        BadInput
            if there is no such observation.
        """
        episodes, steps = self.step_of(indices)
        found: list[State | None] = [None] * len(indices)
        for episode in np.unique(episodes):
            played = replay(self.world, trajectory(self.episodes, int(episode)))
            for place in np.flatnonzero(episodes == episode):
                found[place] = take(played, [int(steps[place])])
        return State(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))  # type: ignore[arg-type]

    @cached_property
    def _ends(self) -> Int[np.ndarray, "k"]:
        """The number of each episode's first observation, and of all."""
        return np.concatenate([[0], np.cumsum(self.episodes.length)]).astype(np.int64)

    def _shown(self, number: int) -> Tensor:
        return see(self.world, replay(self.world, trajectory(self.episodes, number)), self.view)
