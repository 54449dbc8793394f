"""Steps a second of a world's kernels and of its stable-baselines3 VecEnv, and of MiniGrid as SB3's users run it.

Each ``..._stepping`` gives a function that plays some tenths of a second and returns steps a second. Worlds are
measured as they are in the middle of a training run: their clocks start anywhere, so levels end and begin all the time.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import PeerMissing
from envs import engine
from envs.spec import World
from envs.vector import make_vec

INSTANCES, STEPS = 1024, 300
PEERS, PEER_STEPS = 16, 100
ROWS_OF_ACTIONS = 64


def kernel_stepping(world: World, view: str, *, instances: int = INSTANCES) -> Callable[[], float]:
    """``engine.step`` and ``engine.observe`` into one buffer."""
    state = engine.reset(world, np.arange(instances))
    _anywhere(world, state)
    seen = engine.observe(world, state, view)
    choices = random_actions(len(world.actions), instances)

    def run() -> float:
        start = time.perf_counter()
        for t in range(STEPS):
            engine.step(world, state, choices[t % ROWS_OF_ACTIONS])
            engine.observe(world, state, view, out=seen)
        return STEPS * instances / (time.perf_counter() - start)

    run()
    return run


def vector_stepping(world: World, view: str) -> Callable[[], float]:
    """The VecEnv: fresh observations and infos for every step."""
    env = make_vec(world, INSTANCES, seed=0, view=view)
    env.reset()
    _anywhere(world, env.state)
    return _stepped(env, STEPS)


def minigrid_stepping() -> Callable[[], float]:
    """MiniGrid Empty-8x8, its 7x7 view as observation, in SB3's DummyVecEnv."""
    try:
        import minigrid  # noqa: F401 - registers its ids
        from minigrid.wrappers import ImgObsWrapper
    except ImportError as error:
        raise PeerMissing("this row needs MiniGrid: pip install 'minigrid>=3.0'") from error
    import gymnasium
    from stable_baselines3.common.vec_env import DummyVecEnv

    env = DummyVecEnv([lambda: ImgObsWrapper(gymnasium.make("MiniGrid-Empty-8x8-v0")) for _ in range(PEERS)])
    env.reset()
    return _stepped(env, PEER_STEPS)


def random_actions(count: int, instances: int) -> np.ndarray:
    """Rows of actions, drawn beforehand so that drawing is not measured."""
    return np.random.default_rng(0).integers(0, count, (ROWS_OF_ACTIONS, instances))


def _stepped(env: Any, steps: int) -> Callable[[], float]:
    choices = random_actions(env.action_space.n, env.num_envs)

    def run() -> float:
        start = time.perf_counter()
        for t in range(steps):
            env.step(choices[t % ROWS_OF_ACTIONS])
        return steps * env.num_envs / (time.perf_counter() - start)

    run()
    return run


def _anywhere(world: World, state: engine.State) -> None:
    """Clocks anywhere below the limit, or all levels would be cut short in the same step."""
    if world.limit:
        state.clock[:] = np.random.default_rng(1).integers(0, world.limit, len(state.clock))
