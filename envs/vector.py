"""Many instances of a world at once: ``make_vec`` for stable-baselines3, ``make_gymnasium`` for gymnasium."""

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from core.errors import BadInput
from envs import engine, registry
from envs.pictures import rendering
from envs.randomness import streams
from envs.single import observation_space
from envs.spec import World, performance

if TYPE_CHECKING:
    from envs.sb3 import WorldVecEnv


def make_vec(
    world: World,
    n: int,
    *,
    seed: int,
    split: str = "train",
    view: str = "window",
    levels: int | None = None,
) -> "WorldVecEnv":
    """``n`` instances as a stable-baselines3 VecEnv; levels are drawn from the first ``levels`` of ``split``.

    Raises BadInput for ``n`` below 1, UnknownName for a split or view that does not exist.

    >>> env = make_vec(registry.world("cheese", size=9), 4, seed=0)
    >>> env.reset().shape
    (4, 2, 13, 13)
    """
    from envs.sb3 import WorldVecEnv  # brings torch, which nothing else here needs

    return WorldVecEnv(world, _at_least_one(n), seed=seed, split=split, view=view, levels=levels)


def make_gymnasium(
    name: str,
    num_envs: int = 1,
    *,
    view: str = "window",
    split: str = "train",
    levels: int | None = None,
    render_mode: str | None = None,
    **dials: Any,
) -> "WorldVectorEnv":
    """A world by name as a gymnasium VectorEnv: what ``gymnasium.make_vec("gridlens/Cheese-v0")`` calls.

    >>> make_gymnasium("cheese", 4, size=9).reset(seed=0)[0].shape
    (4, 2, 13, 13)
    """
    world = registry.world(name, **dials)
    return WorldVectorEnv(
        world, _at_least_one(num_envs), view=view, split=split, levels=levels, render_mode=render_mode
    )


def _at_least_one(n: int) -> int:
    if n < 1:
        raise BadInput(f"a vector environment has at least one instance; got {n}")
    return n


class WorldVectorEnv(VectorEnv):
    """``n`` instances of a world as gymnasium sees them; ended levels are followed by the next in the same step.

    ``infos`` is empty unless a level ended: then "final_obs" and "final_info" (level, tally, performance) as arrays
    over the instances, each with gymnasium's mask under an underscore; "events" and "_events" where any happened.
    """

    def __init__(
        self,
        world: World,
        n: int,
        *,
        view: str = "window",
        split: str = "train",
        levels: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.num_envs, self.render_mode = n, render_mode
        self.metadata = {
            "render_modes": ["rgb_array"],
            "render_fps": 8,
            "autoreset_mode": AutoresetMode.SAME_STEP,
        }
        self.single_observation_space = observation_space(world, view)
        self.single_action_space = gymnasium.spaces.Discrete(len(world.actions))
        self.observation_space = batch_space(self.single_observation_space, n)
        self.action_space = batch_space(self.single_action_space, n)
        self.world, self.view, self.split, self.levels = world, view, split, levels
        self.state: engine.State | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a level in every instance; one whole number as seed (a list is not accepted)."""
        if isinstance(seed, list):
            raise BadInput("instances share one seed, a whole number; got a list")
        super().reset(seed=seed)
        words = streams(int(self.np_random.integers(2**63)), self.num_envs)
        seeds = engine.level_seeds(self.split, words, levels=self.levels)
        self.state = engine.reset(self.world, seeds, streams=words, levels=self.levels)
        return engine.observe(self.world, self.state, self.view), {}

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Play one action in every instance."""
        if self.state is None:
            raise BadInput("no level is being played; call reset() first")
        played = engine.step(self.world, self.state, actions)
        observation = engine.observe(self.world, self.state, self.view)
        rewards = played.reward.astype(np.float64)
        return observation, rewards, played.terminated, played.truncated, self._infos(played)

    def render(self) -> tuple[np.ndarray, ...] | None:
        """A frame of every instance, in render_mode "rgb_array"."""
        if self.state is None or self.render_mode != "rgb_array":
            return None
        return tuple(rendering.frame(self.world, self.state, i) for i in range(self.num_envs))

    def _infos(self, played: engine.StepResult) -> dict[str, Any]:
        infos: dict[str, Any] = {}
        if len(played.happened):
            happened = np.zeros(self.num_envs, bool)
            happened[played.happened] = True
            infos |= {"events": played.events, "_events": happened}
        if played.final is None:
            return infos
        over = played.terminated | played.truncated
        last = np.empty(self.num_envs, object)
        last[played.ended] = _rows(engine.observe(self.world, played.final, self.view))
        final = {"level": played.final.level, "performance": performance(self.world, played.final.tally)}
        spread = {name: self._spread(values, played.ended) for name, values in final.items()}
        return infos | {"final_obs": last, "_final_obs": over, "final_info": spread, "_final_info": over}

    def _spread(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        whole = np.zeros((self.num_envs, *values.shape[1:]), values.dtype)
        whole[rows] = values
        return whole


def _rows(array: np.ndarray) -> np.ndarray:
    """The rows of an array as objects, each an array of its own."""
    rows = np.empty(len(array), object)
    for k, row in enumerate(array):
        rows[k] = row
    return rows
