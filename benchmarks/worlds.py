"""Steps a second of Cheese through our SB3 VecEnv beside MiniGrid Empty-8x8 in SB3's DummyVecEnv."""

import time
from typing import Any

import numpy as np

from benchmarks.rows import Row, alternate
from envs import engine, registry
from envs.spec import World
from envs.vector import make_vec

INSTANCES, PEERS, REPEATS = 1024, 16, 7
STEPS, PEER_STEPS = 200, 100
"""Vector steps of one measurement: ours and the peer's each take some tenths of a second."""


def world_vs_minigrid() -> Row:
    """Environment steps a second, random actions, observations written, one process and no network."""
    world = registry.world("cheese")
    ours, peer = make_vec(world, INSTANCES, seed=0), minigrid(PEERS)
    ours.reset()
    peer.reset()
    mine, theirs = alternate(
        lambda: vector_speed(ours, INSTANCES, STEPS),
        lambda: vector_speed(peer, PEERS, PEER_STEPS),
        repeats=REPEATS,
    )
    conditions = (
        f"cheese {world.dials.size}x{world.dials.size}, window view, VecEnv of {INSTANCES}; kernel alone: "
        + ", ".join(f"{view} {kernel_speed(world, view):,.3g}" for view in ("window", "grid"))
    )
    return Row(
        "world-vs-minigrid",
        "steps/s",
        mine,
        theirs,
        mine / theirs,
        REPEATS,
        f"MiniGrid Empty-8x8, DummyVecEnv of {PEERS}",
        conditions,
    )


def kernel_speed(world: World, view: str) -> float:
    """Steps a second of ``engine.step`` and ``engine.observe`` into one buffer: the best of five runs."""
    state = engine.reset(world, np.arange(INSTANCES))
    seen = engine.observe(world, state, view)
    choices = random_actions(len(world.actions), INSTANCES)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        for t in range(STEPS):
            engine.step(world, state, choices[t % len(choices)])
            engine.observe(world, state, view, out=seen)
        best = max(best, STEPS * INSTANCES / (time.perf_counter() - start))
    return best


def vector_speed(env: Any, instances: int, steps: int) -> float:
    """Steps a second of a VecEnv under random actions."""
    choices = random_actions(env.action_space.n, instances)
    start = time.perf_counter()
    for t in range(steps):
        env.step(choices[t % len(choices)])
    return steps * instances / (time.perf_counter() - start)


def random_actions(count: int, instances: int) -> np.ndarray:
    """64 rows of actions, drawn beforehand so that drawing is not measured."""
    return np.random.default_rng(0).integers(0, count, (64, instances))


def minigrid(instances: int) -> Any:
    """MiniGrid Empty-8x8, its picture as observation, as SB3's users run it."""
    import gymnasium
    import minigrid  # noqa: F401 - registers its ids
    from minigrid.wrappers import ImgObsWrapper
    from stable_baselines3.common.vec_env import DummyVecEnv

    return DummyVecEnv(
        [lambda: ImgObsWrapper(gymnasium.make("MiniGrid-Empty-8x8-v0")) for _ in range(instances)]
    )
