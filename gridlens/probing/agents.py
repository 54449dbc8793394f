"""An agent probed: its whole training where snapshots were kept, its maps and stories, and the page of it all."""

from dataclasses import replace
from pathlib import Path

from core.progress import Progress, silent
from core.subject import Subject
from gridlens.opened import Opened
from gridlens.probing.agent_page import Watched, agent_page
from gridlens.probing.asked import Request
from reports.exports import export
from reports.html import write
from reports.sections import Report
from rl.agents import AgentInfo, snapshots
from rl.fields import StoryConfig, discount_of, maps_of, stories_of
from rl.goals import parted
from rl.learning import LearningConfig, learning, through_training

STATES, LEVELS, SHOWN = 4000, 200, 1
"""States that are probed unless others are asked for; levels that are played; levels that are shown."""


def probe_agent(
    text: str, opened: Opened, request: Request, *, out: Path, command: str, progress: Progress = silent
) -> Report:
    """Probe an agent into the run folder ``out`` (what is finished there is read back) and write its page.

    Raises
    ------
    BadInput, UnknownName
        if a concept is unknown or does not vary, or there are too few states.
    RunConflict
        if the folder holds something else.
    """
    about = opened.agent
    assert about is not None, "called for agents in worlds of ours"
    agents = moments_of(text, opened.subject, about, request.moments)
    config = LearningConfig(
        concepts=request.concepts, states=request.samples or STATES, levels=LEVELS, seed=request.seed
    )
    found = learning(agents, about.world, out / "learning", view=about.view, config=config, progress=progress)
    page = agent_page(found, about, watched(text, opened, request, progress), command=command)
    export(page, out / "data")
    write(page, out / "index.html")
    return page


def moments_of(text: str, subject: Subject, about: AgentInfo, most: int) -> dict[int, Subject]:
    """The agent by steps of its training, at most ``most`` of them; alone where no snapshots were kept.

    >>> from gridlens.opened import open_subject
    >>> opened = open_subject("cheese-corner")
    >>> list(moments_of("cheese-corner", opened.subject, opened.agent, 3))
    [0, 114688, 606208]
    """
    kept = most > 1 and not text.endswith(".zip") and bool(snapshots(text))
    if not kept:
        return {about.steps: subject}
    found = through_training(text)
    steps = list(found)
    count = min(most, len(steps))
    return {
        moment: found[moment]
        for moment in (steps[round(k * (len(steps) - 1) / (count - 1))] for k in range(count))
    }


def watched(text: str, opened: Opened, request: Request, progress: Progress) -> Watched:
    """The finished agent in levels in which goal and proxy part: maps of some, and one played step by step."""
    about, subject = opened.agent, opened.subject
    assert about is not None, "called for agents in worlds of ours"
    where = parted(about.world)
    maps = maps_of(subject, where, SHOWN, view=about.view, seed=request.seed, progress=progress)
    config = StoryConfig(seed=request.seed)
    if not text.endswith(".zip"):
        config = replace(config, discount=discount_of(text))
    stories = stories_of(subject, where, SHOWN, view=about.view, config=config, progress=progress)
    return Watched(tuple(maps), stories)
