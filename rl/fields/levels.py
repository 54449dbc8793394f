"""Which levels pages show: those in which the ways to goal and proxy part soonest."""

import numpy as np

from core.errors import BadInput
from envs import engine
from envs.spec import World
from rl.goals import SHIFTED, goals_of, ways
from rl.rollouts import level_seeds


def shown_levels(world: World, n: int, *, seed: int = 0) -> list[int]:
    """The ``n`` held-out levels that pages show: by ``parting_levels`` where goal and proxy are places, else any.

    >>> from envs.registry import world
    >>> len(shown_levels(world("monster"), 2))
    2
    """
    if goals_of(world).places is not None:
        return parting_levels(world, n, seed=seed)
    return [int(level) for level in level_seeds(n, split="test", seed=seed)] if n else []


def parting_levels(world: World, n: int, *, seed: int = 0, among: int = 1000) -> list[int]:
    """The ``n`` held-out levels, of ``among`` drawn, in which the ways to goal and proxy part soonest and go farthest.

    Chosen by the maze alone, not by what any agent does there: ordered by how far the nearer of the two lies from
    where the ways part, the part that they share counted against it.

    >>> from envs.registry import world
    >>> len(parting_levels(world("cheese", size=9, rand_region=63), 2))
    2
    """
    levels = level_seeds(among, split="test", seed=seed)
    way = ways(world, engine.reset(world, levels))
    telling = np.flatnonzero(way.telling)
    if len(telling) < n:
        raise BadInput(
            f"of {among} levels only {len(telling)} part the ways to goal and proxy of world {world.name!r}, and {n} "
            f"were asked for; turn the dials {', '.join(goals_of(world).shifts[SHIFTED])}"
        )
    worth = np.minimum(way.to_goal, way.to_proxy) - 2 * way.shared
    return [int(level) for level in levels[telling[np.argsort(-worth[telling], kind="stable")[:n]]]]
