"""Tables of scores: kept as CSV and JSON, shown on the terminal, and as Markdown for the docs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_csv, write_json, write_text

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows of one shape, with what they are called, what is to be known of them, and the file they are kept in."""

    name: str
    title: str
    note: str
    rows: Sequence[Row] = field(repr=False)


@dataclass(frozen=True)
class Part:
    """One of the scores: its tables, or why it was left out; ``missed`` names the bars that were not reached."""

    name: str
    title: str
    said: str
    tables: tuple[Table, ...] = ()
    missed: tuple[str, ...] = ()


def keep(part: Part, out: Path) -> None:
    """Write a part's tables as CSV, and the part itself for ``kept``."""
    for table in part.tables:
        write_csv(out / f"{table.name}.csv", table.rows)
    write_json(out / f"{part.name}.json", asdict(part))


def kept(out: Path, names: Sequence[str]) -> list[Part]:
    """The parts of those names that were kept."""
    held = [read_json(path) for name in names if (path := out / f"{name}.json").exists()]
    return [
        Part(
            each["name"],
            each["title"],
            each["said"],
            tuple(Table(**table) for table in each["tables"]),
            tuple(each["missed"]),
        )
        for each in held
    ]


def write_scores(parts: Sequence[Part], out: Path) -> Path:
    """All parts as scores.json and scores.md; returns the latter's path."""
    write_json(out / "scores.json", {part.name: asdict(part) for part in parts})
    write_text(out / "scores.md", "\n".join(map(markdown, parts)))
    return out / "scores.md"


def shown(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Rows as text: three decimals, nothing where there is no number.

    >>> shown([{"f1": 0.95, "families": 3, "ari": None, "found": True}])
    [{'f1': '0.95', 'families': '3', 'ari': '', 'found': 'yes'}]
    """
    return [{name: _text(value) for name, value in row.items()} for row in rows]


def markdown(part: Part) -> str:
    """A part as Markdown, headed by its title.

    >>> table = Table("t", "Pairs", "Three seeds.", [{"kind": "hue", "f1": 0.98765}])
    >>> print(markdown(Part("planted", "Planted truth", "All bars are reached.", (table,))))
    ### Planted truth
    <BLANKLINE>
    All bars are reached.
    <BLANKLINE>
    Pairs. Three seeds.
    <BLANKLINE>
    | kind | f1 |
    |---|--:|
    | hue | 0.988 |
    <BLANKLINE>
    """
    lines = [f"### {part.title}", "", part.said, ""]
    for table in part.tables:
        lines += [f"{table.title}. {table.note}".rstrip(), "", *_markdown_rows(table.rows), ""]
    return "\n".join(lines)


def _markdown_rows(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["Nothing."]
    names = list(rows[0])
    aligned = ["--:" if _numeric(rows, name) else "---" for name in names]
    texts = shown(rows)
    body = [f"| {' | '.join(row[name] for name in names)} |" for row in texts]
    return [f"| {' | '.join(names)} |", f"|{'|'.join(aligned)}|", *body]


def _numeric(rows: Sequence[Row], name: str) -> bool:
    return all(row[name] is None or isinstance(row[name], int | float) for row in rows)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
