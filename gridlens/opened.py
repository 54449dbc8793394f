"""A subject by the text that names it on the command line: an agent folder, or a classifier."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import UnknownName
from core.subject import Subject
from rl.agents import AgentInfo, info
from rl.agents import load as load_agent
from vision import models


@dataclass(frozen=True, eq=False)
class Opened:
    """A subject, and what is known of it if it is an agent."""

    subject: Subject
    agent: AgentInfo | None


def open_subject(text: str, *, weights: str | Path | None = None, scaling: str | None = None) -> Opened:
    """The agent of that folder if there is such a folder, otherwise the classifier of that name.

    Raises
    ------
    UnknownName
        if there is neither; the nearest classifier is named.

    >>> open_subject("shapes").subject.name
    'shapes'
    """
    if Path(text).is_dir():
        return Opened(load_agent(text), info(text))
    if ":" not in text and text not in models.names():  # with a colon: timm's, lucent's, or the user's own
        raise UnknownName("agent folder or classifier", text, models.names())
    return Opened(models.load(text, weights=weights, scaling=scaling), None)
