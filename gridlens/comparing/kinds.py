"""The table from what is compared to the function that makes its page."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gridlens.comparing.agents import compare_agents
from gridlens.comparing.asked import Kind, Member
from gridlens.comparing.classifiers import compare_classifiers
from gridlens.comparing.populations import compare_populations
from reports.sections import Report

LONGEST = 80
"""Letters of a folder's name."""


def folder_for(members: Sequence[Member]) -> Path:
    """The run folder of a comparison, unless another is named.

    >>> from gridlens.comparing.asked import members
    >>> folder_for(members(["shapes", "again=shapes"])).as_posix()
    'runs/compare-shapes-again'
    """
    if members[0].kind == "agent":
        return Path("runs/compare")
    text = "-".join(["compare", *(member.name for member in members)])
    name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in text)
    return Path("runs") / name[:LONGEST].rstrip("-.")


MAKERS: Mapping[Kind, Callable[..., Report]] = {
    "classifier": compare_classifiers,
    "agent": compare_agents,
    "snapshot": compare_agents,
    "population": compare_populations,
}
"""Kind to ``maker(members, settings, *, out, progress) -> Report``."""
