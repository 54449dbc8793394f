"""A world as a stable-baselines3 VecEnv: the only file here that imports stable-baselines3 (and with it torch).

Made by ``envs.vector.make_vec``, which imports this file when called, so that the worlds themselves stay light.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from core.errors import BadInput
from envs import engine
from envs.pictures import rendering
from envs.randomness import streams
from envs.single import observation_space
from envs.spec import World, performance


class WorldVecEnv(VecEnv):
    """``n`` instances of a world, stepped by the kernels.

    Observations are fresh arrays, so they may be kept. An info is empty unless something happened: "events" (name
    to count) in a step that had any; where a level ended, "terminal_observation", "TimeLimit.truncated", "episode"
    (r, l, t as by SB3's Monitor), "tally", "performance" and "level". ``totals`` counts events, ended levels and
    steps since the environment was made. ``state`` is the engine's and may be saved and set.
    """

    def __init__(self, world: World, n: int, *, seed: int, split: str, view: str, levels: int | None) -> None:
        self.render_mode = "rgb_array"  # before VecEnv's constructor, which looks for it
        super().__init__(n, observation_space(world, view), gymnasium.spaces.Discrete(len(world.actions)))
        self.world, self.split, self.view, self.levels = world, split, view, levels
        self.metadata = {"render_modes": ["rgb_array"]}
        self.totals = dict.fromkeys([*world.events, "levels", "steps"], 0)
        self._nothing: list[dict[str, Any]] = [{} for _ in range(n)]
        self._said: dict[bytes, dict[str, int]] = {}  # a row of events, as bytes, to its names and counts
        self._began = time.monotonic()
        self._seed = seed
        self._actions: np.ndarray = np.zeros(n, np.int64)
        self.state = self._start()

    def _start(self) -> engine.State:
        words = streams(self._seed, self.num_envs)
        seeds = engine.level_seeds(self.split, words, levels=self.levels)
        return engine.reset(self.world, seeds, streams=words, levels=self.levels)

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Set the seed from which the next ``reset`` draws its levels."""
        self._seed = self._seed if seed is None else seed
        return [self._seed] * self.num_envs

    def reset(self) -> np.ndarray:
        """Begin anew: the same seed gives the same levels."""
        self.state = self._start()
        return engine.observe(self.world, self.state, self.view)

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions for the next ``step_wait``."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Play the actions: observations, rewards, dones and infos."""
        played = engine.step(self.world, self.state, self._actions)
        if any(self._nothing):  # somebody wrote into what should say that nothing happened
            self._nothing = [{} for _ in range(self.num_envs)]
        infos = self._nothing.copy()
        self._note_events(played, infos)
        if played.final is not None:
            self._note_endings(played, played.final, infos)
        observation = engine.observe(self.world, self.state, self.view)
        return observation, played.reward, played.terminated | played.truncated, infos

    def _note_events(self, played: engine.StepResult, infos: list[dict[str, Any]]) -> None:
        self.totals["steps"] += self.num_envs
        events = played.events[played.happened]
        for name, k in zip(self.world.events, events.sum(axis=0, dtype=int).tolist(), strict=True):
            self.totals[name] += k
        if not len(events):
            return
        rows = events.view(f"S{events.shape[1]}").ravel().tolist()  # bytes; zeros at the end are left out
        for i, row in zip(played.happened.tolist(), rows, strict=True):
            named = self._said.get(row)
            if named is None:
                named = {name: k for name, k in zip(self.world.events, row, strict=False) if k}
                self._said[row] = named
            infos[i] = {"events": named.copy()}

    def _note_endings(
        self, played: engine.StepResult, final: engine.State, infos: list[dict[str, Any]]
    ) -> None:
        self.totals["levels"] += len(played.ended)
        last = engine.observe(self.world, final, self.view)
        seconds = time.monotonic() - self._began
        columns = (
            played.ended.tolist(),
            played.truncated[played.ended].tolist(),
            (final.tally @ self.world.pay).tolist(),
            final.clock.tolist(),
            self._named(final.tally),
            performance(self.world, final.tally).tolist(),
            final.level.tolist(),
        )
        for k, (i, truncated, earned, length, tally, worth, level) in enumerate(zip(*columns, strict=True)):
            infos[i] = {
                **infos[i],
                "terminal_observation": last[k],
                "TimeLimit.truncated": truncated,
                "episode": {"r": earned, "l": length, "t": seconds},
                "tally": tally,
                "performance": worth,
                "level": level,
            }

    def _named(self, numbers: np.ndarray) -> list[dict[str, int]]:
        """Event names to counts for each row of ``numbers`` (m, e), without those that did not happen."""
        names = self.world.events
        return [{name: k for name, k in zip(names, row, strict=True) if k} for row in numbers.tolist()]

    def close(self) -> None:
        """Nothing is held open."""

    def get_images(self) -> Sequence[np.ndarray | None]:
        """A frame of every instance."""
        return [rendering.frame(self.world, self.state, i) for i in range(self.num_envs)]

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """The same attribute of this object for each instance asked for."""
        return [getattr(self, attr_name)] * len(self._chosen(indices))

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        """Refused: instances share their settings."""
        raise BadInput(
            f"cannot set {attr_name!r} on single instances of world {self.world.name!r}; make another"
        )

    def env_method(
        self, method_name: str, *args: Any, indices: int | Iterable[int] | None = None, **kwargs: Any
    ) -> list[Any]:
        """Refused: there are no single environments behind this one."""
        raise BadInput(
            f"instances of world {self.world.name!r} have no method {method_name!r}; use envs.engine"
        )

    def env_is_wrapped(self, wrapper_class: Any, indices: int | Iterable[int] | None = None) -> list[bool]:
        """Never wrapped; "episode" infos are given without SB3's Monitor."""
        return [False] * len(self._chosen(indices))

    def _chosen(self, indices: int | Iterable[int] | None) -> list[int]:
        return list(self._get_indices(indices))
