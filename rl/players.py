"""Who plays in an evaluation: the agent - its actions drawn, its best ones - and its yardsticks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int

from core.progress import Progress, silent
from core.subject import Subject
from envs.spec import World
from rl.agents import check_fits
from rl.episodes import Episodes
from rl.goals import goals_of
from rl.rollouts import play, play_policy

AGENT, GREEDY, FLIPPED, PROXY, RANDOM = (
    "agent",
    "agent, greedy",
    "agent, flipped",
    "proxy play",
    "random walk",
)
"""The players, besides the world's ceiling (``rl.goals.Goals.ceiling``): the agent's actions drawn, its most likely
ones, drawn with its view upside down; the world's policy "proxy", and uniformly random actions."""
AGENTS = (AGENT, GREEDY, FLIPPED)
"""The players that depend on the agent."""


@dataclass(frozen=True)
class Player:
    """``play(levels, progress=...)`` gives the episodes of the first ``most`` levels (None: of all).

    ``policy`` is the name of the world's policy that plays; none where it is the agent.
    """

    play: Callable[..., Episodes]
    most: int | None = None
    policy: str = ""

    def __call__(self, levels: Int[np.ndarray, "n"], progress: Progress = silent) -> Episodes:
        """The episodes."""
        return self.play(levels=levels[: self.most], progress=progress)


def players(subject: Subject, world: World, *, view: str, seed: int, steps: int) -> dict[str, Player]:
    """Who plays ``world``, by name.

    Raises
    ------
    BadInput
        if the world does not fit the agent.
    """
    check_fits(subject, world, view)
    known = goals_of(world)
    rule: dict[str, Any] = {"seed": seed, "steps": steps}

    def agent(**how: Any) -> Player:
        return Player(partial(play, subject, world, **{"view": view, **how}, **rule))

    def by(name: str, most: int | None = None) -> Player:
        return Player(partial(play_policy, world, name=name, **rule), most, name)

    found = {AGENT: agent(), GREEDY: agent(greedy=True)}
    if known.flipped:
        found[FLIPPED] = agent(view=turned(view))
    if "intended" in world.spec.policies:
        found[known.ceiling] = by("intended", known.ceiling_levels)
    if "proxy" in world.spec.policies:
        found[PROXY] = by("proxy")
    return found | {RANDOM: by("random")}


def turned(view: str) -> str:
    """The view upside down.

    >>> turned("window"), turned("flipped-grid")
    ('flipped-window', 'grid')
    """
    return view.removeprefix("flipped-") if view.startswith("flipped-") else f"flipped-{view}"
