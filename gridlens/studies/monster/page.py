"""The page of the Monster study: what is measured, in which order it is shown, and what it comes to."""

from collections.abc import Sequence
from pathlib import Path

from core.progress import Progress
from core.provenance import provenance
from gridlens.studies.monster import behaviour
from gridlens.studies.monster.agents import LONG, SHORT, of_each, opened, over_seeds
from reports.sections import Report


def report(folders: Sequence[Path], folder: Path, command: str, progress: Progress) -> Report:
    """Measure what is not measured yet, into ``folder``, and put the page together."""
    agents = opened(folders)
    played = of_each(agents, folder, "behaviour", behaviour.measure, progress)
    short, long = (
        over_seeds(played, "apples_share", share=True, where="gone", span="free", kind=kind)
        for kind in (SHORT, LONG)
    )
    return Report(
        kind="Study",
        title="Why shields, when no monster is left?",
        question="Why does the agent of 25-step levels go for shields when no monster is left?",
        approach=f"{len(agents)} agents of `gridlens reproduce monster`, trained by the same recipe with seeds of "
        "their own but for one dial: their levels had 25 steps, or 200.",
        finding=f"Without monsters {short.estimate:.0%} of what 25-step agents take are apples, "
        f"and {long.estimate:.0%} of what 200-step agents take.",
        evidence=[behaviour.section(played)],
        reproduce=[command],
        provenance={agent.subject.name: provenance(subject=agent.subject.fingerprint) for agent in agents},
    )
