"""What an agent does at each moment of its training: the measures of its goal, on the same held-out levels."""

from collections.abc import Mapping

from core.progress import Progress, silent
from core.subject import Subject
from envs.spec import World
from rl.misgeneralisation import Outcome, outcome
from rl.players import AGENT
from rl.rollouts import UNLIMITED, level_seeds, play

TOLD = ("goal_first", "proxy_first", "goals", "proxies", "preference", "performance")
"""The measures that are told over training, as far as a world has them; see ``rl.measures.MEASURES``."""


def behaviour(
    agents: Mapping[int, Subject],
    world: World,
    *,
    view: str = "window",
    levels: int = 200,
    seed: int = 0,
    steps: int = UNLIMITED,
    progress: Progress = silent,
) -> dict[int, Outcome]:
    """By steps of training, what the agent does in ``world`` on the same held-out levels, its actions drawn.

    Raises
    ------
    BadInput
        if the world does not fit the agent.

    >>> from rl.agents import info
    >>> from rl.learning.trained import through_training
    >>> from rl.goals import parted
    >>> agents = through_training("cheese-corner")
    >>> found = behaviour(agents, parted(info("cheese-corner").world), levels=50)
    >>> found[0].measures["proxy_first"].estimate < found[606208].measures["proxy_first"].estimate
    True
    """
    seeds = level_seeds(levels, split="test", seed=seed)
    found = {}
    for number, (moment, subject) in enumerate(agents.items()):
        progress(number, len(agents), "playing through training")
        played = play(subject, world, seeds, view=view, seed=seed, steps=steps)
        found[moment] = outcome(AGENT, "shifted", played, world)
    progress(len(agents), len(agents), "playing through training")
    return found
