"""Evaluating an agent: episodes a second, beside stable-baselines3's evaluate_policy on the same agent and worlds."""

import time
from typing import Any

import torch
from stable_baselines3.common.evaluation import evaluate_policy

from benchmarks.rows import Row, alternate
from envs.registry import world as make_world
from envs.vector import make_vec
from rl.agents import as_subject
from rl.algorithms.algorithm import network_of
from rl.presets import PRESETS
from rl.rollouts import level_seeds, play
from rl.training import make_model

EPISODES, PEER_EPISODES, REPEATS = 10_000, 1_024, 5
ENVIRONMENTS = 512
PRESET = "monster-200"


def evaluate_monster() -> Row:
    """Episodes a second of Monster at 200 steps, actions drawn; both with all the threads that torch takes.

    The peer keeps returns and lengths alone, ours every step, event and position.
    """
    config = PRESETS[PRESET].config
    world = make_world(config.world, **config.dials)
    venv = make_vec(world, ENVIRONMENTS, seed=0, view=config.view)
    model: Any = make_model(config, venv)
    agent = as_subject(network_of(model), world, view=config.view, name="fresh")

    def ours() -> float:
        start = time.perf_counter()
        play(agent, world, level_seeds(EPISODES, split="test", seed=0), view=config.view)
        return EPISODES / (time.perf_counter() - start)

    def peer() -> float:
        start = time.perf_counter()
        evaluate_policy(model, venv, PEER_EPISODES, deterministic=False, warn=False)
        return PEER_EPISODES / (time.perf_counter() - start)

    play(
        agent, world, level_seeds(ENVIRONMENTS, split="test", seed=1), view=config.view
    )  # compiles the kernels
    rates = alternate(ours, peer, repeats=REPEATS)
    return Row(
        name="evaluate-monster",
        unit="episodes/s",
        ours=rates[0],
        peer=rates[1],
        ratio=rates[0] / rates[1],
        repeats=REPEATS,
        peer_name="SB3 evaluate_policy, the same agent and vector environment",
        conditions=f"{config.network}, {world.limit} steps, {torch.get_num_threads()} threads; {EPISODES:,} episodes "
        f"in {EPISODES / rates[0]:.1f} s; the peer's rate is of {PEER_EPISODES:,} in {ENVIRONMENTS} environments",
    )
