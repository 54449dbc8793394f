"""The lines of a state's text: headers and rows of the grid, and where in them a mistake stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from core.errors import BadInput, GridlensError, UnknownName

ONCE = ("world", "level", "clock", "pool", "chances", "future", "legend")
MANY = ("dial", "counter", "tally", "allow")
"""Names of header lines: those that stand in a text once at most, and those that may stand in it several times."""


class Line(NamedTuple):
    """A header line, or a row of the grid (without name): its number and the column where ``value`` begins, from 1."""

    number: int
    column: int
    name: str
    value: str


@contextmanager
def located(line: Line, column: int = 0) -> Iterator[None]:
    """Say of a mistake where it stands; ``column`` counts from the beginning of the line's value."""
    try:
        yield
    except GridlensError as error:
        raise BadInput(f"line {line.number}, column {line.column + column}: {error}") from error


def read_lines(text: str) -> tuple[list[Line], list[Line]]:
    """Header lines and rows of the grid; blank lines and what stands before and after a line do not matter.

    >>> headers, rows = read_lines("world cheese\\n  ###")
    >>> headers[0].value, rows[0].column
    ('cheese', 3)
    """
    headers: list[Line] = []
    rows: list[Line] = []
    for number, full in enumerate(text.split("\n"), 1):
        content = full.strip()
        start = full.find(content) + 1
        name, *_ = content.split(maxsplit=1) or [""]
        if not content:
            continue
        if name not in ONCE + MANY and (rows or name == content):
            rows.append(Line(number, start, "", content))
            continue
        value = content[len(name) :].strip()
        line = Line(number, start + (content.find(value, len(name)) if value else 0), name, value)
        _check_header(line, start, headers)
        headers.append(line)
    if not rows:
        last = Line(text.count("\n") + 1, 1, "", "")
        with located(last):
            raise BadInput("there is no grid; expected one character for each cell, one line for each row")
    return headers, rows


def _check_header(line: Line, start: int, before: list[Line]) -> None:
    with located(Line(line.number, start, "", "")):
        if line.name not in ONCE + MANY:
            raise UnknownName("header line", line.name, ONCE + MANY)
        if not line.value:
            raise BadInput(f"the line {line.name!r} has no value")
        if line.name in ONCE and any(line.name == other.name for other in before):
            raise BadInput(f"a second line {line.name!r}; expected one")
    with located(line):
        if line.name != "allow" and any(_sets(line) == _sets(other) for other in before):
            raise BadInput(f"a second {line.name} {_sets(line)[1]!r}; expected one")


def _sets(line: Line) -> tuple[str, str]:
    """What a line sets: its name, and of which dial, counter or event."""
    parts = line.value.partition(" ") if line.name == "dial" else line.value.rpartition(" ")
    return line.name, parts[0].strip()


def all_of(headers: list[Line], name: str) -> list[Line]:
    """The header lines of one name, in their order."""
    return [line for line in headers if line.name == name]
