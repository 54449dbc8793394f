"""What a reader sees: Figure and Table, gathered in Sections, gathered in a Report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput
from core.provenance import Provenance
from core.uncertainty import Interval


@dataclass(frozen=True)
class Link:
    """Text that leads elsewhere: ``href`` is an address, or ``#`` and the anchor of a title on the same page."""

    text: str
    href: str

    def __str__(self) -> str:
        return self.text


Cell = str | int | float | Interval | Link | None


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture with its words and its numbers.

    ``content`` is SVG text made by ``reports.drawing`` (put into pages as it is) or the bytes of a PNG or WebP
    picture; ``alt`` says in words what the picture shows; ``rows`` are the numbers drawn, for export;
    ``png`` is the same picture for export, on white.

    Raises
    ------
    BadInput
        if the figure has no text alternative.
    """

    title: str
    caption: str
    alt: str
    content: str | bytes = field(repr=False)
    rows: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    png: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise BadInput(f"figure {self.title!r} has no text alternative; say in words what it shows")


@dataclass(frozen=True, eq=False)
class Table:
    """A header, rows of the same width, and a caption; an Interval is shown as estimate [low, high].

    Raises
    ------
    BadInput
        if a row is not as wide as the header.

    >>> Table(("agent", "levels"), [("a", 300)], caption="Levels played").header
    ('agent', 'levels')
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise BadInput(
                    f"table {self.caption!r} has {len(self.header)} columns but a row of {len(row)}: {row}"
                )


@dataclass(frozen=True, eq=False)
class Section:
    """One piece of evidence: what was asked of the data, figures and tables that answer.

    ``text`` is plain text: paragraphs are parted by an empty line, `backticks` mark code.
    """

    title: str
    text: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, eq=False)
class Report:
    """A page that a colleague can read in five minutes.

    ``finding`` is one sentence; ``reproduce`` the commands, in order; ``provenance`` says for every subject or
    step, by name, where its numbers come from. ``kind`` is the small line over the title.

    >>> Report(title="A and B", question="Do they differ?", approach="We looked.", finding="No.").caveats
    ()
    """

    title: str
    question: str
    approach: str
    finding: str
    evidence: Sequence[Section] = ()
    caveats: Sequence[str] = ()
    reproduce: Sequence[str] = ()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    kind: str = "Report"


def figures_of(report: Report) -> list[Figure]:
    """Every figure of a report, in reading order."""
    return [figure for section in report.evidence for figure in section.figures]


def tables_of(report: Report) -> list[Table]:
    """Every table of a report, in reading order."""
    return [table for section in report.evidence for table in section.tables]
