"""probe_subject(): the page of whatever is probed, and its figures and tables beside it."""

from pathlib import Path

from core.progress import Progress, silent
from gridlens.opened import Opened
from gridlens.probing.agents import probe_agent
from gridlens.probing.asked import Request
from gridlens.probing.by_layer import defaults, probe_page, probed
from reports.exports import export
from reports.html import write
from reports.sections import Report

__all__ = ["Request", "probe_subject"]

IMAGES = 2000
"""Images (or moments of another environment) unless others are asked for."""


def probe_subject(
    text: str, opened: Opened, request: Request, *, out: Path, command: str, progress: Progress = silent
) -> Report:
    """Probe a subject, named by ``text``, and write ``out``/index.html.

    Raises
    ------
    BadInput, UnknownName
        if a concept is unknown or does not vary, or there are too few samples.
    RunConflict
        if the folder holds another agent's run.
    """
    if opened.agent is not None:
        return probe_agent(text, opened, request, out=out, command=command, progress=progress)
    found = probed(
        opened,
        request.concepts or defaults(opened),
        samples=request.samples or IMAGES,
        seed=request.seed,
        progress=progress,
    )
    page = probe_page(opened.subject.name, found, command=command)
    export(page, out / "data")
    write(page, out / "index.html")
    return page
