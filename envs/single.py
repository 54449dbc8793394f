"""One instance of a world as a gymnasium environment: a batch of one."""

import sys
from typing import Any

import gymnasium
import numpy as np

from core.errors import BadInput
from envs import engine, registry
from envs.observations import observation_shape, parse_view
from envs.pictures import rendering
from envs.randomness import streams
from envs.spec import World, performance

RENDER_MODES = ("rgb_array", "ansi", "human")


class SingleEnv(gymnasium.Env[np.ndarray, np.int64]):
    """The gymnasium coat of a world; see ``make``.

    Every ``reset`` begins a new level of ``split``; ``reset(seed=...)`` restarts the sequence of levels, and
    ``reset(options={"level": 7})`` plays level 7. ``info`` holds the level; "events" (name to count in this step)
    where something happened; and at the end "tally" (the whole level) and "performance".
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - as the base class declares it
        "render_modes": list(RENDER_MODES),
        "render_fps": 8,
    }

    def __init__(
        self,
        world: World,
        *,
        view: str = "window",
        split: str = "train",
        levels: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise BadInput(
                f"render_mode {render_mode!r} does not exist; there are: {', '.join(RENDER_MODES)}"
            )
        self.world, self.view, self.split, self.levels = world, view, split, levels
        self.render_mode = render_mode
        self.observation_space = observation_space(world, view)
        self.action_space = gymnasium.spaces.Discrete(len(world.actions))
        self.state: engine.State | None = None
        self._over: engine.State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a level; see the class."""
        super().reset(seed=seed)
        stream = streams(int(self.np_random.integers(2**63)), 1)
        chosen = (options or {}).get("level")
        level = engine.level_seeds(self.split, stream, levels=self.levels) if chosen is None else [chosen]
        self.state, self._over = engine.reset(self.world, level, streams=stream, levels=self.levels), None
        return self._shown()

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Play one action; raises BadInput where no level is being played or the action does not exist."""
        if self.state is None or self._over is not None:
            raise BadInput("no level is being played; call reset() first")
        played = engine.step(self.world, self.state, np.array([action]))
        self._over = played.final
        observation, info = self._shown()
        if played.events.any():
            info["events"] = counts(self.world, played.events[0])
        if played.final is not None:
            info["tally"] = counts(self.world, played.final.tally[0])
            info["performance"] = float(performance(self.world, played.final.tally)[0])
        return (
            observation,
            float(played.reward[0]),
            bool(played.terminated[0]),
            bool(played.truncated[0]),
            info,
        )

    def render(self) -> Any:
        """A uint8 (h, w, 3) frame, a text, or (human) a text on the terminal, after ``render_mode``."""
        if self.render_mode is None or self.state is None:
            return None
        if self.render_mode == "rgb_array":
            return rendering.frame(self.world, self._now())
        text = rendering.text(self.world, self._now())
        if self.render_mode == "ansi":
            return text
        sys.stdout.write(f"\x1b[H\x1b[2J{text}\n")  # home, clear
        return None

    def _now(self) -> engine.State:
        """The level being played, or how it ended."""
        state = self.state if self._over is None else self._over
        if state is None:
            raise BadInput("no level is being played; call reset() first")
        return state

    def _shown(self) -> tuple[np.ndarray, dict[str, Any]]:
        now = self._now()
        if self.render_mode == "human":
            self.render()
        return engine.observe(self.world, now, self.view)[0], {"level": int(now.level[0])}


def observation_space(world: World, view: str) -> gymnasium.spaces.Box:
    """The gymnasium space of a view: 0 to 1 for planes, 0 to 255 for pictures."""
    high = 255 if parse_view(world, view).kind == "rgb" else 1
    return gymnasium.spaces.Box(0, high, observation_shape(world, view), np.uint8)


def counts(world: World, numbers: np.ndarray) -> dict[str, int]:
    """Event names to how often each happened, without those that did not."""
    return {name: int(k) for name, k in zip(world.events, numbers, strict=True) if k}


def make(
    name: str,
    *,
    view: str = "window",
    split: str = "train",
    levels: int | None = None,
    render_mode: str | None = None,
    **dials: Any,
) -> SingleEnv:
    """A world by name as a gymnasium environment: the entry point of the ids in ``registry.IDS``.

    >>> env = make("cheese", size=9, view="grid")
    >>> observation, info = env.reset(seed=0)
    >>> observation.shape
    (3, 9, 9)
    """
    world = registry.world(name, **dials)
    return SingleEnv(world, view=view, split=split, levels=levels, render_mode=render_mode)
