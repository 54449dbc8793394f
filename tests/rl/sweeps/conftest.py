"""A tiny sweep with an agent that fails, run once on this machine."""

from dataclasses import replace

import pytest

from rl.sweeps import Plan, Sweep, Task, run
from rl.training import TrainConfig

TINY = TrainConfig(
    dials={"size": 5, "limit": 20},
    network="mlp",
    steps=2048,
    settings={"n_envs": 16, "rollout": 16, "batch": 64},
    snapshots="log:3",
    watched_levels=16,
    checkpoint_seconds=0.0,
)
PLAN = Plan(levels=12, over={"rand_region": [1, 3]})


def task(name, **changes):
    dials = {**TINY.dials, **changes.pop("dials", {})}
    config = replace(TINY, dials=dials, **changes)
    return Task(f"{name}-seed{config.seed}", config, PLAN, name)


@pytest.fixture(scope="session")
def tiny():
    """Four agents, and one whose loss overflows."""
    hot = {**TINY.settings, "value_weight": 1e39}
    return Sweep(
        "tiny",
        (
            *(task(f"region={r}", dials={"rand_region": r}, seed=seed) for r in (1, 3) for seed in (0, 1)),
            task("hot", settings=hot),
        ),
    )


@pytest.fixture(scope="session")
def swept(tiny, tmp_path_factory):
    """The sweep, run: its folder, and what came back."""
    out = tmp_path_factory.mktemp("sweeps") / "tiny"
    return out, run(tiny, out, jobs=2)
