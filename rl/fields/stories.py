"""stories_of(): some held-out levels of a world, each played by an agent and told step by step."""

from collections.abc import Sequence

from core.progress import Progress, silent
from core.subject import Subject
from envs.spec import World
from rl.agents import check_fits
from rl.fields.levels import shown_levels
from rl.fields.story import Story, StoryConfig, story_of


def stories_of(
    subject: Subject,
    world: World,
    n: int = 2,
    *,
    view: str = "window",
    levels: Sequence[int] = (),
    config: StoryConfig = StoryConfig(),
    progress: Progress = silent,
) -> tuple[Story, ...]:
    """The stories of the ``n`` levels that pages show (``rl.fields.levels``), or of the ``levels`` given.

    ``world`` is where the agent is watched: ``rl.goals.parted`` gives the one in which goal and proxy part.

    Raises
    ------
    BadInput, UnknownName
        as ``rl.fields.story.story_of``.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> maze = world("cheese", size=9, rand_region=63, limit=30)
    >>> [one.subject for one in stories_of(load("cheese-corner"), maze, 1)]
    ['cheese-corner']
    """
    check_fits(subject, world, view)
    chosen = list(levels) or shown_levels(world, n, seed=config.seed)
    found = []
    for done, level in enumerate(chosen):
        progress(done, len(chosen), f"telling level {level}")
        found.append(story_of(subject, world, level, view=view, config=config))
    progress(len(chosen), len(chosen), "telling levels")
    return tuple(found)
