"""Steps a second of XLand-MiniGrid on this machine's processor, measured as its own benchmark does."""

import functools
import os
import time
from collections.abc import Callable
from typing import Any

from benchmarks.rows import PeerMissing

ENVIRONMENTS = ("MiniGrid-Empty-8x8", "XLand-MiniGrid-R1-9x9")
BATCHES = (256, 1024, 4096)
SLICE = 60_000
"""Environment steps of one measurement: some tenths of a second."""


def xland_stepping(environment: str, batch: int) -> Callable[[], float]:
    """A function that plays ``batch`` instances with random actions and returns steps a second.

    vmap over instances, scan over steps, one jit; the last step's observation is part of what is returned, so
    observations are made in every step. Raises PeerMissing where XLand-MiniGrid is not installed.
    """
    jax = _jax()
    steps = max(1, SLICE // batch)
    play, keys = _compiled(environment, batch, steps), iter(range(1_000_000))
    jax.block_until_ready(play(jax.random.key(next(keys))))

    def run() -> float:
        key = jax.block_until_ready(jax.random.key(next(keys)))
        start = time.perf_counter()
        jax.block_until_ready(play(key))
        return steps * batch / (time.perf_counter() - start)

    return run


@functools.cache
def fastest_batch(environment: str) -> int:
    """The batch of ``BATCHES`` with which an environment makes most steps a second."""
    measures = {batch: xland_stepping(environment, batch) for batch in BATCHES}
    return max(measures, key=lambda batch: max(measures[batch]() for _ in range(3)))


@functools.cache
def _compiled(environment: str, batch: int, steps: int) -> Callable[[Any], Any]:
    jax = _jax()
    import xminigrid
    from xminigrid.wrappers import GymAutoResetWrapper

    made, parameters = xminigrid.make(environment)
    env = GymAutoResetWrapper(made)
    step = jax.vmap(env.step, in_axes=(None, 0, 0))

    def play(key: Any) -> Any:
        first, second = jax.random.split(key)
        actions = jax.random.randint(second, (steps, batch), 0, env.num_actions(parameters))
        begun = jax.vmap(env.reset, in_axes=(None, 0))(parameters, jax.random.split(first, batch))
        return jax.lax.scan(lambda now, action: (step(parameters, now, action), None), begun, actions)[0]

    return jax.jit(play)


def _jax() -> Any:
    """JAX on the processor, told to use one thread; where it ran before, ``one_core`` pins its threads anyway."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    try:
        import jax
        import xminigrid  # noqa: F401 - asked for here, so that its absence is told before anything is measured
    except ImportError as error:
        raise PeerMissing("this row needs XLand-MiniGrid and JAX: pip install 'xminigrid==0.9.3'") from error
    return jax
