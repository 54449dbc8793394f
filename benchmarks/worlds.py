"""Steps a second of every world, on one core, observations written: beside MiniGrid, XLand-MiniGrid and PufferLib.

One core for all, XLA's threads included; ours and the peers in turns; random actions; no network.
"""

from collections.abc import Callable
from functools import partial

from benchmarks.one_core import one_core
from benchmarks.puffer import puffer_stepping
from benchmarks.rows import Row, alternate
from benchmarks.stepping import INSTANCES, PEERS, kernel_stepping, minigrid_stepping, vector_stepping
from benchmarks.xland import ENVIRONMENTS, fastest_batch, xland_stepping
from envs import registry
from envs.observations import observation_shape
from envs.spec import World

REPEATS = 7
VIEWS = ("grid", "window")
MINIGRID = f"MiniGrid Empty-8x8, DummyVecEnv of {PEERS}"


def world_row(name: str) -> Row:
    """The kernels and their "grid" observations written in place, batch 1,024; the VecEnv and "window" beside them."""
    world = registry.world(name)
    with one_core() as where:
        kernels = [kernel_stepping(world, view) for view in VIEWS]
        vectors = [vector_stepping(world, view) for view in VIEWS]
        *speeds, theirs = alternate(*kernels, *vectors, minigrid_stepping(), repeats=REPEATS)
    kernel, vector = speeds[:2], speeds[2:]
    told = [
        f"{view} {_shape(world, view)}: kernel {kernel[k]:,.3g}, VecEnv {vector[k]:,.3g} ({vector[k] / kernel[k]:.0%})"
        for k, view in enumerate(VIEWS)
    ]
    conditions = f"grid kernel, batch {INSTANCES}, {where}; {'; '.join(told)}"
    return _row(f"world-{name}", (kernel[0], theirs), MINIGRID, conditions)


def world_vs_minigrid() -> Row:
    """VecEnv beside VecEnv: Cheese, 9x9, with MiniGrid's own view of 7x7 cells around the agent."""
    world, view = registry.world("cheese", size=9), "window:7"
    with one_core() as where:
        measures = vector_stepping(world, view), minigrid_stepping(), kernel_stepping(world, view)
        ours, theirs, kernel = alternate(*measures, repeats=REPEATS)
    conditions = (
        f"VecEnv of {INSTANCES} cheese 9x9, {where}, {_shape(world, view)} around the agent as in MiniGrid; "
        f"the kernel alone {kernel:,.3g}: {kernel / theirs:,.0f} times"
    )
    return _row("world-vs-minigrid", (ours, theirs), MINIGRID, conditions)


def world_vs_xland() -> Row:
    """Kernel beside kernel: Cheese, 9x9, seen whole, and XLand-MiniGrid's port of Empty-8x8, the fastest it has.

    XLand-MiniGrid as in its own benchmark - vmap, jit, scan over random actions, levels begun anew when they end -
    with the best batch for it.
    """
    world, view = registry.world("cheese", size=9), "grid"
    with one_core() as where:
        batches = [fastest_batch(environment) for environment in ENVIRONMENTS]
        peers = [xland_stepping(*pair) for pair in zip(ENVIRONMENTS, batches, strict=True)]
        mine, *theirs = alternate(kernel_stepping(world, view), *peers, repeats=REPEATS)
    conditions = (
        f"kernel, cheese 9x9, {_shape(world, view)}, batch {INSTANCES}, {where}; beside "
        + ", ".join(
            f"{environment} (best batch {batch:,}) {speed:,.3g}: {mine / speed:.1f} times"
            for environment, batch, speed in zip(ENVIRONMENTS, batches, theirs, strict=True)
        )
    )
    return _row(
        "world-vs-xland", (mine, theirs[0]), f"XLand-MiniGrid 0.9.3, {ENVIRONMENTS[0]}, CPU", conditions
    )


def world_vs_puffer() -> Row:
    """Kernel beside kernel: Cheese, 9x9, and PufferLib's grid of mazes up to 9x9, both in a view around the agent."""
    world, view = registry.world("cheese", size=9), "window:11"
    with one_core() as where:
        measures = kernel_stepping(world, view), puffer_stepping(INSTANCES), kernel_stepping(world, "grid")
        ours, theirs, grid = alternate(*measures, repeats=REPEATS)
    conditions = (
        f"kernel, cheese 9x9, {_shape(world, view)} around the agent, batch {INSTANCES}, {where}; "
        f"seen whole {grid:,.3g}; theirs writes one number a cell, 11x11 around the agent, mazes of 5x5 to 9x9"
    )
    return _row("world-vs-puffer", (ours, theirs), "PufferLib 3.0.0 ocean grid, C", conditions)


WORLD_ROWS: dict[str, Callable[[], Row]] = {
    **{f"world-{name}": partial(world_row, name) for name in registry.WORLDS},
    "world-vs-minigrid": world_vs_minigrid,
    "world-vs-xland": world_vs_xland,
    "world-vs-puffer": world_vs_puffer,
}
"""Row name to the function that measures it: one for each world of the registry, and the peers."""


def _row(name: str, speeds: tuple[float, float], peer: str, conditions: str) -> Row:
    ours, theirs = speeds
    return Row(name, "steps/s", ours, theirs, ours / theirs, REPEATS, peer, conditions)


def _shape(world: World, view: str) -> str:
    return "x".join(map(str, observation_shape(world, view)))
