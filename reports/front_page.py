"""index.html over several results: for each a picture, its finding in one sentence, and the commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.artifacts import write_text
from reports.html import environment
from reports.sections import Figure, Report, figures_of


@dataclass(frozen=True, eq=False)
class Entry:
    """One result on a front page: what it is, what was found, where its page lies, how to make it.

    ``href`` is relative to the front page, empty where there is no page to open. ``pictures`` are shown in a row.
    """

    kind: str
    title: str
    finding: str
    href: str
    commands: Sequence[str] = ()
    pictures: Sequence[Figure] = ()


def front_page(entries: Sequence[Entry], *, title: str, lead: str) -> str:
    """The page as text; pictures are inside it, results are links beside it.

    >>> "What A wants" in front_page([Entry("Comparison", "What A wants", "Cheese.", "a.html")], title="t", lead="")
    True
    """
    return environment().get_template("front.html").render(entries=entries, title=title, lead=lead)


def write_front(path: str | Path, entries: Sequence[Entry], *, title: str, lead: str) -> Path:
    """Write the page at once or not at all; returns its path.

    Raises
    ------
    DiskFull
        if the disk has no room.
    """
    write_text(path, front_page(entries, title=title, lead=lead))
    return Path(path)


def report_entry(report: Report, *, href: str, figure: int = 0) -> Entry:
    """A report as one entry, with one of its figures as the picture."""
    return Entry(
        kind=report.kind,
        title=report.title,
        finding=report.finding,
        href=href,
        commands=report.reproduce,
        pictures=figures_of(report)[figure : figure + 1],
    )
