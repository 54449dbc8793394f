"""Seconds from the start of Python to a world's first step: the kernels compiled before, and the first time ever."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.one_core import one_core
from benchmarks.rows import Row
from envs import registry

REPEATS = 5

PROGRAM = """
import sys
import numpy as np
from envs import engine, registry

world = registry.world(sys.argv[1])
state = engine.reset(world, np.arange(16))
engine.step(world, state, np.zeros(16, np.int64))
engine.observe(world, state, "grid")
"""
"""What a user's own script would hold."""


def first_step() -> Row:
    """The slowest world's first step, all of Python's start and imports included; each world in the conditions."""
    with one_core() as where, tempfile.TemporaryDirectory() as empty:
        # Each world's first run finds nothing compiled, not even what it shares with the others.
        ever = {name: seconds(name, Path(empty) / name) for name in registry.WORLDS}
        rounds = [
            {name: seconds(name, Path(empty) / name) for name in registry.WORLDS} for _ in range(REPEATS)
        ]
    later = {name: statistics.median(each[name] for each in rounds) for name in registry.WORLDS}
    slowest = max(later, key=lambda name: later[name])
    told = ", ".join(f"{name} {later[name]:.2f} ({ever[name]:.1f})" for name in registry.WORLDS)
    return Row(
        name="first-step",
        unit="s",
        ours=later[slowest],
        peer=ever[slowest],
        ratio=ever[slowest] / later[slowest],
        repeats=REPEATS,
        peer_name="the first run ever, which compiles",
        conditions=f"the slowest, {slowest}; {where}, process start to first observation: {told}",
    )


def seconds(world: str, cache: Path) -> float:
    """One fresh Python that steps ``world`` once, with its compiled kernels in the folder ``cache``."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", PROGRAM, world], env=environment, check=True)
    return time.perf_counter() - start
